"""Salesforce behind the port: reads through REST or Bulk 2.0, writes owners conditionally and fields in batches."""

from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.fields import DEFAULT_FIELDS
from connectors.salesforce.jobs import JobLog, MemoryJobs
from connectors.salesforce.settings import AccessToken, ClientCredentials, JwtBearer, SalesforceSettings

__all__ = [
    "DEFAULT_FIELDS",
    "AccessToken",
    "ClientCredentials",
    "JobLog",
    "JwtBearer",
    "MemoryJobs",
    "SalesforceConnector",
    "SalesforceSettings",
]
