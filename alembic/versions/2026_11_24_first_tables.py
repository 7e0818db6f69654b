"""first tables

Revision: 20261124, after .
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("pid", name=op.f("uq_api_keys_pid")),
    )
    op.create_table(
        "application_series",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_application_series")),
    )
    op.create_table(
        "divisions",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("statistical_only", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent_code"], ["divisions.code"], name=op.f("fk_divisions_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_divisions")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_open", ["done_at", "due_at"], unique=False)

    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "lineage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lineage")),
        sa.UniqueConstraint("epoch", name=op.f("uq_lineage_epoch")),
    )
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_from", sa.String(length=45), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("strange_tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
    )
    with op.batch_alter_table("one_time_codes", schema=None) as batch_op:
        batch_op.create_index("ix_one_time_codes_use", ["phone_index", "purpose", "id"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("id_no", sa.LargeBinary(), nullable=True),
        sa.Column("id_no_index", sa.String(length=64), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("identity_level", sa.String(length=16), nullable=False),
        sa.Column("identity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_people_phone_index")),
        sa.UniqueConstraint("pid", name=op.f("uq_people_pid")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_id_no_index"), ["id_no_index"], unique=False)

    op.create_table(
        "rooms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("subject_pid", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        sa.Column("writable", sa.Boolean(), nullable=False),
        sa.Column("head_seq", sa.Integer(), nullable=False),
        sa.Column("head_leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("head_us", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("pid", name=op.f("uq_rooms_pid")),
    )
    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.create_index("ix_rooms_subject", ["subject_pid"], unique=False)

    op.create_table(
        "bodies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("sector", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number_word", sa.String(length=24), nullable=True),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("clock", sa.String(length=24), nullable=False),
        sa.Column("duty_hours", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_bodies_division_code")),
        sa.ForeignKeyConstraint(["parent_id"], ["bodies.id"], name=op.f("fk_bodies_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies")),
        sa.UniqueConstraint("number_word", name=op.f("uq_bodies_number_word")),
        sa.UniqueConstraint("pid", name=op.f("uq_bodies_pid")),
    )
    with op.batch_alter_table("bodies", schema=None) as batch_op:
        batch_op.create_index("ix_bodies_place", ["division_code", "kind"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("thing_pid", sa.String(length=32), nullable=True),
        sa.Column("text_version", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index("ix_consents_person", ["person_id", "purpose"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login_name", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_credentials_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("login_name", name=op.f("uq_credentials_login_name")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=24), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mime", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("original", sa.String(length=80), nullable=False),
        sa.Column("shown", sa.String(length=80), nullable=False),
        sa.Column("shown_mime", sa.String(length=80), nullable=False),
        sa.Column("thumb", sa.String(length=80), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("shown_seq", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["uploaded_by"], ["people.id"], name=op.f("fk_files_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("pid", name=op.f("uq_files_pid")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index("ix_files_holder", ["holder", "holder_id"], unique=False)

    op.create_table(
        "grids",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=True),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_grids_division_code")),
        sa.ForeignKeyConstraint(["worker_id"], ["people.id"], name=op.f("fk_grids_worker_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_grids")),
    )
    with op.batch_alter_table("grids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grids_division_code"), ["division_code"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=24), nullable=False),
        sa.Column("thing_pid", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of", sa.Integer(), nullable=True),
        sa.Column("login_id", sa.Integer(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["on_behalf_of"], ["people.id"], name=op.f("fk_ledger_on_behalf_of")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_ledger_person_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_person", ["person_id"], unique=False)
        batch_op.create_index("ix_ledger_thing", ["thing", "thing_pid", "seq"], unique=False)

    op.create_table(
        "logins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_logins_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("pid", name=op.f("uq_logins_pid")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_logins_token_hash")),
    )
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logins_person_id"), ["person_id"], unique=False)

    op.create_table(
        "mediator_profiles",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("intro", sa.String(length=300), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("education", sa.String(length=24), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("trained_until", sa.Date(), nullable=True),
        sa.Column("accepts_cases", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mediator_profiles_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mediator_profiles")),
    )
    op.create_table(
        "messages",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_role", sa.String(length=16), nullable=False),
        sa.Column("author_name", sa.String(length=50), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("ref_seq", sa.Integer(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("client_at", sa.String(length=40), nullable=True),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_messages_author_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_messages_room_id")),
        sa.PrimaryKeyConstraint("room_id", "seq", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_messages_recalled",
            ["room_id", "ref_seq"],
            unique=True,
            sqlite_where=sa.text("ref_seq IS NOT NULL"),
            postgresql_where=sa.text("ref_seq IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_messages_repeat",
            ["room_id", "author_id", "client_id"],
            unique=True,
            sqlite_where=sa.text("client_id IS NOT NULL"),
            postgresql_where=sa.text("client_id IS NOT NULL"),
        )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("tag", sa.String(length=48), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=True),
        sa.Column("thing", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adapter", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("pid", name=op.f("uq_outbox_pid")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_person", ["person_id", "id"], unique=False)

    op.create_table(
        "room_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("joined_seq", sa.Integer(), nullable=False),
        sa.Column("left_seq", sa.Integer(), nullable=True),
        sa.Column("read_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "left_seq IS NULL OR left_seq >= joined_seq", name=op.f("ck_room_members_leaves_after_joining")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_room_members_person_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_room_members_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_members")),
        sa.UniqueConstraint("room_id", "person_id", name=op.f("uq_room_members_room_id_person_id")),
    )
    with op.batch_alter_table("room_members", schema=None) as batch_op:
        batch_op.create_index("ix_room_members_person", ["person_id"], unique=False)

    op.create_table(
        "vouchings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_vouchings_by_person_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_vouchings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchings")),
    )
    with op.batch_alter_table("vouchings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vouchings_person_id"), ["person_id"], unique=False)

    op.create_table(
        "body_categories",
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_body_categories_body_id")),
        sa.PrimaryKeyConstraint("body_id", "category", name=op.f("pk_body_categories")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("application_no", sa.String(length=24), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_how", sa.String(length=16), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=True),
        sa.Column("violence", sa.Boolean(), nullable=False),
        sa.Column("supply_stop", sa.Boolean(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=True),
        sa.Column("routed_why", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("case_no", sa.String(length=48), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form", sa.String(length=8), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("result_note", sa.String(length=500), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(serial IS NULL) = (case_no IS NULL)", name=op.f("ck_cases_number_comes_whole")),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_cases_body_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["bodies.id"], name=op.f("fk_cases_centre_id")),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_cases_division_code")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_cases_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("application_no", name=op.f("uq_cases_application_no")),
        sa.UniqueConstraint("body_id", "year", "serial", name=op.f("uq_cases_body_id_year_serial")),
        sa.UniqueConstraint("case_no", name=op.f("uq_cases_case_no")),
        sa.UniqueConstraint("pid", name=op.f("uq_cases_pid")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_body_state", ["body_id", "state"], unique=False)
        batch_op.create_index("ix_cases_centre_state", ["centre_id", "state"], unique=False)

    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=True),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role IN ('auditor', 'system_admin')) = (body_id IS NULL)", name=op.f("ck_grants_city_roles_have_no_body")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_grants_body_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["people.id"], name=op.f("fk_grants_granted_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_grants_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index("ix_grants_body", ["body_id", "role"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_person_id"), ["person_id"], unique=False)

    op.create_table(
        "number_series",
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_number_series_body_id")),
        sa.PrimaryKeyConstraint("body_id", "year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("issues", sa.Text(), nullable=False),
        sa.Column("paper_only", sa.String(length=200), nullable=True),
        sa.Column("agreement_no", sa.String(length=56), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_file_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("copy_file_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'drafting') = (frozen_at IS NULL)", name=op.f("ck_agreements_frozen_has_its_time")
        ),
        sa.CheckConstraint("(frozen_at IS NULL) = (sha256 IS NULL)", name=op.f("ck_agreements_frozen_has_its_bytes")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_agreements_case_id")),
        sa.ForeignKeyConstraint(["copy_file_id"], ["files.id"], name=op.f("fk_agreements_copy_file_id")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_agreements_created_by")),
        sa.ForeignKeyConstraint(["pdf_file_id"], ["files.id"], name=op.f("fk_agreements_pdf_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_agreements_case_id_version")),
        sa.UniqueConstraint("pid", name=op.f("uq_agreements_pid")),
    )
    op.create_table(
        "case_clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_clocks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clocks")),
    )
    with op.batch_alter_table("case_clocks", schema=None) as batch_op:
        batch_op.create_index("ix_case_clocks_case", ["case_id"], unique=False)
        batch_op.create_index("ix_case_clocks_due", ["stopped_at", "due_at"], unique=False)

    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=48), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("actor_role", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_case_events_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index("ix_case_events_case", ["case_id", "id"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_drafts_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("pid", name=op.f("uq_drafts_pid")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index("ix_drafts_owner", ["owner_id", "case_id"], unique=False)

    op.create_table(
        "intake_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller", sa.String(length=50), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("division_code", sa.String(length=12), nullable=True),
        sa.Column("category_text", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("urgency", sa.String(length=12), nullable=False),
        sa.Column("consent_to_transfer", sa.Boolean(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_intake_orders_api_key_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_intake_orders_case_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["bodies.id"], name=op.f("fk_intake_orders_centre_id")),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_intake_orders_division_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_orders")),
        sa.UniqueConstraint("pid", name=op.f("uq_intake_orders_pid")),
        sa.UniqueConstraint("source", "order_no", name=op.f("uq_intake_orders_source_order_no")),
    )
    with op.batch_alter_table("intake_orders", schema=None) as batch_op:
        batch_op.create_index("ix_intake_orders_queue", ["centre_id", "state"], unique=False)

    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=True),
        sa.Column("purpose", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("recorded_later", sa.Boolean(), nullable=False),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("minutes", sa.LargeBinary(), nullable=True),
        sa.Column("minuted_by", sa.Integer(), nullable=True),
        sa.Column("minuted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_meetings_case_id")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_meetings_created_by")),
        sa.ForeignKeyConstraint(["minuted_by"], ["people.id"], name=op.f("fk_meetings_minuted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("pid", name=op.f("uq_meetings_pid")),
    )
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.create_index("ix_meetings_case", ["case_id"], unique=False)
        batch_op.create_index("ix_meetings_time", ["starts_at"], unique=False)

    op.create_table(
        "parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("acts_for_id", sa.Integer(), nullable=True),
        sa.Column("may_settle", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("legal_rep", sa.String(length=50), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("id_no", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("will", sa.String(length=8), nullable=False),
        sa.Column("will_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role = 'party') = (acts_for_id IS NULL)", name=op.f("ck_parties_agents_act_for_somebody")),
        sa.ForeignKeyConstraint(["acts_for_id"], ["parties.id"], name=op.f("fk_parties_acts_for_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parties_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_parties_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("pid", name=op.f("uq_parties_pid")),
    )
    with op.batch_alter_table("parties", schema=None) as batch_op:
        batch_op.create_index("ix_parties_case", ["case_id"], unique=False)
        batch_op.create_index("ix_parties_person", ["person_id"], unique=False)

    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["auditor_id"], ["people.id"], name=op.f("fk_readings_auditor_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_readings_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("pid", name=op.f("uq_readings_pid")),
    )
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.create_index("ix_readings_use", ["auditor_id", "case_id"], unique=False)

    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("assigned_by", sa.Integer(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disclosure", sa.String(length=300), nullable=True),
        sa.Column("disclosed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objection", sa.String(length=300), nullable=True),
        sa.Column("objected_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["assigned_by"], ["people.id"], name=op.f("fk_assignments_assigned_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_assignments_case_id")),
        sa.ForeignKeyConstraint(["objected_by"], ["parties.id"], name=op.f("fk_assignments_objected_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_assignments_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_case", ["case_id"], unique=False)
        batch_op.create_index("ix_assignments_person", ["person_id"], unique=False)

    op.create_table(
        "attendances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("present", sa.String(length=8), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name=op.f("fk_attendances_confirmed_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_attendances_meeting_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_attendances_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint("meeting_id", "party_id", name=op.f("uq_attendances_meeting_id_party_id")),
    )
    op.create_table(
        "clauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("obligor_id", sa.Integer(), nullable=True),
        sa.Column("obligee_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("manner", sa.String(length=120), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind <> 'pay' OR amount_fen IS NOT NULL", name=op.f("ck_clauses_paying_names_an_amount")),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name=op.f("ck_clauses_amounts_are_positive")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_clauses_agreement_id")),
        sa.ForeignKeyConstraint(["obligee_id"], ["parties.id"], name=op.f("fk_clauses_obligee_id")),
        sa.ForeignKeyConstraint(["obligor_id"], ["parties.id"], name=op.f("fk_clauses_obligor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clauses")),
        sa.UniqueConstraint("pid", name=op.f("uq_clauses_pid")),
    )
    with op.batch_alter_table("clauses", schema=None) as batch_op:
        batch_op.create_index("ix_clauses_agreement", ["agreement_id", "ordinal"], unique=False)

    op.create_table(
        "contact_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=120), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_contact_attempts_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_contact_attempts_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
    )
    with op.batch_alter_table("contact_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_attempts_party_id"), ["party_id"], unique=False)

    op.create_table(
        "gates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("text_version", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_gates_by_person_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_gates_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
    )
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.create_index("ix_gates_party", ["party_id", "kind"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_invitations_party_id")),
        sa.ForeignKeyConstraint(["used_by"], ["people.id"], name=op.f("fk_invitations_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
        sa.UniqueConstraint("pid", name=op.f("uq_invitations_pid")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_party", ["party_id"], unique=False)

    op.create_table(
        "return_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("performed", sa.String(length=8), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=False),
        sa.Column("new_conflict", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_return_visits_by_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_return_visits_case_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_return_visits_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_visits")),
        sa.UniqueConstraint("pid", name=op.f("uq_return_visits_pid")),
    )
    with op.batch_alter_table("return_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_return_visits_case_id"), ["case_id"], unique=False)

    op.create_table(
        "routes_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("text_version", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_routes_notices_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes_notices")),
    )
    with op.batch_alter_table("routes_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routes_notices_party_id"), ["party_id"], unique=False)

    op.create_table(
        "signatures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("strokes", sa.JSON(), nullable=True),
        sa.Column("typed_name", sa.String(length=50), nullable=False),
        sa.Column("scan_file_id", sa.Integer(), nullable=True),
        sa.Column("vouched_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=True),
        sa.Column("login_id", sa.Integer(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('party', 'oral_confirmation')) = (party_id IS NOT NULL)",
            name=op.f("ck_signatures_parties_sign_for_a_party"),
        ),
        sa.CheckConstraint(
            "person_id IS NOT NULL OR vouched_by IS NOT NULL", name=op.f("ck_signatures_somebody_stands_for_it")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_signatures_agreement_id")),
        sa.ForeignKeyConstraint(["code_id"], ["one_time_codes.id"], name=op.f("fk_signatures_code_id")),
        sa.ForeignKeyConstraint(["login_id"], ["logins.id"], name=op.f("fk_signatures_login_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_signatures_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_signatures_person_id")),
        sa.ForeignKeyConstraint(["scan_file_id"], ["files.id"], name=op.f("fk_signatures_scan_file_id")),
        sa.ForeignKeyConstraint(["vouched_by"], ["people.id"], name=op.f("fk_signatures_vouched_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("agreement_id", "kind", "party_id", name=op.f("uq_signatures_agreement_id_kind_party_id")),
    )
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.create_index(
            "uq_signatures_staff",
            ["agreement_id", "kind"],
            unique=True,
            sqlite_where=sa.text("party_id IS NULL"),
            postgresql_where=sa.text("party_id IS NULL"),
        )

    op.create_table(
        "clause_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.Integer(), nullable=False),
        sa.Column("clause_version", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("comment", sa.String(length=300), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_clause_answers_by_person_id")),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name=op.f("fk_clause_answers_clause_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_clause_answers_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_answers")),
    )
    with op.batch_alter_table("clause_answers", schema=None) as batch_op:
        batch_op.create_index("ix_clause_answers_clause", ["clause_id", "clause_version"], unique=False)

    op.create_table(
        "performance_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.Integer(), nullable=False),
        sa.Column("obligor_id", sa.Integer(), nullable=True),
        sa.Column("obligee_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=True),
        sa.Column("claim_note", sa.String(length=300), nullable=False),
        sa.Column("proof_file_id", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("answer_note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_performance_items_agreement_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_performance_items_case_id")),
        sa.ForeignKeyConstraint(["claimed_by"], ["people.id"], name=op.f("fk_performance_items_claimed_by")),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name=op.f("fk_performance_items_clause_id")),
        sa.ForeignKeyConstraint(["obligee_id"], ["parties.id"], name=op.f("fk_performance_items_obligee_id")),
        sa.ForeignKeyConstraint(["obligor_id"], ["parties.id"], name=op.f("fk_performance_items_obligor_id")),
        sa.ForeignKeyConstraint(["proof_file_id"], ["files.id"], name=op.f("fk_performance_items_proof_file_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_performance_items_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_items")),
        sa.UniqueConstraint("pid", name=op.f("uq_performance_items_pid")),
    )
    with op.batch_alter_table("performance_items", schema=None) as batch_op:
        batch_op.create_index("ix_performance_items_case", ["case_id"], unique=False)
        batch_op.create_index("ix_performance_items_due", ["state", "due_on"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("performance_items", schema=None) as batch_op:
        batch_op.drop_index("ix_performance_items_due")
        batch_op.drop_index("ix_performance_items_case")

    op.drop_table("performance_items")
    with op.batch_alter_table("clause_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_clause_answers_clause")

    op.drop_table("clause_answers")
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_signatures_staff",
            sqlite_where=sa.text("party_id IS NULL"),
            postgresql_where=sa.text("party_id IS NULL"),
        )

    op.drop_table("signatures")
    with op.batch_alter_table("routes_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_routes_notices_party_id"))

    op.drop_table("routes_notices")
    with op.batch_alter_table("return_visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_return_visits_case_id"))

    op.drop_table("return_visits")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index("ix_invitations_party")

    op.drop_table("invitations")
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.drop_index("ix_gates_party")

    op.drop_table("gates")
    with op.batch_alter_table("contact_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_attempts_party_id"))

    op.drop_table("contact_attempts")
    with op.batch_alter_table("clauses", schema=None) as batch_op:
        batch_op.drop_index("ix_clauses_agreement")

    op.drop_table("clauses")
    op.drop_table("attendances")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index("ix_assignments_person")
        batch_op.drop_index("ix_assignments_case")

    op.drop_table("assignments")
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.drop_index("ix_readings_use")

    op.drop_table("readings")
    with op.batch_alter_table("parties", schema=None) as batch_op:
        batch_op.drop_index("ix_parties_person")
        batch_op.drop_index("ix_parties_case")

    op.drop_table("parties")
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.drop_index("ix_meetings_time")
        batch_op.drop_index("ix_meetings_case")

    op.drop_table("meetings")
    with op.batch_alter_table("intake_orders", schema=None) as batch_op:
        batch_op.drop_index("ix_intake_orders_queue")

    op.drop_table("intake_orders")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_drafts_owner")

    op.drop_table("drafts")
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.drop_index("ix_case_events_case")

    op.drop_table("case_events")
    with op.batch_alter_table("case_clocks", schema=None) as batch_op:
        batch_op.drop_index("ix_case_clocks_due")
        batch_op.drop_index("ix_case_clocks_case")

    op.drop_table("case_clocks")
    op.drop_table("agreements")
    op.drop_table("number_series")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_person_id"))
        batch_op.drop_index("ix_grants_body")

    op.drop_table("grants")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_centre_state")
        batch_op.drop_index("ix_cases_body_state")

    op.drop_table("cases")
    op.drop_table("body_categories")
    with op.batch_alter_table("vouchings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vouchings_person_id"))

    op.drop_table("vouchings")
    with op.batch_alter_table("room_members", schema=None) as batch_op:
        batch_op.drop_index("ix_room_members_person")

    op.drop_table("room_members")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_person")

    op.drop_table("outbox")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_messages_repeat",
            sqlite_where=sa.text("client_id IS NOT NULL"),
            postgresql_where=sa.text("client_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_messages_recalled",
            sqlite_where=sa.text("ref_seq IS NOT NULL"),
            postgresql_where=sa.text("ref_seq IS NOT NULL"),
        )

    op.drop_table("messages")
    op.drop_table("mediator_profiles")
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_logins_person_id"))

    op.drop_table("logins")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_thing")
        batch_op.drop_index("ix_ledger_person")

    op.drop_table("ledger")
    with op.batch_alter_table("grids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grids_division_code"))

    op.drop_table("grids")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index("ix_files_holder")

    op.drop_table("files")
    op.drop_table("credentials")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index("ix_consents_person")

    op.drop_table("consents")
    with op.batch_alter_table("bodies", schema=None) as batch_op:
        batch_op.drop_index("ix_bodies_place")

    op.drop_table("bodies")
    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.drop_index("ix_rooms_subject")

    op.drop_table("rooms")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_id_no_index"))

    op.drop_table("people")
    with op.batch_alter_table("one_time_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_one_time_codes_use")

    op.drop_table("one_time_codes")
    op.drop_table("lineage")
    op.drop_table("ledger_head")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_open")

    op.drop_table("jobs")
    op.drop_table("divisions")
    op.drop_table("application_series")
    op.drop_table("api_keys")
