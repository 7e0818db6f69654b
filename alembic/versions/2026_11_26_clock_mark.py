"""clock: the newest moment this service has seen

Revision: 20261126clock, after 20261126court.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126clock"
down_revision = "20261126court"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_mark")),
    )


def downgrade() -> None:
    op.drop_table("clock_mark")
