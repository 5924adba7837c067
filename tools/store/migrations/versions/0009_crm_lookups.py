"""a lead by its e-mail address, and by its contact in the CRM

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CONTACT = sa.text("kind = 'upsert_contact'")


def upgrade() -> None:
    op.create_index(op.f("ix_leads_email"), "leads", ["email"])
    op.create_index("ix_outbox_contact", "outbox", ["external_id"], sqlite_where=CONTACT, postgresql_where=CONTACT)


def downgrade() -> None:
    op.drop_index("ix_outbox_contact", "outbox")
    op.drop_index(op.f("ix_leads_email"), "leads")
