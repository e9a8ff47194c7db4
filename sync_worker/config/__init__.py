"""``config.toml`` as frozen values. Reads files and the environment; knows no CRM, no store and no rule."""

from sync_worker.config.values import (
    ActivitiesConfig,
    ApplyConfig,
    Config,
    FieldsConfig,
    GuardsConfig,
    IntentConfig,
    LogConfig,
    PoolConfig,
    RulesConfig,
    SalesforceConfig,
    ScheduleConfig,
    ServerConfig,
    StoreConfig,
)

__all__ = [
    "ActivitiesConfig",
    "ApplyConfig",
    "Config",
    "FieldsConfig",
    "GuardsConfig",
    "IntentConfig",
    "LogConfig",
    "PoolConfig",
    "RulesConfig",
    "SalesforceConfig",
    "ScheduleConfig",
    "ServerConfig",
    "StoreConfig",
]
