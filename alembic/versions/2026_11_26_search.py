"""search: how far each room is indexed, and the index of each engine

Revision: 20261126c, after 20261126b.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126c"
down_revision = "20261126b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_heads",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_search_heads_room_id")),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_search_heads")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # Words only: neither the text nor their places are kept, and a row is named by room and seq.
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5"
            "(words, content='', columnsize=0, detail=none, tokenize='ascii')"
        )
        return
    op.execute(
        "CREATE TABLE search_lines (room_id integer NOT NULL, seq integer NOT NULL, words tsvector NOT NULL, "
        "CONSTRAINT pk_search_lines PRIMARY KEY (room_id, seq))"
    )
    # Rows come in the background anyway; a list of pending ones would only slow the questions down.
    op.execute("CREATE INDEX ix_search_lines_words ON search_lines USING gin (words) WITH (fastupdate = off)")


def downgrade() -> None:
    op.execute(f"DROP TABLE {'search_words' if op.get_bind().dialect.name == 'sqlite' else 'search_lines'}")
    op.drop_table("search_heads")
