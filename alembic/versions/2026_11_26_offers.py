"""agreements: rounds of offers, and blind bids

Revision: 20261126offers, after 20261126times.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126offers"
down_revision = "20261126times"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("carried", sa.Boolean(), nullable=False),
        sa.Column("payer_id", sa.Integer(), nullable=False),
        sa.Column("payee_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("agreed_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_by", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_offer_rounds_closed_has_its_time")),
        sa.CheckConstraint("(state = 'met') = (agreed_fen IS NOT NULL)", name=op.f("ck_offer_rounds_met_has_its_sum")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_offer_rounds_case_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["parties.id"], name=op.f("fk_offer_rounds_payee_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["parties.id"], name=op.f("fk_offer_rounds_payer_id")),
        sa.ForeignKeyConstraint(["started_by"], ["people.id"], name=op.f("fk_offer_rounds_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_rounds")),
        sa.UniqueConstraint("pid", name=op.f("uq_offer_rounds_pid")),
    )
    op.create_index("ix_offer_rounds_case", "offer_rounds", ["case_id", "id"])
    op.create_index(
        "uq_offer_rounds_open",
        "offer_rounds",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.LargeBinary(), nullable=False),
        sa.Column("aside", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_offers_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_offers_party_id")),
        sa.ForeignKeyConstraint(["round_id"], ["offer_rounds.id"], name=op.f("fk_offers_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("pid", name=op.f("uq_offers_pid")),
    )
    op.create_index("ix_offers_round", "offers", ["round_id", "id"])
    op.create_table(
        "blind_bids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_blind_bids_party_id")),
        sa.ForeignKeyConstraint(["round_id"], ["offer_rounds.id"], name=op.f("fk_blind_bids_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_bids")),
        sa.UniqueConstraint("round_id", "party_id", name=op.f("uq_blind_bids_round_id_party_id")),
    )


def downgrade() -> None:
    op.drop_table("blind_bids")
    op.drop_table("offers")
    op.drop_table("offer_rounds")
