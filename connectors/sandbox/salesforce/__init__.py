"""The Salesforce dialect of the sandbox: the wire contract of its REST and Bulk 2.0 APIs. It holds no records."""
