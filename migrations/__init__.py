"""The store's schema, step by step. Alembic runs it; it knows the tables and no other part of the worker.

A new revision is a module ``versions/vNNNN_what_it_does.py`` written out by hand, and its number in ``REVISIONS``.
Tests hold the two together, and the migrated database to ``sync_worker.store.schema``.
"""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision, oldest first. The worker reads it to tell an old store from a newer one without loading Alembic."""

HEAD = REVISIONS[-1]
"""The revision that this version of the worker works with."""
