"""sequences

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("nurture_enrolments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("version", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("run", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("run_began_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("step", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("visit", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=True))
    op.create_table(
        "nurture_steps",
        sa.Column("contact_key", sa.String(length=320), nullable=False),
        sa.Column("sequence", sa.String(length=80), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("did", sa.String(length=20), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact_key", "sequence", "visit", name=op.f("pk_nurture_steps")),
    )
    op.create_table(
        "nurture_mails",
        sa.Column("mail_id", sa.String(length=32), nullable=False),
        sa.Column("lead_id", sa.String(length=40), nullable=False),
        sa.Column("contact_key", sa.String(length=320), nullable=False),
        sa.Column("sequence", sa.String(length=80), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("unsubscribe_url", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_nurture_mails")),
    )
    with op.batch_alter_table("nurture_mails", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nurture_mails_intended_at"), ["intended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_nurture_mails_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index("ix_nurture_mails_handed", ["handed_at"], unique=False)
    op.create_table(
        "nurture_unsubscribes",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("mail_id", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_nurture_unsubscribes")),
    )
    op.create_table(
        "nurture_versions",
        sa.Column("sequence", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", "version", name=op.f("pk_nurture_versions")),
    )


def downgrade() -> None:
    op.drop_table("nurture_versions")
    op.drop_table("nurture_unsubscribes")
    with op.batch_alter_table("nurture_mails", schema=None) as batch_op:
        batch_op.drop_index("ix_nurture_mails_handed")
        batch_op.drop_index(batch_op.f("ix_nurture_mails_lead_id"))
        batch_op.drop_index(batch_op.f("ix_nurture_mails_intended_at"))
    op.drop_table("nurture_mails")
    op.drop_table("nurture_steps")
    with op.batch_alter_table("nurture_enrolments", schema=None) as batch_op:
        for name in ("reason", "ended_at", "due_at", "visit", "step", "run_began_at", "run", "version", "revision"):
            batch_op.drop_column(name)
