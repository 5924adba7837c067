"""digests and answers in slack

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_notes", sa.Column("message", sa.LargeBinary(), nullable=True))
    op.create_table(
        "team_posts",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("effect_key", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("audience", sa.String(length=320), nullable=False),
        sa.Column("lead_id", sa.String(length=40), nullable=True),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_team_posts")),
        sa.UniqueConstraint("effect_key", name=op.f("uq_team_posts_effect_key")),
    )
    op.create_index("ix_team_posts_kind", "team_posts", ["kind", "audience", "post_id"])
    op.create_table(
        "digests",
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "part", name=op.f("pk_digests")),
    )


def downgrade() -> None:
    op.drop_table("digests")
    op.drop_table("team_posts")
    op.drop_column("alert_notes", "message")
