"""All tables and the triggers that keep some of them append-only. For Alembic, the checks at start-up and tests."""

from sqlalchemy import Connection, text

import odr.accounts.models
import odr.agreements.check_models
import odr.agreements.court_models
import odr.agreements.instalment_models
import odr.agreements.models
import odr.agreements.offer_models
import odr.agreements.performance_models
import odr.agreements.visit_models
import odr.audit.models
import odr.bodies.models
import odr.cases.models
import odr.core.clock_mark
import odr.core.jobs
import odr.core.outbox
import odr.dossier.models
import odr.evidence.models
import odr.factsheet.models
import odr.intake.models
import odr.meetings.models
import odr.oversight.models
import odr.rooms.models  # noqa: F401
from odr.core import chain, clock, ids
from odr.core.db import Base

metadata = Base.metadata

APPEND_ONLY = (
    "messages",
    "ledger",
    "case_events",
    "signatures",
    "clause_answers",
    "clause_versions",
    "check_acknowledgements",
    "payment_plans",
    "instalments",
    "lineage",
    "read_throughs",
    "record_pages",
    "fact_versions",
    "fact_answers",
    "fact_releases",
)


def _sqlite_triggers() -> dict[str, str]:
    found = {}
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            name = f"append_only_{table}_{act.lower()}"
            found[name] = (
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return found


def finish(connection: Connection) -> None:
    """What every upgrade ends with: the triggers, and the rows each database is born with."""
    create_triggers(connection)
    # The head exists before the first row is added, so that there is a row to lock from the start.
    connection.execute(
        text("INSERT INTO ledger_head (id, seq, leaf) SELECT 1, 0, :zero WHERE NOT EXISTS (SELECT 1 FROM ledger_head)"),
        {"zero": chain.ZERO},
    )
    connection.execute(
        text(
            "INSERT INTO lineage (epoch, reason, at_us) SELECT CAST(:epoch AS VARCHAR), 'birth', CAST(:at AS BIGINT) "
            "WHERE NOT EXISTS (SELECT 1 FROM lineage)"
        ),
        {"epoch": ids.new_pid()[:12], "at": clock.now_us()},
    )


def create_triggers(connection: Connection) -> None:
    """(Re)create the triggers. Batch migrations on SQLite drop them silently, so every upgrade ends with this."""
    if connection.dialect.name == "sqlite":
        for name, statement in _sqlite_triggers().items():
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            connection.execute(text(statement))
        return
    connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    )
    for table in APPEND_ONLY:
        name = f"append_only_{table}"
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
        connection.execute(
            text(
                f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        )


def missing_triggers(connection: Connection) -> list[str]:
    """Append-only tables that have lost their guard."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        return sorted(set(_sqlite_triggers()) - {row[0] for row in rows})
    rows = connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"))
    return sorted({f"append_only_{table}" for table in APPEND_ONLY} - {row[0] for row in rows})
