"""The rule language: text in, checked rules out, SQL out. Knows no CRM and no database connection."""
