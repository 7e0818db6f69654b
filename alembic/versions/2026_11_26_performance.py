"""agreements: parts of a promise, postponements, papers about performing, return visits that are due

Revision: 20261126perform, after 20261126clauses.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126perform"
down_revision = "20261126clauses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "performance_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("proof_file_id", sa.Integer(), nullable=True),
        sa.Column("entered_as", sa.String(length=8), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_note", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (answered_at IS NULL)",
            name=op.f("ck_performance_parts_answered_parts_have_their_time"),
        ),
        sa.CheckConstraint(
            "amount_fen IS NULL OR amount_fen > 0", name=op.f("ck_performance_parts_parts_are_positive")
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_performance_parts_answered_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_performance_parts_entered_by")),
        sa.ForeignKeyConstraint(["item_id"], ["performance_items.id"], name=op.f("fk_performance_parts_item_id")),
        sa.ForeignKeyConstraint(["proof_file_id"], ["files.id"], name=op.f("fk_performance_parts_proof_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_parts")),
        sa.UniqueConstraint("pid", name=op.f("uq_performance_parts_pid")),
    )
    op.create_index("ix_performance_parts_item", "performance_parts", ["item_id"])
    op.create_table(
        "performance_postponements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_note", sa.String(length=300), nullable=False),
        sa.Column("answer_channel", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(state = 'asked') = (answered_at IS NULL)",
            name=op.f("ck_performance_postponements_answered_ones_have_their_time"),
        ),
        sa.CheckConstraint("to_on > from_on", name=op.f("ck_performance_postponements_later_is_later")),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_performance_postponements_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_performance_postponements_asked_by")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["performance_items.id"], name=op.f("fk_performance_postponements_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_postponements")),
        sa.UniqueConstraint("pid", name=op.f("uq_performance_postponements_pid")),
    )
    op.create_index("ix_performance_postponements_item", "performance_postponements", ["item_id"])
    op.create_index(
        "uq_performance_postponements_open",
        "performance_postponements",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_table(
        "performance_papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("party_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("check_code", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'issued') = (issued_at IS NOT NULL)", name=op.f("ck_performance_papers_issued_has_its_time")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_performance_papers_agreement_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_performance_papers_asked_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_performance_papers_case_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_performance_papers_file_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["people.id"], name=op.f("fk_performance_papers_issued_by")),
        sa.ForeignKeyConstraint(["item_id"], ["performance_items.id"], name=op.f("fk_performance_papers_item_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_performance_papers_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_papers")),
        sa.UniqueConstraint("pid", name=op.f("uq_performance_papers_pid")),
    )
    op.create_index("ix_performance_papers_case", "performance_papers", ["case_id"])
    op.create_index("uq_performance_papers_check_code", "performance_papers", ["check_code"], unique=True)
    op.add_column("return_visits", sa.Column("why", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("return_visits", sa.Column("suit", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("return_visits", sa.Column("signs", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("return_visits", sa.Column("steps", sa.String(length=300), nullable=False, server_default=""))
    with op.batch_alter_table("return_visits") as table:
        table.add_column(sa.Column("filled_by", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_return_visits_filled_by"), "people", ["filled_by"], ["id"])
    op.create_table(
        "due_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(length=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("form_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_sent_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'done') = (visit_id IS NOT NULL)", name=op.f("ck_due_visits_done_ones_have_their_visit")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_due_visits_case_id")),
        sa.ForeignKeyConstraint(["form_sent_by"], ["people.id"], name=op.f("fk_due_visits_form_sent_by")),
        sa.ForeignKeyConstraint(["item_id"], ["performance_items.id"], name=op.f("fk_due_visits_item_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_due_visits_party_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["return_visits.id"], name=op.f("fk_due_visits_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_visits")),
        sa.UniqueConstraint("pid", name=op.f("uq_due_visits_pid")),
    )
    op.create_index("ix_due_visits_case", "due_visits", ["case_id"])
    op.create_index("ix_due_visits_open", "due_visits", ["state", "due_on"])


def downgrade() -> None:
    op.drop_table("due_visits")
    with op.batch_alter_table("return_visits") as table:
        for name in ("filled_by", "steps", "signs", "suit", "why"):
            table.drop_column(name)
    op.drop_table("performance_papers")
    op.drop_table("performance_postponements")
    op.drop_table("performance_parts")
