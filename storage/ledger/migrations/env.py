"""Run by Alembic: applies the steps in the transaction that `Database.migrate` began."""

from alembic import context

from storage.ledger.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
