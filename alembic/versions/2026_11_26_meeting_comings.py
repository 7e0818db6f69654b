"""meetings: who says beforehand that it comes late or cannot come

Revision: 20261126coming, after 20261126repeat.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126coming"
down_revision = "20261126repeat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting_comings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendances.id"], name=op.f("fk_meeting_comings_attendance_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_meeting_comings_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_comings")),
    )
    op.create_index("ix_meeting_comings_attendance", "meeting_comings", ["attendance_id"])


def downgrade() -> None:
    op.drop_table("meeting_comings")
