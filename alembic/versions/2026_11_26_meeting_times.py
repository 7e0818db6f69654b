"""meetings: times to choose from, links and telephones, who was late, sheets signed by hand

Revision: 20261126times, after 20261126plans.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126times"
down_revision = "20261126plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("link", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("meetings", sa.Column("phone", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("attendances", sa.Column("late_minutes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attendances", sa.Column("confirmed_how", sa.String(length=8), nullable=False, server_default=""))
    op.create_table(
        "meeting_polls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'fixed') = (meeting_id IS NOT NULL)", name=op.f("ck_meeting_polls_a_fixed_one_has_its_meeting")
        ),
        sa.ForeignKeyConstraint(["after_id"], ["meetings.id"], name=op.f("fk_meeting_polls_after_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_meeting_polls_case_id")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_meeting_polls_created_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_polls_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_polls")),
        sa.UniqueConstraint("pid", name=op.f("uq_meeting_polls_pid")),
    )
    op.create_index("ix_meeting_polls_case", "meeting_polls", ["case_id"])
    op.create_table(
        "meeting_poll_times",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["meeting_polls.id"], name=op.f("fk_meeting_poll_times_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_poll_times")),
        sa.UniqueConstraint("pid", name=op.f("uq_meeting_poll_times_pid")),
        sa.UniqueConstraint("poll_id", "starts_at", name=op.f("uq_meeting_poll_times_poll_id_starts_at")),
    )
    op.create_table(
        "meeting_poll_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_meeting_poll_answers_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_meeting_poll_answers_party_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["meeting_polls.id"], name=op.f("fk_meeting_poll_answers_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_poll_answers")),
        sa.UniqueConstraint("poll_id", "party_id", name=op.f("uq_meeting_poll_answers_poll_id_party_id")),
    )


def downgrade() -> None:
    for table in ("meeting_poll_answers", "meeting_poll_times", "meeting_polls"):
        op.drop_table(table)
    with op.batch_alter_table("attendances") as table:
        table.drop_column("confirmed_how")
        table.drop_column("late_minutes")
    with op.batch_alter_table("meetings") as table:
        table.drop_column("phone")
        table.drop_column("link")
