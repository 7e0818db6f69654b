"""A docket of many open cases: one case of the demo city under mediation, copied with all its rows."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.city import SECRET
from odr.core import crypto, ids

_OF_CASE = ("parties", "assignments", "case_events", "case_clocks")
_YEAR = "2027-11-26 00:00:00.000000"


@dataclass
class Docket:
    """A case, and the tokens of its mediator and its applicant."""

    case: str
    mediator: str
    resident: str


def filled(var: Path, copies: int) -> Docket:
    """The demo city in `var`, with one case under mediation `copies` times more."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ODR_")}
    command = [sys.executable, "-m", "odr.cli", "demo", "--json"]
    env |= {"ODR_VAR": str(var), "ODR_SECRET_KEY": SECRET}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the demo city was not built: {done.stderr[-800:]}")
    line = sqlite3.connect(var / "odr.sqlite3")
    line.row_factory = sqlite3.Row
    try:
        with line:
            case = line.execute("SELECT * FROM cases WHERE state = 'mediating' ORDER BY id LIMIT 1").fetchone()
            for number in range(copies):
                _copy(line, case, number)
            who = (
                "SELECT person_id FROM {} WHERE case_id = ? AND person_id IS NOT NULL AND ended_at IS NULL ORDER BY id"
            )
            mediator = line.execute(who.format("assignments"), (case["id"],)).fetchone()[0]
            resident = line.execute(who.format("parties"), (case["id"],)).fetchone()[0]
            return Docket(case["pid"], _login(line, mediator, staff=True), _login(line, resident, staff=False))
    finally:
        line.close()


def _copy(line: sqlite3.Connection, case: sqlite3.Row, number: int) -> None:
    pid = ids.new_pid()
    unlike = {"application_no": f"bench-{number}", "case_no": f"bench〔2026〕{number}", "serial": 100_000 + number}
    new = _add(line, "cases", case, pid=pid, **unlike)
    for table in _OF_CASE:
        for row in line.execute(f"SELECT * FROM {table} WHERE case_id = ?", (case["id"],)).fetchall():
            copied = _add(line, table, row, case_id=new)
            if table == "parties":
                for gate in line.execute("SELECT * FROM gates WHERE party_id = ?", (row["id"],)).fetchall():
                    _add(line, "gates", gate, party_id=copied)
    for room in line.execute("SELECT * FROM rooms WHERE subject_pid = ?", (case["pid"],)).fetchall():
        copied = _add(line, "rooms", room, subject_pid=pid)
        for table in ("room_members", "messages"):
            for row in line.execute(f"SELECT * FROM {table} WHERE room_id = ?", (room["id"],)).fetchall():
                _add(line, table, row, room_id=copied)


def _add(line: sqlite3.Connection, table: str, row: sqlite3.Row, **other: Any) -> int:
    """A copy of a row with other values; ids of its own where it has such."""
    values = {name: row[name] for name in row.keys() if name != "id"}  # noqa: SIM118 - a row iterates over values
    if "pid" in values:
        values["pid"] = ids.new_pid()
    values |= other
    places = ", ".join("?" * len(values))
    added = line.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", tuple(values.values()))
    return added.lastrowid or 0


def _login(line: sqlite3.Connection, person: int, *, staff: bool) -> str:
    token, pid = ids.new_token(), ids.new_pid()
    now = line.execute("SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now')").fetchone()[0]
    line.execute(
        "INSERT INTO logins (pid, token_hash, person_id, staff, ip, device, created_at, seen_at, expires_at) "
        "VALUES (?, ?, ?, ?, '', 'bench', ?, ?, ?)",
        (pid, crypto.token_hash(token), person, staff, now, now, _YEAR),
    )
    return token
