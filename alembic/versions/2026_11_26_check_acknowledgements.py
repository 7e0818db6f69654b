"""agreements: what the mediator ticked off before freezing

Revision: 20261126checks, after 20261126perform.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126checks"
down_revision = "20261126perform"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_acknowledgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_check_acknowledgements_agreement_id")
        ),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_check_acknowledgements_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_acknowledgements")),
        sa.UniqueConstraint("agreement_id", "key", name=op.f("uq_check_acknowledgements_agreement_id_key")),
    )


def downgrade() -> None:
    op.drop_table("check_acknowledgements")
