"""The local store: SQLAlchemy Core on SQLite or PostgreSQL. Remembers nothing that could not be computed again."""
