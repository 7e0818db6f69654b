"""The command line, run as people run it: a demo city, its logins, and the check that names what was altered."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from odr.cases.codes import State
from tests.demo_city import DemoCity

pytestmark = pytest.mark.sqlite


def odr(*words: str, var: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ODR_")} | {"ODR_VAR": str(var), "COLUMNS": "200"}
    command = [sys.executable, "-m", "odr.cli", *words]
    return subprocess.run(command, env=env | more, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, demo_city: DemoCity) -> Path:
    """A folder with the demo city."""
    var = tmp_path_factory.mktemp("city") / "var"
    demo_city.copied(var)
    return var


def _altered(city: Path, tmp_path: Path, statement: str, *triggers: str) -> subprocess.CompletedProcess[str]:
    """A copy of the city in which somebody with the file in hand changed a row behind the service's back."""
    for name in ("odr.sqlite3", "secret.key"):
        (tmp_path / name).write_bytes((city / name).read_bytes())
    (tmp_path / "files").symlink_to(city / "files")
    with sqlite3.connect(tmp_path / "odr.sqlite3") as connection:
        for trigger in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        assert connection.execute(statement).rowcount == 1
    connection.close()
    return odr("verify", var=tmp_path)


def test_the_demo_tells_a_login_of_every_role(city: Path, demo_city: DemoCity) -> None:
    told = json.loads(odr("demo", "--json", var=city).stdout)
    assert told == json.loads(demo_city.printed)
    roles = {one["role"] for one in told["staff"] + told["residents"]}
    assert roles == {
        *("resident", "mediator", "body_clerk", "centre_clerk"),
        *("grid_worker", "auditor", "system_admin"),
    }
    assert all(one["password"] and one["totp_secret"] for one in told["staff"])


def test_the_demo_has_something_in_every_state_and_of_every_kind(city: Path) -> None:
    """Nobody has to play a story to see a page of it."""
    with sqlite3.connect(city / "odr.sqlite3") as connection:

        def count(query: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM {query}").fetchone()[0])

        states = {row[0] for row in connection.execute("SELECT DISTINCT state FROM cases")}
        assert {state.value for state in State} - states == {State.DRAFT.value}  # a draft is no case yet
        assert count("drafts WHERE case_id IS NULL AND dropped_at IS NULL AND step = 'other'")
        assert count("cases WHERE NOT invented") == 0
        assert count("people WHERE NOT invented") == 0
        assert count("agreements WHERE form = 'oral' AND state = 'frozen'")
        assert count("signatures WHERE kind = 'party' AND method = 'paper'") == 2
        assert count("meetings WHERE state = 'held' AND minutes IS NOT NULL")
        assert count("intake_orders WHERE state = 'received'") == 2
        assert count("invitations WHERE used_at IS NULL AND revoked_at IS NULL")
        assert count("assignments WHERE objection IS NOT NULL AND ended_at IS NULL")
        assert count("performance_items WHERE state = 'late'")
        assert count("court_requests WHERE outcome IS NULL")
        assert count("performance_parts WHERE state = 'received' AND NOT whole")
        assert count("meeting_polls WHERE state = 'open'")
        assert count("due_visits WHERE state = 'open'")
        assert count("facts WHERE kind = 'agreed'") == 5
        assert count("facts WHERE kind = 'disputed'") == 2
        assert count("fact_releases WHERE allowed") == 2
        assert count("clause_proposals WHERE audience = 'private' AND released_at IS NULL") == 1
        assert count("clause_proposals WHERE audience = 'private' AND released_at IS NOT NULL") == 1
        assert count("offer_rounds WHERE state = 'open'") == 1
        assert count("offers") == 2
        assert count("payment_plans") >= 2
        assert count("performance_items WHERE text LIKE '%第 4 期%'") == 1
    connection.close()


def test_the_demo_does_not_touch_a_city_with_people(city: Path) -> None:
    assert odr("demo", var=city).returncode == 2
    again = odr("demo", "--if-empty", var=city)
    assert again.returncode == 0
    told = json.loads(odr("demo", "--json", var=city).stdout)
    assert told["staff"][0]["password"] in again.stdout


def test_half_a_city_is_named_with_the_mend(city: Path, tmp_path: Path) -> None:
    """Whoever was cut off finds a city with people and cases that nobody can go on with."""
    (tmp_path / "odr.sqlite3").write_bytes((city / "odr.sqlite3").read_bytes())
    (tmp_path / "secret.key").write_bytes((city / "secret.key").read_bytes())
    with sqlite3.connect(tmp_path / "odr.sqlite3") as connection:
        connection.execute("DROP TRIGGER append_only_ledger_delete")
        assert connection.execute("DELETE FROM ledger WHERE tag = 'demo:city:built'").rowcount == 1
    connection.close()
    for words in (("demo",), ("demo", "--if-empty"), ("demo", "--json"), ("serve", "--demo")):
        told = odr(*words, var=tmp_path)
        assert told.returncode == 2, words
        assert "half a demo city" in told.stderr
        assert f"Delete the folder {tmp_path}" in told.stderr
        assert "Traceback" not in told.stderr


def test_an_untouched_city_is_whole(city: Path) -> None:
    report = odr("verify", var=city)
    assert report.returncode == 0, report.stderr
    assert report.stdout.startswith("完整")


@pytest.mark.parametrize(
    ("statement", "trigger", "named"),
    [
        ("UPDATE messages SET at_us = at_us + 1 WHERE rowid = 7", "append_only_messages_update", "was altered"),
        ("UPDATE messages SET body = x'7b7d' WHERE rowid = 9", "append_only_messages_update", "was altered"),
        ("DELETE FROM messages WHERE rowid = 5", "append_only_messages_delete", "missing"),
        ("UPDATE ledger SET tag = 'x' WHERE seq = 20", "append_only_ledger_update", "row 20 was altered"),
        ("UPDATE clauses SET amount_fen = 1 WHERE id = (SELECT id FROM clauses WHERE amount_fen > 1 "
         "AND agreement_id IN (SELECT id FROM agreements WHERE frozen_at IS NOT NULL) LIMIT 1)", None, "clauses"),
        ("UPDATE instalments SET amount_fen = amount_fen + 100 WHERE id = (SELECT min(i.id) FROM instalments i JOIN "
         "payment_plans p ON p.id = i.plan_id JOIN clauses c ON c.id = p.clause_id AND c.version = p.clause_version "
         "JOIN agreements a ON a.id = c.agreement_id WHERE a.frozen_at IS NOT NULL)", "append_only_instalments_update",
         "instalment 1 of clause"),
        ("UPDATE rooms SET head_seq = head_seq + 1 WHERE id = 1", None, "the head says"),
    ],
)  # fmt: skip
def test_verify_names_the_row_that_was_altered(
    city: Path, tmp_path: Path, statement: str, trigger: str | None, named: str
) -> None:
    report = _altered(city, tmp_path, statement, *([trigger] if trigger else []))
    assert report.returncode == 1
    assert named in report.stderr


def test_a_real_city_is_refused_with_the_demos_adapters(tmp_path: Path) -> None:
    refused = odr("serve", var=tmp_path, ODR_MODE="city")
    assert refused.returncode == 2
    assert "ODR_SMS_ADAPTER" in refused.stderr
    assert odr("demo", var=tmp_path, ODR_MODE="city").returncode == 2


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    refused = odr("migrate", var=tmp_path, ODR_PORT="many")
    assert refused.returncode == 2
    assert "port" in refused.stderr


def test_a_copy_that_was_put_back_begins_a_new_epoch(city: Path, tmp_path: Path) -> None:
    for name in ("odr.sqlite3", "secret.key"):
        (tmp_path / name).write_bytes((city / name).read_bytes())
    (tmp_path / "files").symlink_to(city / "files")
    (tmp_path / "seal").symlink_to(city / "seal")

    def epochs() -> list[tuple[str, str]]:
        with sqlite3.connect(tmp_path / "odr.sqlite3") as connection:
            return connection.execute("SELECT epoch, reason FROM lineage ORDER BY id").fetchall()

    born = epochs()
    done = odr("restored", var=tmp_path)
    assert done.returncode == 0, done.stderr
    assert epochs()[:-1] == born
    assert epochs()[-1][1] == "restore"
    assert f"Epoch {epochs()[-1][0]} is in force" in done.stdout
    assert odr("verify", var=tmp_path).returncode == 0
