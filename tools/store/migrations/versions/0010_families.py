"""a family's best chances beside its account, its latest leads out of an index, and links from both ends

Revision ID: 0010
Revises: 0009
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FAMILY = "ix_leads_family"
BEST = sa.text(
    "SELECT parent_domain, domain, max(propensity) FROM leads"
    " WHERE parent_domain IS NOT NULL AND domain IS NOT NULL GROUP BY parent_domain, domain"
)
KEEP = sa.text("UPDATE accounts SET best = :best WHERE parent_domain = :parent_domain")


def upgrade() -> None:
    op.drop_index(FAMILY, "leads")
    op.create_index(FAMILY, "leads", ["parent_domain", "created_at", "email", "lead_id", "domain", "propensity"])
    op.create_index(op.f("ix_person_edges_low"), "person_edges", ["low"], if_not_exists=True)
    op.add_column("accounts", sa.Column("best", sa.Text(), server_default="{}", nullable=False))
    families: dict[str, dict[str, float]] = {}
    for parent, company, best in op.get_bind().execute(BEST):
        families.setdefault(parent, {})[company] = best
    if families:
        rows = [{"parent_domain": name, "best": json.dumps(best)} for name, best in families.items()]
        op.get_bind().execute(KEEP, rows)


def downgrade() -> None:
    op.drop_column("accounts", "best")
    op.drop_index(op.f("ix_person_edges_low"), "person_edges")
    op.drop_index(FAMILY, "leads")
    op.create_index(FAMILY, "leads", ["parent_domain", "domain", "propensity", "created_at", "email"])
