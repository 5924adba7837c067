"""what came back from the crm

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_changes",
        sa.Column("change_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("author", sa.String(length=80), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lead_id", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_crm_changes")),
    )
    with op.batch_alter_table("crm_changes", schema=None) as batch_op:
        batch_op.create_index("ix_crm_changes_lead", ["lead_id"], unique=False)
        batch_op.create_index("ix_crm_changes_state", ["state", "received_at"], unique=False)
    op.create_table(
        "crm_notes",
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("effect_key", sa.String(length=500), nullable=False),
        sa.Column("contact_key", sa.String(length=320), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_crm_notes")),
        sa.UniqueConstraint("effect_key", name=op.f("uq_crm_notes_effect_key")),
    )
    with op.batch_alter_table("crm_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_crm_notes_contact_key"), ["contact_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("crm_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_notes_contact_key"))
    op.drop_table("crm_notes")
    with op.batch_alter_table("crm_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_crm_changes_state")
        batch_op.drop_index("ix_crm_changes_lead")
    op.drop_table("crm_changes")
