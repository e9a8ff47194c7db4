"""HubSpot behind the port: reads by list and search, confirmed in the primary store; writes in batches of 100."""

from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.fields import DEFAULT_FIELDS
from connectors.hubspot.settings import AccessToken, HubSpotSettings, RefreshToken

__all__ = ["DEFAULT_FIELDS", "AccessToken", "HubSpotConnector", "HubSpotSettings", "RefreshToken"]
