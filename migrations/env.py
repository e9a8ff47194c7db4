"""Alembic's entry: runs the revisions on the connection that ``sync_worker.store.upgrade`` hands over."""

from alembic import context

from sync_worker.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    # One transaction around all revisions, opened and ended by the caller: a failed upgrade changes nothing.
    transactional_ddl=False,
)
context.run_migrations()
