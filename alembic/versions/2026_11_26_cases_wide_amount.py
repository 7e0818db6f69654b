"""cases wide amount

Revision: 20261126b, after 20261126a.

PostgreSQL kept 32 bits: a claim of more than 21 million yuan could not be stored. SQLite keeps 64 in every INTEGER.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126b"
down_revision = "20261126a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "cases", "amount_fen", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=True
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "cases", "amount_fen", type_=sa.Integer(), existing_type=sa.BigInteger(), existing_nullable=True
        )
