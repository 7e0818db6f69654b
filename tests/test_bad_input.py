"""Every form of every page, enumerated from the routes: whatever is posted, the answer is a sentence and never a crash.

A form that is added is tried here without a word; where it needs an id of its own kind, `World.ids` learns it.
"""

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import select

from odr.accounts import passwords
from odr.agreements import service as agreements
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_models import Part
from odr.agreements.performance_schemas import PostponeIn
from odr.agreements.schemas import ClaimIn, VisitIn
from odr.cases.models import Case
from odr.core import clock, paper
from odr.core.db import Database
from odr.core.settings import Settings
from odr.core.templating import ROOT
from odr.intake import steps
from odr.intake.models import Draft, IntakeOrder
from odr.meetings import polls
from odr.meetings import service as meetings
from odr.meetings.models import PollTime
from odr.meetings.schemas import HoldIn, MinutesIn, PlanIn, PollIn
from tests.agreements.story import Story, begun
from tests.browsing import Answer, send
from tests.cast import Cast, Member
from tests.conftest import SECRET
from tests.dossier import things
from tests.intake.hotline import Machine, new_key
from tests.intake.test_counter import WALK_IN

# Whoever signs out has no further forms; its own tests are with the accounts.
NOT_HERE = {"/logout"}
DRAFTING, FROZEN, EFFECTIVE = "drafting", "frozen", "effective"

# Every field there is gets one of these.
GARBAGE = ("\x00<script>alert(1)</script>\u202e" + "长" * 310, "２０２６－０２－３０", "-9" * 12)


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.sqlite)])
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "odr.sqlite3")
    return Settings(var=tmp_path, secret_key=SECRET)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither passwords nor papers are what is tried here."""

    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n%%EOF\n"

    monkeypatch.setattr(paper, "pdf", quick)
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def form_routes(app: FastAPI) -> list[str]:
    """Every address a page posts to."""
    found = [
        str(one.path)
        for one in iter_route_contexts(app.routes)
        if "POST" in (getattr(one, "methods", None) or ()) and not str(one.path).startswith("/api/")
    ]
    return [path for path in dict.fromkeys(found) if path not in NOT_HERE]


@dataclass
class World:
    """The people, and something real for every id that stands in an address."""

    db: Database
    cast: Cast
    cases: dict[str, Story] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def build(self, app: FastAPI) -> None:
        for n, stage in enumerate((DRAFTING, FROZEN, EFFECTIVE), 1):
            await self.renew(stage, n)
        await send(self.cast.applicant, "/apply")
        await send(self.cast.centre_clerk, "/counter", **WALK_IN)
        await Machine(app, (await new_key(self.db, self.cast))[1]).feed()
        async with self.db.read() as session:
            self.ids["/apply"] = (await session.scalars(select(Draft.pid))).one()
            self.ids["/queue/orders"] = (await session.scalars(select(IntakeOrder.pid))).one()
            entered = select(Case.pid).where(Case.entered_by == self.cast.centre_clerk.id)
            self.ids["/counter"] = (await session.scalars(entered)).one()
        self.ids["/admin/people"] = self.cast.stranger.pid
        self.ids["/admin/keys"] = self.ids["/me/logins"] = "nothing"

    async def renew(self, stage: str, n: int) -> None:
        """A case at this stage, with a clause, a meeting and an item of its agreement."""
        story = await begun(
            self.db, self.cast, application_no=f"ODR20261124-{n:06d}", serial=n, case_no=f"乌公用人调〔2026〕{n:04d}号"
        )
        self.cases[stage] = story
        if stage == DRAFTING:
            self.ids["clause"] = await story.clause(await story.draft())
            self.ids |= await things.of(story)
            wanted = PlanIn.model_validate(
                {"kind": "phone", "purpose": "核对账目", "starts_at": clock.now() + timedelta(days=2)}
            )
            async with self.db.write() as session:
                planned = await meetings.plan(session, self.cast.mediator.actor, story.case, wanted)
            self.ids["meeting"] = planned.pid
            offer = PollIn.model_validate(
                {"kind": "phone", "purpose": "核对账目", "times": [clock.now() + timedelta(days=n) for n in (2, 3)]}
            )
            async with self.db.write() as session:
                self.ids["poll"] = (await polls.offer(session, self.cast.mediator.actor, story.case, offer)).pid
        elif stage == FROZEN:
            await story.frozen()
        else:
            await story.effective()
            async with self.db.read() as session:
                self.ids["item"] = (await session.scalars(select(PerformanceItem.pid))).first() or "nothing"
            await self.begin_to_perform(story)

    async def begin_to_perform(self, story: Story) -> None:
        """A part that waits for its answer, another day that is asked for, a visit that found a quarrel."""
        wanted = PostponeIn.model_validate({"to": str(clock.today() + timedelta(days=40)), "reason": "晚几天"})
        visit = VisitIn.model_validate(
            {"party": story.applicant, "channel": "phone", "visited_at": clock.now() - timedelta(hours=1),
             "performed": "no", "satisfaction": 3, "new_conflict": True}
        )  # fmt: skip
        async with self.db.write() as session:
            obligor = self.cast.respondent.actor
            await agreements.claim(session, obligor, self.ids["item"], ClaimIn.model_validate({"amount": "100"}))
            self.ids["postponement"] = (await agreements.postpone(session, obligor, self.ids["item"], wanted)).pid
            self.ids["visit"] = (await agreements.visit(session, self.cast.mediator.actor, story.case, visit)).pid
            self.ids["part"] = (await session.scalars(select(Part.pid))).first() or "nothing"

    def stage(self, path: str) -> str:
        if re.search(r"/(performance|visits|court)", path):
            return EFFECTIVE
        return FROZEN if re.search(r"/agreement/(signature|seal|paper|vouchings|versions)", path) else DRAFTING

    def right_people(self, path: str) -> list[Member]:
        c = self.cast
        for start, people in {
            "/admin": [c.system_admin],
            "/audit": [c.auditor],
            "/apply": [c.applicant],
            "/counter": [c.centre_clerk],
            "/queue": [c.centre_clerk],
            "/people": [c.body_clerk],
            "/i/": [c.stranger],
            "/join": [c.stranger],
            "/cases/{pid}/routing": [c.centre_clerk, c.body_clerk],
            "/cases": [c.applicant, c.mediator, c.body_clerk],
            "/me": [c.stranger, c.mediator],
        }.items():
            if path.startswith(start):
                return people
        return [c.stranger]

    def addresses(self, path: str, pid: str | None = None) -> Iterator[str]:
        """The route with real ids in it; `pid` puts another one into the first place."""
        if path.startswith(("/cases", "/audit")):
            own = self.cases[self.stage(path)].case
        else:
            own = next((real for start, real in self.ids.items() if path.startswith(start)), "nothing")
        given = {"pid": pid or own, "file": "nothing", "token": "x" * 43} | {
            name: self.ids.get(name, "nothing") for name in re.findall(r"{(\w+)", path)[1:]
        }
        options = {"name": [step.name for step in steps.STEPS], "act": ["attendance", "minutes", "confirmations",
                   "cancellation", "sheets", "picks", "fixing", "dropping", "nonsense"]}  # fmt: skip
        wild = next((name for name in options if f"{{{name}}}" in path), None)
        for value in options[wild] if wild else [""]:
            yield path.format(**given | ({wild: value} if wild else {}))


def names_of_all_fields() -> set[str]:
    """What the forms of the product call their fields, read from their templates."""
    words = "".join(page.read_text() for page in sorted((ROOT / "templates").rglob("*.html")))
    found = re.findall(r'ui\.(?:field|select|choices|check|button)\("(\w+)"|name="(\w+)"', words)
    return {a or b for a, b in found} - {"csrf", "files", "viewport"} | {"strokes", "typed_name"}


def complaints(answer: Answer, told: str) -> list[str]:
    """What is wrong with an answer, if anything."""
    if answer.status == 303:
        return [] if answer.to.startswith("/") and not answer.to.startswith("//") else [f"{told}: leads to {answer.to}"]
    found = []
    if not 400 <= answer.status < 500 and answer.status != 200:
        found.append(f"{told}: {answer.status}")
    if answer.status >= 400 and not re.search(r"[\u4e00-\u9fff]{4}", answer.main):
        found.append(f"{told}: {answer.status} says nothing")
    if "<script>alert" in answer.page or "Traceback" in answer.page:
        found.append(f"{told}: markup comes back alive")
    for name, say in answer.errors.items():
        if re.search(r"Input|should|[Vv]alue|Field|None|invalid", say) or not re.search(r"[\u4e00-\u9fff]", say):
            found.append(f"{told}: {name}: {say}")
    if answer.status == 422 and not answer.errors:
        found.append(f"{told}: 422 without a word at any field")
    return found


async def test_every_form_takes_every_nonsense_with_a_sentence(app: FastAPI, db: Database, cast: Cast) -> None:
    world = World(db, cast)
    await world.build(app)
    routes = form_routes(app)
    assert len(routes) > 80
    names = names_of_all_fields()
    assert len(names) > 60
    nonsense = dict(zip(sorted(names), cycle(GARBAGE), strict=False))
    wrong: list[str] = []
    made = 3
    for route in routes:
        for member in world.right_people(route):
            for posted in ({}, nonsense):
                for path in world.addresses(route):
                    told = f"{member.actor.name} {path} {next(iter(posted.values()), 'nothing')[:20]!r}"
                    try:
                        wrong += complaints(await send(member, path, **posted), told)
                    except Exception as crash:
                        wrong.append(f"{told}: {type(crash).__name__}: {str(crash)[:200]}")
                if route.startswith("/cases") and await world.cases[world.stage(route)].state() not in (
                    "mediating", "signing", "effective", "performing",
                ):  # fmt: skip
                    made += 1
                    await world.renew(world.stage(route), made)
    assert not wrong, "\n".join(wrong)


async def test_absent_and_forbidden_forms_look_alike(app: FastAPI, db: Database, cast: Cast) -> None:
    world = World(db, cast)
    await world.build(app)
    wrong = []
    for route in form_routes(app):
        if "{pid}" not in route or route.startswith(("/me", "/admin/keys")):
            continue
        for path, nowhere in zip(world.addresses(route), world.addresses(route, "n" * 22), strict=True):
            here, there = await send(cast.stranger, path), await send(cast.stranger, nowhere)
            if not (here.status == there.status == 404 and here.main == there.main):
                wrong.append(f"{path}: {here.status} and {there.status}")
    assert wrong == []


async def test_no_form_is_taken_without_its_token_or_cut_short(app: FastAPI, db: Database, cast: Cast) -> None:
    world = World(db, cast)
    await world.build(app)
    wrong = []
    for route in form_routes(app):
        member = world.right_people(route)[0]
        path = next(world.addresses(route))
        async with member.browser() as browser:
            for told, more in {
                "no token": {"data": {"facts": "x"}},
                "cut short": {
                    "content": b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nabc',
                    "headers": {"content-type": "multipart/form-data; boundary=b"},
                },
            }.items():
                answer = await browser.post(path, **more)
                if answer.status_code not in (303, 400, 403, 404, 409, 413, 422, 429) or not (
                    answer.status_code == 303 or re.search(r"[\u4e00-\u9fff]{4}", answer.text)
                ):
                    wrong.append(f"{path} {told}: {answer.status_code}")
                if answer.status_code in (200, 303) and not path.startswith("/preferences"):
                    wrong.append(f"{path} {told}: taken")
    assert wrong == []


# --- after signing, meetings, visits: each wrong value is named at its field, and all that was typed stands there again

# A box that is not ticked is not posted.
LEFT_OUT = "left out"
LONG, HUGE, EXE = "长" * 10_000, "9" * 30, ("a.exe", b"MZ\x90\x00", "image/png")


def _days(days: int) -> str:
    return str(clock.today() + timedelta(days=days))


def _at(days: int) -> str:
    return f"{clock.local(clock.now() + timedelta(days=days)):%Y-%m-%dT%H:%M}"


NO_DAY = ("2026-02-30", "2026-13-01", "昨天", LONG)
PAST_DAY, DAY_TO_COME = (*NO_DAY, _days(3), "1899-01-01", "9999-12-31"), (*NO_DAY, _days(-3), "9999-12-31")
NO_MOMENT = ("2026-02-30T10:00", "2026-11-24T25:00", "明天下午", LONG)
PAST_MOMENT, MOMENT_TO_COME = (*NO_MOMENT, _at(3), "1899-01-01T10:00"), (*NO_MOMENT, _at(-3), "9999-12-31T10:00")
NO_SUM = ("-1", "0", "1.234", HUGE, "一百", LONG)
NO_CHOICE = ("", "nonsense", LONG)

# Who posts where, what would be right, each field with what is wrong in it, what the page adds to a field's name.
Table = tuple[str, str, dict[str, str], dict[str, tuple[str, ...]], str]
PERFORMING: tuple[Table, ...] = (
    ("respondent", "performance/{item}/claims", {"amount": "100", "done_on": _days(0), "note": "微信转的"},
     {"amount": (*NO_SUM, "99999"), "done_on": PAST_DAY, "note": (LONG,), "proof": ()}, "-{item}"),
    ("respondent", "performance/{item}/postponements", {"to": _days(40), "reason": "工资 10 号才发"},
     {"to": ("", *DAY_TO_COME), "reason": ("", "晚", LONG)}, "-late-{item}"),
    ("mediator", "performance/{item}/postponements", {"to": _days(40), "reason": "工资 10 号才发", "channel": "phone"},
     {"to": ("", *DAY_TO_COME), "reason": ("", "晚", LONG), "channel": NO_CHOICE}, "-late-{item}"),
    ("applicant", "performance/{item}/answers",
     {"answer": "part", "amount": "50", "received_on": _days(0), "note": "现金"},
     {"amount": ("", *NO_SUM, "99999"), "received_on": PAST_DAY, "note": (LONG,)}, "-part-{item}"),
    ("mediator", "performance/{item}/records", {"outcome": "urge", "channel": "phone", "note": "打电话催过"},
     {"outcome": NO_CHOICE, "channel": NO_CHOICE, "note": ("", "催", LONG)}, "-staff-{item}"),
    ("mediator", "performance/{item}/records",
     {"outcome": "part", "channel": "phone", "note": "他说收到了", "amount": "50"},
     {"channel": NO_CHOICE, "note": ("", "收", LONG), "amount": ("", *NO_SUM, "99999"), "proof": ()}, "-staff-{item}"),
    ("mediator", "performance/{item}/records", {"outcome": "breach", "note": "到期没有付"},
     {"note": ("", LONG)}, "-staff-{item}"),
    ("mediator", "visits", {"party": "{party}", "channel": "phone", "visited_at": _at(-1), "performed": "yes",
     "satisfaction": "2", "note": "说到做到", "why": "到期后看履行情况", "suit": "没有", "steps": "再看一次",
     "signs": "risk"},
     {"party": NO_CHOICE, "channel": NO_CHOICE, "visited_at": ("", *PAST_MOMENT), "performed": NO_CHOICE,
      "satisfaction": ("", "0", "6", HUGE), "note": (LONG,), "why": (LONG,), "suit": (LONG,), "steps": (LONG,)}, ""),
)  # fmt: skip
CLAIMED: tuple[Table, ...] = (
    ("applicant", "performance/{item}/answers", {"answer": "dispute", "note": "没有收到"},
     {"note": ("", "没", LONG)}, "-dispute-{item}"),
    ("applicant", "performance/{item}/answers", {"answer": "part", "amount": "50", "note": "只有五十"},
     {"amount": ("", *NO_SUM, "99999"), "note": (LONG,)}, "-part-{item}"),
    ("applicant", "performance/{item}/postponements/{postponement}", {"answer": "agree", "note": "可以"},
     {"note": (LONG,)}, "-{postponement}"),
    ("mediator", "performance/{item}/postponements/{postponement}",
     {"answer": "agree", "note": "电话里说可以", "channel": "phone"},
     {"note": (LONG,), "channel": NO_CHOICE}, "-{postponement}"),
)  # fmt: skip
_WHERE = {"kind": "online", "purpose": "核对账目", "place": "二楼", "link": "https://example.com/m",
          "phone": "0473-2000000"}  # fmt: skip
_NO_WHERE = {"kind": NO_CHOICE, "purpose": ("", "核", LONG), "place": (LONG,), "at_body": ("nonsense", LONG),
             "link": ("javascript:alert(1)", "example.com", LONG), "phone": ("一二三四五", LONG)}  # fmt: skip
MEETING: tuple[Table, ...] = (
    ("mediator", "meetings/times", _WHERE | {"time-1": _at(2), "time-2": _at(3), "time-3": ""},
     _NO_WHERE | {"time-1": MOMENT_TO_COME, "time-2": ("", *MOMENT_TO_COME), "time-3": MOMENT_TO_COME}, ""),
    # What is left empty in between is skipped, and the others keep their names; the same time twice is none.
    ("mediator", "meetings/times", _WHERE | {"time-1": _at(2), "time-3": _at(3), "time-5": _at(4)},
     {"time-3": MOMENT_TO_COME, "time-5": (*MOMENT_TO_COME, _at(2))}, ""),
    ("mediator", "meetings/new", _WHERE | {"side": "all", "starts_at": _at(2)},
     _NO_WHERE | {"side": ("nonsense",), "starts_at": ("", *MOMENT_TO_COME)}, ""),
    ("mediator", "meetings/past", {"kind": "phone", "purpose": "核对账目", "side": "all", "starts_at": _at(-1),
     "minutes": "说了数目", "present-{party}": "phone"},
     {"kind": NO_CHOICE, "purpose": ("", "核", LONG), "starts_at": ("", *PAST_MOMENT), "minutes": ("", "说", LONG),
      "present-{party}": ("nonsense",), "sheets": ()}, ""),
    ("mediator", "meetings/{gone}/attendance", {"present-{party}": "onsite", "late-{party}": "5", "opened": "yes"},
     {"present-{party}": NO_CHOICE, "late-{party}": ("-1", "601", HUGE, "五分钟", LONG)}, ""),
    ("mediator", "meetings/{meeting}/cancellation", {"reason": "改到下周"}, {"reason": ("", "改", LONG)}, ""),
    ("mediator", "meetings/{held}/minutes", {"minutes": "说了数目"}, {"minutes": ("", "说", LONG)}, ""),
    ("mediator", "meetings/{held}/sheets", {"signed": "{party}"}, {"signed": (LEFT_OUT,), "sheets": ()}, ""),
    ("applicant", "meetings/{meeting}/coming", {"kind": "late", "minutes": "20", "words": "班车晚点了"},
     {"minutes": ("", "0", "-1", "10000", HUGE, "abc"), "words": (LONG,)}, ""),
    ("applicant", "meetings/{meeting}/coming", {"kind": "unable", "why": "那天去医院"}, {"why": (LONG,)}, ""),
    ("applicant", "meetings/times/{poll}/picks", {"note": "腿脚不便", "times": "{time}"},
     {"note": (LONG,), "times": (LEFT_OUT, "nonsense")}, ""),
    ("mediator", "meetings/times/{poll}/picks", {"party": "{party}", "note": "电话里说的", "times": "{time}"},
     {"note": (LONG,), "times": (LEFT_OUT, "nonsense"), "party": ("nonsense",)}, ""),
)  # fmt: skip


async def not_named(cast: Cast, case: str, ids: dict[str, str], tables: tuple[Table, ...]) -> list[str]:
    """Which wrong value is not named at its own field, or costs something that was typed beside it."""
    wrong = []
    for who, path, right, fields, mark in tables:
        good = {name.format(**ids): value.format(**ids) for name, value in right.items()}
        for field_, values in fields.items():
            name = field_.format(**ids)
            for value in values or (EXE,):
                told = f"{who} {path} {name}={str(value)[:20]!r}"
                given = good | ({name: value} if isinstance(value, str) else {})
                if value == LEFT_OUT:
                    del given[name]
                files = [] if isinstance(value, str) else [(name, value)]
                answer = await send(getattr(cast, who), f"/cases/{case}/{path.format(**ids)}", files, **given)
                at = name + mark.format(**ids)
                if (answer.status, list(answer.errors)) != (422, [at]):
                    wrong.append(f"{told}: {answer.status} {answer.errors}")
                elif f'id="f-{at}"' not in answer.page:
                    wrong.append(f"{told}: leads to no field")
                # What was chosen from a list and is none of it cannot be shown again; every word that was typed is.
                typed = good | ({name: LONG} if value == LONG and "nonsense" not in values else {name: ""})
                page = html.unescape(answer.page)
                wrong += [f"{told}: loses {text[:20]}" for text in typed.values() if text not in page]
    return wrong


async def test_a_wrong_value_after_signing_is_named_at_its_field_and_costs_no_word(
    app: FastAPI, db: Database, cast: Cast
) -> None:
    story = await begun(db, cast)
    await story.effective()
    async with db.read() as session:
        ids = {"item": (await session.scalars(select(PerformanceItem.pid))).one(), "party": story.applicant}
    wrong = await not_named(cast, story.case, ids, PERFORMING)
    wanted = PostponeIn.model_validate({"to": _days(40), "reason": "晚几天"})
    async with db.write() as session:
        ids["postponement"] = (await agreements.postpone(session, cast.respondent.actor, ids["item"], wanted)).pid
        await agreements.claim(session, cast.respondent.actor, ids["item"], ClaimIn())
    wrong += await not_named(cast, story.case, ids, CLAIMED)
    assert not wrong, "\n".join(wrong)


async def test_a_wrong_value_about_a_meeting_is_named_at_its_field_and_costs_no_word(
    app: FastAPI, db: Database, cast: Cast
) -> None:
    story = await begun(db, cast)
    mediator, ids = cast.mediator.actor, {"party": story.applicant}
    plan = {"kind": "phone", "purpose": "核对账目", "starts_at": clock.now() + timedelta(days=2)}
    offer = {"kind": "phone", "purpose": "核对账目", "times": [clock.now() + timedelta(days=n) for n in (2, 3)]}
    for name in ("gone", "held", "meeting"):
        async with db.write() as session:
            row = await meetings.plan(session, mediator, story.case, PlanIn.model_validate(plan))
            ids[name] = row.pid
            if name != "meeting":
                row.starts_at = clock.now() - timedelta(hours=1)
    there = dict.fromkeys((story.applicant, story.respondent), "onsite")
    async with db.write() as session:
        await meetings.hold(session, mediator, ids["held"], HoldIn.model_validate({"present": there}))
        await meetings.minute(session, mediator, ids["held"], MinutesIn(minutes="说了数目。"))
        poll = await polls.offer(session, mediator, story.case, PollIn.model_validate(offer))
        ids["poll"] = poll.pid
        ids["time"] = (await session.scalars(select(PollTime.pid))).first() or ""
    wrong = await not_named(cast, story.case, ids, MEETING)
    assert not wrong, "\n".join(wrong)
