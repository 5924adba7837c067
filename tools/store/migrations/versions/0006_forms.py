"""form mappings

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_mappings",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_form_mappings")),
    )
    op.create_table(
        "form_endpoints",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=320), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_form_endpoints")),
    )
    op.create_table(
        "form_seen",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "kind", "field", name=op.f("pk_form_seen")),
    )
    op.create_table(
        "form_rejected",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_rejected")),
    )
    with op.batch_alter_table("form_rejected", schema=None) as batch_op:
        batch_op.create_index("ix_form_rejected_at", ["at"], unique=False)
        batch_op.create_index("ix_form_rejected_name", ["name", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("form_rejected", schema=None) as batch_op:
        batch_op.drop_index("ix_form_rejected_name")
        batch_op.drop_index("ix_form_rejected_at")

    op.drop_table("form_rejected")
    op.drop_table("form_seen")
    op.drop_table("form_endpoints")
    op.drop_table("form_mappings")
