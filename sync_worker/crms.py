"""The connectors of the CRMs that a config names. The only place that names a concrete connector; it calls none.

A client library is imported where its connector is made: reading a stored plan needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker.config import ConfigInvalid, HubSpotConfig, Problem
from sync_worker.store.jobs import StoreJobLog

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from connectors import hubspot, salesforce
    from connectors.port import Connector
    from sync_worker.config import Config, SalesforceConfig
    from sync_worker.store import Store


def connect(config: Config, store: Store, stop: threading.Event) -> dict[str, Connector]:
    """A connector for each CRM, in the config's order. Raises ConfigInvalid for what only a connector can judge."""
    made: dict[str, Connector] = {}
    problems = []
    for crm in config.crms:
        section, own = config.section(crm), _own(config, crm)
        try:
            made[crm] = (
                _hubspot(section, own, stop)
                if isinstance(section, HubSpotConfig)
                else _salesforce(section, own, stop, store)
            )
        except ValueError as error:
            problems.append(Problem("config", 0, 0, f"[{crm}] {error}"))
    if problems:
        raise ConfigInvalid(problems)
    return made


def _own(config: Config, crm: str) -> Mapping[Stream, Mapping[str, str]]:
    return {Stream(stream): names for stream, names in config.fields.own(crm).items()}


def _salesforce(
    config: SalesforceConfig, own: Mapping[Stream, Mapping[str, str]], stop: threading.Event, store: Store
) -> Connector:
    from connectors.salesforce import SalesforceConnector, SalesforceSettings  # noqa: PLC0415 - see above

    settings = SalesforceSettings(
        url=config.url,
        auth=_salesforce_auth(config),
        api_version=config.api_version,
        timeout_connect=config.timeout_connect,
        timeout_read=config.timeout_read,
        call_share_org=config.call_share_org,
        call_share_run=config.call_share_run,
        composite_owner_writes=config.composite_owner_writes,
        bulk_threshold=config.bulk_threshold,
        overlap_minutes=config.overlap_minutes,
    )
    return SalesforceConnector(settings, own, stop=stop, jobs=StoreJobLog(store))


def _salesforce_auth(
    config: SalesforceConfig,
) -> salesforce.ClientCredentials | salesforce.JwtBearer | salesforce.AccessToken:
    from connectors import salesforce as crm  # noqa: PLC0415 - see above

    match config.auth:
        case "client_credentials":
            return crm.ClientCredentials(config.client_id, config.client_secret)
        case "jwt":
            return crm.JwtBearer(config.client_id, config.username, config.private_key)
        case "token":
            return crm.AccessToken(config.access_token)


def _hubspot(config: HubSpotConfig, own: Mapping[Stream, Mapping[str, str]], stop: threading.Event) -> Connector:
    from connectors.hubspot import HubSpotConnector, HubSpotSettings  # noqa: PLC0415 - see above

    settings = HubSpotSettings(
        auth=_hubspot_auth(config),
        url=config.url,
        api_version=config.api_version,
        timeout_connect=config.timeout_connect,
        timeout_read=config.timeout_read,
        call_share_org=config.call_share_org,
        call_share_run=config.call_share_run,
        calls_per_run=config.calls_per_run or None,
        burst_share=config.burst_share,
        overlap_minutes=config.overlap_minutes,
    )
    return HubSpotConnector(settings, own, stop=stop)


def _hubspot_auth(config: HubSpotConfig) -> hubspot.AccessToken | hubspot.RefreshToken:
    from connectors import hubspot as crm  # noqa: PLC0415 - see above

    match config.auth:
        case "token":
            return crm.AccessToken(config.access_token)
        case "oauth":
            return crm.RefreshToken(config.client_id, config.client_secret, config.refresh_token)
