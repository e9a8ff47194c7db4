"""``config.toml`` as frozen values. Reads files and the environment; knows no CRM, no store and no rule."""

from sync_worker.config.layers import Origin
from sync_worker.config.loading import Loaded, Setting, load
from sync_worker.config.problems import ConfigInvalid, Problem
from sync_worker.config.values import (
    ActivitiesConfig,
    ApplyConfig,
    AuditConfig,
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
    "AuditConfig",
    "Config",
    "ConfigInvalid",
    "FieldsConfig",
    "GuardsConfig",
    "IntentConfig",
    "Loaded",
    "LogConfig",
    "Origin",
    "PoolConfig",
    "Problem",
    "RulesConfig",
    "SalesforceConfig",
    "ScheduleConfig",
    "ServerConfig",
    "Setting",
    "StoreConfig",
    "load",
]
