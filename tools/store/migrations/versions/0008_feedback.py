"""what people think of predictions

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lead_feedback",
        sa.Column("lead_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.String(length=320), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("prediction_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "number", "said_by", "code", name=op.f("pk_lead_feedback")),
    )


def downgrade() -> None:
    op.drop_table("lead_feedback")
