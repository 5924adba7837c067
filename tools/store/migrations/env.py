"""Alembic's entry: runs the migrations over the connection that `tools.store.migrate` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from tools.store.tables import UtcTime, metadata


def plain_types(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A migration imports nothing of ours: it must still run when tables/ has moved on."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
