"""repeats by time

Revision: 20261126repeat, after 20261126clock. Client ids begin with their time: with the id first, the index of
repeats grows at its end instead of in as many places as people write from.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126repeat"
down_revision = "20261126clock"
branch_labels = None
depends_on = None

_NAME = "ix_messages_repeat"


def upgrade() -> None:
    _index(["client_id", "room_id", "author_id"])


def downgrade() -> None:
    _index(["room_id", "author_id", "client_id"])


def _index(columns: list[str]) -> None:
    op.drop_index(_NAME, table_name="messages")
    with_id = sa.text("client_id IS NOT NULL")
    op.create_index(_NAME, "messages", columns, unique=True, sqlite_where=with_id, postgresql_where=with_id)
