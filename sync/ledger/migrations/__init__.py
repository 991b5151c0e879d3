"""How an older ledger becomes one of the present version: alembic's scripts, applied when a ledger is opened."""
