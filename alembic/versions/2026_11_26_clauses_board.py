"""agreements: clauses with place, duration and account; their versions; proposals; sealed private comments

Revision: 20261126clauses, after 20261126facts.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126clauses"
down_revision = "20261126facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clauses", sa.Column("place", sa.String(length=120), server_default="", nullable=False))
    op.add_column("clauses", sa.Column("begins_on", sa.Date(), nullable=True))
    op.add_column("clauses", sa.Column("recurring", sa.String(length=80), server_default="", nullable=False))
    op.add_column("clauses", sa.Column("account", sa.LargeBinary(), nullable=True))
    # Its rows are never rewritten, so what was told to the mediator before this stays where it was.
    op.add_column("clause_answers", sa.Column("private_comment", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("clause_answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("released_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_clause_answers_released_id"), "clause_answers", ["released_id"], ["id"]
        )
    op.create_table(
        "clause_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_clause_versions_by_person_id")),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name=op.f("fk_clause_versions_clause_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_versions")),
        sa.UniqueConstraint("clause_id", "version", name=op.f("uq_clause_versions_clause_id_version")),
    )
    op.create_table(
        "clause_proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("by_party_id", sa.Integer(), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reply", sa.String(length=8), nullable=True),
        sa.Column("reply_note", sa.LargeBinary(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision_note", sa.LargeBinary(), nullable=True),
        sa.Column("taken_clause_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "audience = 'private' OR by_party_id IS NOT NULL",
            name=op.f("ck_clause_proposals_the_mediator_proposes_to_one_side"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_clause_proposals_decided_has_its_time")
        ),
        sa.ForeignKeyConstraint(["by_party_id"], ["parties.id"], name=op.f("fk_clause_proposals_by_party_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_clause_proposals_by_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clause_proposals_case_id")),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name=op.f("fk_clause_proposals_clause_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_clause_proposals_decided_by")),
        sa.ForeignKeyConstraint(["taken_clause_id"], ["clauses.id"], name=op.f("fk_clause_proposals_taken_clause_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_proposals")),
        sa.UniqueConstraint("pid", name=op.f("uq_clause_proposals_pid")),
    )
    op.create_index("ix_clause_proposals_case", "clause_proposals", ["case_id", "id"])


def downgrade() -> None:
    op.drop_table("clause_proposals")
    op.drop_table("clause_versions")
    with op.batch_alter_table("clause_answers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_clause_answers_released_id"), type_="foreignkey")
        batch_op.drop_column("released_id")
    op.drop_column("clause_answers", "private_comment")
    for column in ("account", "recurring", "begins_on", "place"):
        op.drop_column("clauses", column)
