"""``config.toml`` as frozen values. Reads files and the environment; calls no CRM, knows no store and no rule."""

from sync_worker.config.layers import Origin
from sync_worker.config.loading import Loaded, load
from sync_worker.config.problems import ConfigInvalid, Problem
from sync_worker.config.shown import Setting
from sync_worker.config.values import (
    CRMS,
    ActivitiesConfig,
    ApplyConfig,
    AuditConfig,
    Config,
    FieldsConfig,
    GuardsConfig,
    HomeConfig,
    HubSpotConfig,
    IntentConfig,
    LogConfig,
    MatchingConfig,
    PoolConfig,
    RulesConfig,
    SalesforceConfig,
    ScheduleConfig,
    ServerConfig,
    SignalsConfig,
    StoreConfig,
)

__all__ = [
    "CRMS",
    "ActivitiesConfig",
    "ApplyConfig",
    "AuditConfig",
    "Config",
    "ConfigInvalid",
    "FieldsConfig",
    "GuardsConfig",
    "HomeConfig",
    "HubSpotConfig",
    "IntentConfig",
    "Loaded",
    "LogConfig",
    "MatchingConfig",
    "Origin",
    "PoolConfig",
    "Problem",
    "RulesConfig",
    "SalesforceConfig",
    "ScheduleConfig",
    "ServerConfig",
    "Setting",
    "SignalsConfig",
    "StoreConfig",
    "load",
]
