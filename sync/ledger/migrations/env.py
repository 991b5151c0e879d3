"""Run by alembic for every migration: on the connection that `sync.ledger.upgrade` holds, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
