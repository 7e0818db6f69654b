"""dossier: filing, particulars, mandates, inquiries, mediation records

Revision: 20261126dossier, after 20261126s.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126dossier"
down_revision = "20261126s"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossiers",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("retention", sa.String(length=12), nullable=False),
        sa.Column("remark", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_dossiers_case_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["people.id"], name=op.f("fk_dossiers_filed_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_dossiers")),
    )
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("matter", sa.String(length=120), nullable=False),
        sa.Column("asked", sa.String(length=50), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("present", sa.String(length=200), nullable=False),
        sa.Column("writer", sa.String(length=50), nullable=False),
        sa.Column("talk", sa.LargeBinary(), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_inquiries_by_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_inquiries_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
        sa.UniqueConstraint("pid", name=op.f("uq_inquiries_pid")),
    )
    op.create_index("ix_inquiries_case", "inquiries", ["case_id"])

    op.create_table(
        "mandates",
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("licence_no", sa.String(length=40), nullable=False),
        sa.Column("employer", sa.String(length=80), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("other", sa.String(length=200), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= signed_on", name=op.f("ck_mandates_ends_after_it_began")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_mandates_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_mandates_party_id")),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_mandates")),
    )
    op.create_table(
        "mediation_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("side", sa.String(length=12), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("pages", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_file_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_by", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'drafting') = (frozen_at IS NULL)", name=op.f("ck_mediation_records_frozen_has_its_time")
        ),
        sa.CheckConstraint(
            "(frozen_at IS NULL) = (sha256 IS NULL)", name=op.f("ck_mediation_records_frozen_has_its_bytes")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mediation_records_case_id")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_mediation_records_created_by")),
        sa.ForeignKeyConstraint(["frozen_by"], ["people.id"], name=op.f("fk_mediation_records_frozen_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_mediation_records_meeting_id")),
        sa.ForeignKeyConstraint(["pdf_file_id"], ["files.id"], name=op.f("fk_mediation_records_pdf_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_records")),
        sa.UniqueConstraint("pid", name=op.f("uq_mediation_records_pid")),
    )
    op.create_index("ix_mediation_records_case", "mediation_records", ["case_id"])

    op.create_table(
        "party_particulars",
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("ethnicity", sa.String(length=20), nullable=False),
        sa.Column("occupation", sa.String(length=60), nullable=False),
        sa.Column("domicile", sa.LargeBinary(), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_party_particulars_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_party_particulars_party_id")),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_particulars")),
    )
    op.create_table(
        "record_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("objection", sa.String(length=300), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("login_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(answer = 'object') = (objection <> '')", name=op.f("ck_record_pages_objections_say_what")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_record_pages_by_person_id")),
        sa.ForeignKeyConstraint(["login_id"], ["logins.id"], name=op.f("fk_record_pages_login_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_record_pages_party_id")),
        sa.ForeignKeyConstraint(["record_id"], ["mediation_records.id"], name=op.f("fk_record_pages_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_pages")),
        sa.UniqueConstraint(
            "record_id",
            "party_id",
            "page",
            "answer",
            "objection",
            name=op.f("uq_record_pages_record_id_party_id_page_answer_objection"),
        ),
    )
    op.create_index("ix_record_pages_record", "record_pages", ["record_id", "party_id", "page"])


def downgrade() -> None:
    op.drop_table("record_pages")
    op.drop_table("party_particulars")
    op.drop_table("mediation_records")
    op.drop_table("mandates")
    op.drop_table("inquiries")
    op.drop_table("dossiers")
