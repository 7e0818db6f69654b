"""Signing torn in every way: edited meanwhile, signed twice, from two tabs, the server killed in the middle. No
agreement ever holds signatures on two texts, and no code is gone without a signature or a sentence."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import codes
from odr.accounts import service as accounts
from odr.accounts.models import Login, OneTimeCode, Person
from odr.agreements import service as agreements
from odr.agreements.models import Agreement, Signature
from odr.agreements.schemas import SignIn
from odr.cases.models import Case
from odr.core import clock, crypto, ids, paper
from odr.core.db import Database
from odr.core.errors import OdrError
from odr.evidence import service as evidence
from tests.agreements.story import Story, begun, strokes_of
from tests.cast import Cast, Member, found_cast
from tests.faults.service import SECONDS, Site
from tests.plugins.faults import Trial

CODE, OTHER_CODE = "246813", "135792"


@pytest.fixture(autouse=True)
def _quick_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n" + hashlib.sha256(html.encode()).hexdigest().encode()

    monkeypatch.setattr(paper, "pdf", quick)


async def a_case(db: Database, cast: Cast, n: int) -> Story:
    return await begun(
        db, cast, application_no=f"ODR20261124-{n:06d}", serial=n, case_no=f"乌公用人调〔2026〕{n:04d}号"
    )


async def _text_message(session: AsyncSession, who: Member, agreement: str, code: str) -> None:
    """A code as if it had been sent just now; a text message a second would run into the limits."""
    phone = (await session.get_one(Person, who.id)).phone or ""
    index, purpose = crypto.blind_index("phone", phone), f"sign:{agreement}"
    session.add(
        OneTimeCode(
            phone_index=index, purpose=purpose, code_hash=codes._hash(index, purpose, code),
            expires_at=clock.now() + timedelta(days=1),
        )
    )  # fmt: skip


async def ready(story: Story, agreement: Agreement, who: Member, code: str = CODE) -> None:
    """Read to the end, the code in hand."""
    await story.read(who, agreement.pid)
    if not who.actor.is_staff:
        async with story.db.write() as session:
            await _text_message(session, who, agreement.pid, code)


def form_of(who: Member, agreement: Agreement, code: str = CODE, hand: int = 0) -> dict[str, Any]:
    drawn = strokes_of(who.id + hand)
    return {"sha256": agreement.sha256, "read": True, "e_sign": True, "strokes": drawn, "code": code}


# --- one process, many hands ----------------------------------------------------------------------------------------


async def _second_login(db: Database, who: Member) -> Member:
    """The same person in another tab, signed in once more."""
    async with db.write() as session:
        login = Login(
            token_hash=crypto.token_hash(ids.new_token()), person_id=who.id, staff=who.actor.is_staff,
            expires_at=clock.now() + timedelta(days=1),
        )  # fmt: skip
        session.add(login)
        await session.flush()
    return replace(who, actor=replace(who.actor, login_id=login.id))


class Round:
    """One agreement, frozen, with everybody ready to sign; what is done to it at once; what must hold afterwards."""

    def __init__(self, story: Story, agreement: Agreement, trial: Trial) -> None:
        self.story, self.agreement, self.trial = story, agreement, trial
        self.people = [story.cast.applicant, story.cast.respondent, story.cast.mediator]
        self.wordless = 0

    async def later(self, call: Callable[[], Awaitable[Any]]) -> None:
        """At a moment of its own; what is refused is refused with a sentence."""
        await asyncio.sleep(self.trial.dice.uniform(0, 0.02))
        try:
            await call()
        except OdrError as refused:
            self.trial.counts["refused"] += 1
            self.wordless += not refused.say

    def sign(self, who: Member, code: str = CODE, hand: int = 0) -> Awaitable[None]:
        wanted = SignIn.model_validate(form_of(who, self.agreement, code, hand))
        return self.later(lambda: agreements.sign(self.story.db, who.actor, self.agreement.pid, wanted))

    def seal(self) -> Awaitable[None]:
        async def press() -> None:
            async with self.story.db.write() as session:
                clerk = self.story.cast.body_clerk.actor
                await agreements.seal(session, clerk, self.agreement.pid, self.agreement.sha256 or "")

        return self.later(press)

    def edit(self) -> Awaitable[None]:
        async def unfreeze() -> None:
            async with self.story.db.write() as session:
                await agreements.unfreeze(session, self.story.cast.mediator.actor, self.agreement.pid, "想再改一改")

        return self.later(unfreeze)

    async def play(self, kind: str) -> None:
        signing = [self.sign(who) for who in self.people]
        if kind == "edited meanwhile":
            await asyncio.gather(*signing, self.edit(), self.seal())
        elif kind == "signed twice":
            await asyncio.gather(*signing, *(self.sign(who, hand=100) for who in self.people), self.seal(), self.seal())
        else:
            tabs = [await _second_login(self.story.db, who) for who in self.people[:2]]
            for tab in tabs:
                await ready(self.story, self.agreement, tab, OTHER_CODE)
            await asyncio.gather(*signing, *(self.sign(tab, OTHER_CODE, hand=100) for tab in tabs), self.seal())
        if self.trial.dice.random() < 0.5:
            await self.seal()
        await self.judge()

    async def judge(self) -> None:
        async with self.story.db.read() as session:
            found = await faults(session, self.story.case_id, self.trial)
        assert found == []
        assert self.wordless == 0


async def faults(session: AsyncSession, case_id: int, trial: Trial) -> list[str]:
    """What of the promises does not hold for the agreements of this case."""
    found = []
    case = await session.get_one(Case, case_id)
    for agreement in await session.scalars(select(Agreement).where(Agreement.case_id == case_id)):
        rows = list(await session.scalars(select(Signature).where(Signature.agreement_id == agreement.id)))
        slots = [(row.kind, row.party_id) for row in rows]
        trial.counts["signed"] += len(rows)
        if len(slots) != len(set(slots)):
            trial.counts["doubled"] += 1
            found.append(f"{slots} signed twice")
        if {row.sha256 for row in rows} - {agreement.sha256}:
            trial.counts["other"] += 1
            found.append("signatures on another text")
        spent = select(OneTimeCode.id).where(
            OneTimeCode.purpose == f"sign:{agreement.pid}", OneTimeCode.used_at.is_not(None)
        )
        if set(await session.scalars(spent)) != {row.code_id for row in rows if row.code_id is not None}:
            trial.counts["lost"] += 1
            found.append("a code was spent without a signature, or the other way round")
        stands = await agreements.standing(session, agreement)
        if (stands.effective_at is not None) != (agreement.state == "frozen" and case.state == "performing"):
            trial.counts["other"] += 1
            found.append(f"{agreement.state}, {case.state}, in effect {stands.effective_at}")
    return found


async def test_edits_double_signatures_and_two_tabs_leave_no_mixed_agreement(
    db: Database, cast: Cast, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def right(*args: Any) -> None:
        """The step of an app works once in half a minute; the mediator would wait for the most part."""

    monkeypatch.setattr(accounts, "check_totp", right)
    trial.engine = "SQLite" if db.is_sqlite else "PostgreSQL + Redis"
    kinds = ("edited meanwhile", "signed twice", "two tabs")
    rounds = trial.size(15, 800)
    for n in range(1, rounds + 1):
        story = await a_case(db, cast, n)
        agreement = await story.frozen()
        one = Round(story, agreement, trial)
        for who in one.people:
            await ready(story, agreement, who)
        await one.play(kinds[n % len(kinds)])
        trial.counts["sent"] += 1
        trial.progress(n, rounds)
    async with db.read() as session:
        assert [fault async for fault in agreements.verify(session)] == []
        signed = await session.scalar(select(func.count()).select_from(Signature))
        assert signed is not None
        assert signed > rounds


# --- killed in the middle -------------------------------------------------------------------------------------------


async def _found(site: Site, count: int) -> tuple[Cast, list[tuple[Story, Agreement]]]:
    """So many agreements that wait for two signatures each, in the database of this site."""
    async with site.database() as db:
        evidence.configure(site.settings.var)
        async with db.write() as session:  # the site's own people have the cast's numbers
            await session.execute(update(Person).values(phone=None, phone_index=None))
        odr = SimpleNamespace(db=db, settings=site.settings)
        cast = await found_cast(SimpleNamespace(state=SimpleNamespace(odr=odr)))  # type: ignore[arg-type]
        waiting = []
        for n in range(1, count + 1):
            story = await a_case(db, cast, n)
            agreement = await story.frozen()
            for who in (cast.applicant, cast.respondent):
                await ready(story, agreement, who)
            waiting.append((story, agreement))
    return cast, waiting


async def _post(site: Site, who: Member, agreement: Agreement) -> httpx2.Response | None:
    """Sign over some worker; None when the line broke before the answer."""
    headers = {"Authorization": f"Bearer {who.token}"}
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{site.a_port()}", timeout=SECONDS) as client:
            path = f"/api/v1/agreements/{agreement.pid}/signatures"
            return await client.post(path, json=form_of(who, agreement), headers=headers)
    except httpx2.TransportError:
        return None


async def _until_signed(site: Site, who: Member, agreement: Agreement, trial: Trial) -> None:
    """As a person does: the same code again, until the service says that it is signed."""
    answer = None
    async with asyncio.timeout(SECONDS):
        while answer is None:
            answer = await _post(site, who, agreement)
    told = answer.json().get("error", {})
    if answer.status_code != 201 and told.get("code") != "signed":
        trial.counts["lost"] += 1
    assert answer.status_code == 201 or told["code"] == "signed", (answer.status_code, told)
    trial.counts["stored"] += answer.status_code != 201


async def test_a_server_killed_between_code_and_signature_loses_neither(site: Site, trial: Trial) -> None:
    rounds = trial.size(10, 200)
    for worker in site.workers:
        await worker.stop()
    cast, waiting = await _found(site, rounds)
    await site.start()
    usual = 0.05
    for n, (_story, agreement) in enumerate(waiting, 1):
        signing = [asyncio.create_task(_post(site, who, agreement)) for who in (cast.applicant, cast.respondent)]
        await asyncio.sleep(trial.dice.uniform(0.0, 2.0) * usual)
        worker = trial.dice.choice(site.workers)
        await worker.kill()
        trial.counts["kills"] += 1
        answers = await asyncio.gather(*signing)
        trial.counts["cuts"] += answers.count(None)
        await worker.start()
        for who in (cast.applicant, cast.respondent):
            before = time.monotonic()
            await _until_signed(site, who, agreement, trial)
        usual = min(usual * 0.7 + (time.monotonic() - before) * 0.3, 0.5)
        trial.counts["sent"] += 2
        trial.progress(n, rounds)
    for worker in site.workers:
        await worker.stop()
    async with site.database() as db, db.read() as session:
        for story, _agreement in waiting:
            assert await faults(session, story.case_id, trial) == []
        assert [fault async for fault in agreements.verify(session)] == []
        assert await session.scalar(select(func.count()).select_from(Signature)) == 2 * rounds
