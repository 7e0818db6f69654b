"""court packs

Revision: 20261126court, after 20261126offers. On which head a court said no; what was handed in, and its receipt.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126court"
down_revision = "20261126offers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("court_requests", sa.Column("head", sa.String(length=12), nullable=True))
    op.create_table(
        "court_packs",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("adapter", sa.String(length=32), nullable=False),
        sa.Column("receipt_no", sa.String(length=80), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_court_packs_file_id")),
        sa.ForeignKeyConstraint(["request_id"], ["court_requests.id"], name=op.f("fk_court_packs_request_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_court_packs")),
    )


def downgrade() -> None:
    op.drop_table("court_packs")
    op.drop_column("court_requests", "head")
