"""court requests

Revision: 20261126a, after 20261124.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126a"
down_revision = "20261124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "court_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("court", sa.String(length=80), nullable=False),
        sa.Column("docket_no", sa.String(length=60), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("paper_file_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_on IS NULL)", name=op.f("ck_court_requests_outcome_has_its_day")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_court_requests_agreement_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_court_requests_case_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["people.id"], name=op.f("fk_court_requests_filed_by")),
        sa.ForeignKeyConstraint(["paper_file_id"], ["files.id"], name=op.f("fk_court_requests_paper_file_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name=op.f("fk_court_requests_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_requests")),
        sa.UniqueConstraint("pid", name=op.f("uq_court_requests_pid")),
    )
    op.create_index("ix_court_requests_case", "court_requests", ["case_id"])
    op.create_index(
        "uq_court_requests_open",
        "court_requests",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("court_requests")
