"""Views: values of the worker as documents that people read and as JSON. Computes nothing, asks no store and no CRM."""
