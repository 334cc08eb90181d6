"""The tables' history, applied by Alembic when a ledger is opened."""
