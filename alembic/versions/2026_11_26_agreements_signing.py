"""agreements: check codes, what was frozen as data, devices, read-throughs, and the register of oral agreements

Revision: 20261126s, after 20261126c.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "20261126s"
down_revision = "20261126c"
branch_labels = None
depends_on = None

_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def upgrade() -> None:
    op.add_column("agreements", sa.Column("check_code", sa.String(length=12), server_default="", nullable=False))
    op.add_column("agreements", sa.Column("content", sa.LargeBinary(), nullable=True))
    bind = op.get_bind()
    for (row_id,) in bind.execute(sa.text("SELECT id FROM agreements")).all():
        code = "".join(secrets.choice(_READABLE) for _ in range(12))
        bind.execute(sa.text("UPDATE agreements SET check_code = :code WHERE id = :id"), {"code": code, "id": row_id})
    op.create_index("uq_agreements_check_code", "agreements", ["check_code"], unique=True)
    op.add_column("signatures", sa.Column("device_mark", sa.String(length=64), server_default="", nullable=False))
    op.add_column("signatures", sa.Column("channel", sa.String(length=16), server_default="", nullable=False))
    op.add_column("signatures", sa.Column("signed_on", sa.Date(), nullable=True))
    op.create_table(
        "read_throughs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_read_throughs_agreement_id")),
        sa.ForeignKeyConstraint(["login_id"], ["logins.id"], name=op.f("fk_read_throughs_login_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_read_throughs_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_throughs")),
    )
    op.create_index("ix_read_throughs_reader", "read_throughs", ["agreement_id", "person_id"])
    op.create_table(
        "oral_registers",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("cross_committee", sa.Boolean(), nullable=False),
        sa.Column("performed", sa.String(length=8), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_oral_registers_agreement_id")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_oral_registers_written_by")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_oral_registers")),
    )


def downgrade() -> None:
    op.drop_table("oral_registers")
    op.drop_table("read_throughs")
    for column in ("signed_on", "channel", "device_mark"):
        op.drop_column("signatures", column)
    op.drop_index("uq_agreements_check_code", "agreements")
    op.drop_column("agreements", "content")
    op.drop_column("agreements", "check_code")
