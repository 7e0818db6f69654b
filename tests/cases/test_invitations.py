"""Being asked in: no names before identity, once, for the first who fits; neutral words for everything else."""

from datetime import timedelta

import httpx2
from sqlalchemy import select

from odr.accounts.models import Person
from odr.cases.models import CaseEvent, Invitation, Party
from odr.core import clock
from tests.cases.story import Story
from tests.cast import CSRF, Cast, Member

SECRETS = ("王某某", "李某", "燃气", "2600", "公用事业", "张调解")


async def take(member: Member, token: str, name: str) -> tuple[int, str]:
    async with member.browser() as browser:
        answer = await browser.post(f"/i/{token}", data={"csrf": CSRF, "name": name})
    return answer.status_code, answer.headers.get("location", "") or answer.text


async def tags(story: Story) -> list[str]:
    async with story.db.read() as session:
        return list(await session.scalars(select(CaseEvent.tag).order_by(CaseEvent.id)))


async def test_the_page_of_a_link_names_nobody(story: Story, cast: Cast, client: httpx2.AsyncClient) -> None:
    await story.accepted()
    token, _code = await story.invite()
    open_page = await client.get(f"/i/{token}")
    made_up = await client.get("/i/" + "x" * 43)
    assert open_page.status_code == made_up.status_code == 200
    for page in (open_page, made_up):
        assert not any(word in page.text for word in SECRETS)
        assert "/login?next=/i/" in page.text
    async with cast.stranger.browser() as browser:
        page = await browser.get(f"/i/{token}")
    assert not any(word in page.text.replace("冯路人", "") for word in SECRETS)


async def test_the_invited_person_enters_and_goes_on_to_the_gates(story: Story, cast: Cast) -> None:
    await story.accepted()
    token, _code = await story.invite()
    assert await take(cast.respondent, token, "李某") == (303, f"/cases/{story.pid}/gates")
    assert (await take(cast.respondent, token, "李某"))[0] == 303
    async with story.db.read() as session:
        party = (await session.scalars(select(Party).where(Party.side == "respondent"))).one()
    assert party.person_id == cast.respondent.id


async def test_a_code_read_aloud_works_in_any_writing(story: Story, cast: Cast) -> None:
    await story.accepted()
    _token, code = await story.invite()
    typed = f" {code[:4].lower()}－{code[4:].lower()} "
    async with cast.respondent.browser() as browser:
        answer = await browser.post("/join", data={"csrf": CSRF, "code": typed, "name": "李某"})
    assert answer.status_code == 303


async def test_a_forwarded_link_is_refused_neutrally_and_staff_is_told(story: Story, cast: Cast) -> None:
    await story.accepted()
    token, _code = await story.invite()
    status, page = await take(cast.stranger, token, "李某")
    assert status == 422
    assert "没有核对上" in page
    assert not any(word in page for word in ("王某某", "燃气", "公用事业"))
    assert "invitation:name:mismatch" in await tags(story)


async def test_a_used_link_is_refused_and_staff_is_told(story: Story, cast: Cast) -> None:
    await story.accepted()
    token, _code = await story.invite()
    await take(cast.respondent, token, "李某")
    status, page = await take(cast.stranger, token, "李某")
    assert status == 422
    assert "没有核对上" in page
    assert "invitation:link:reused" in await tags(story)


async def test_an_expired_and_a_revoked_link_say_the_same(story: Story, cast: Cast) -> None:
    await story.accepted()
    first, _code = await story.invite()
    second, _code = await story.invite()
    revoked = await take(cast.respondent, first, "李某")
    async with story.db.write() as session:
        row = (await session.scalars(select(Invitation).order_by(Invitation.id.desc()))).first()
        assert row is not None
        row.expires_at = clock.now() - timedelta(seconds=1)
    expired = await take(cast.respondent, second, "李某")
    assert revoked[0] == expired[0] == 410
    assert "已经不能用了" in revoked[1]
    assert "已经不能用了" in expired[1]


async def test_five_wrong_names_end_the_invitation(story: Story, cast: Cast) -> None:
    await story.apply(respondents=[story.named("阿依·古丽", None)])
    await story.route()
    await story.accept()
    token, _code = await story.invite()
    for n in range(5):
        assert (await take(cast.stranger, token, f"猜{n}"))[0] == 422
    assert "invitation:link:revoked" in await tags(story)
    assert (await take(cast.respondent, token, "阿依古丽"))[0] == 410


async def test_a_name_is_compared_loosely(story: Story, cast: Cast) -> None:
    await story.apply(respondents=[story.named("阿依·古丽", None)])
    await story.route()
    await story.accept()
    token, _code = await story.invite()
    async with story.db.write() as session:
        person = await session.get_one(Person, cast.stranger.id)
        person.name, person.identity_level = "", "phone"
    assert (await take(cast.stranger, token, "阿依•古丽 "))[0] == 303


async def test_nobody_enters_on_both_sides(story: Story, cast: Cast) -> None:
    await story.apply(respondents=[story.named("王某某", cast.applicant.phone)])
    await story.route()
    await story.accept()
    token, _code = await story.invite()
    assert (await take(cast.applicant, token, "王某某"))[0] == 422


async def test_an_empty_form_is_answered_at_its_fields(cast: Cast) -> None:
    async with cast.stranger.browser() as browser:
        answer = await browser.post("/join", data={"csrf": CSRF})
    assert answer.status_code == 422
    assert 'href="#f-name"' in answer.text
    assert 'href="#f-code"' in answer.text


async def test_an_agent_enters_and_speaks_for_the_party(story: Story, cast: Cast) -> None:
    await story.confirmed()
    async with cast.respondent.program() as program:
        doc = (await program.get(f"/api/v1/cases/{story.pid}")).json()
        own = next(p["id"] for p in doc["parties"] if p["me"])
        other = next(p["id"] for p in doc["parties"] if not p["me"])
        named = {"name": "李小某", "phone": cast.respondent_agent.phone, "may_settle": False}
        refused = await program.post(f"/api/v1/cases/{story.pid}/agents", json={"party": other, **named})
        assert refused.status_code == 404
        assert (
            await program.post(f"/api/v1/cases/{story.pid}/agents", json={"party": own, **named})
        ).status_code == 200
    async with story.db.read() as session:
        row = (await session.scalars(select(Invitation).order_by(Invitation.id.desc()))).first()
        assert row is not None
        token = row.token
    assert (await take(cast.respondent_agent, token, "李小某"))[0] == 303
    async with cast.respondent_agent.program() as program:
        doc = (await program.get(f"/api/v1/cases/{story.pid}")).json()
    assert doc["me"]["role"] == "agent"
    assert doc["me"]["side"] == "respondent"
    assert [room["kind"] for room in doc["rooms"]] == ["private"]
