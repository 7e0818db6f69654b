"""The whole way to mediation through JSON alone, and what a program is told when it errs."""

from typing import Any

from sqlalchemy import select

from odr.cases.models import Invitation
from tests.cases.story import Story
from tests.cast import Cast, Member

CONSENTS = ["rights_notice", "agree_to_mediate", "online_mediation", "disclosure"]


async def post(member: Member, pid: str, noun: str, **fields: Any) -> dict[str, Any]:
    async with member.program() as program:
        answer = await program.post(f"/api/v1/cases/{pid}/{noun}", json=fields)
    assert answer.status_code == 200, (noun, answer.text)
    found: dict[str, Any] = answer.json()
    return found


async def test_the_way_to_mediation_by_json(story: Story, cast: Cast) -> None:
    await story.apply()
    pid = story.pid
    async with cast.centre_clerk.program() as program:
        proposals = (await program.get(f"/api/v1/cases/{pid}/proposals")).json()["proposals"]
    assert proposals[0]["body"]["id"] == cast.body_pid
    assert proposals[0]["reasons"]
    await post(cast.centre_clerk, pid, "routing", body=proposals[0]["body"]["id"])
    doc = await post(cast.body_clerk, pid, "acceptance")
    assert doc["no"].endswith("0001号")
    async with story.db.read() as session:
        token = (await session.scalars(select(Invitation))).one().token
    async with cast.respondent.program() as program:
        wrong = await program.post("/api/v1/invitations/uses", json={"token": token, "name": ""})
        assert wrong.status_code == 422
        joined = await program.post("/api/v1/invitations/uses", json={"token": token, "name": "李某"})
        assert joined.json() == {"case": pid}
    await post(cast.body_clerk, pid, "assignment", mediator=cast.mediator.pid, why="熟悉燃气")
    await post(cast.mediator, pid, "disclosure", related="no")
    await post(cast.respondent, pid, "wills", will="agreed")
    for member in (cast.applicant, cast.respondent):
        async with member.program() as program:
            asked = (await program.get(f"/api/v1/cases/{pid}/gates")).json()["gates"]
        assert [gate["name"] for gate in asked] == ["identity", *CONSENTS]
        assert asked[0]["text"] is None
        assert asked[1]["text"]["points"][0]["text"]
        assert "没有亲属" in asked[4]["text"]["disclosure"]
        for gate in asked:
            if not gate["done"]:
                doc = await post(member, pid, "consents", kind=gate["name"], text_version=gate["text"]["version"])
        assert all(next(p for p in doc["parties"] if p["me"])["gates"].values())
    doc = await post(cast.mediator, pid, "mediation")
    assert doc["state"] == "mediating"
    assert {room["kind"] for room in doc["rooms"]} == {"joint", "private", "notes"}
    async with cast.applicant.program() as program:
        listed = (await program.get("/api/v1/cases")).json()["cases"]
    assert [(row["id"], row["state"]) for row in listed] == [(pid, "mediating")]


async def test_gates_are_shown_to_their_party_alone(story: Story, cast: Cast) -> None:
    await story.assigned()
    async with cast.applicant.program() as program:
        asked = (await program.get(f"/api/v1/cases/{story.pid}/gates")).json()["gates"]
        assert asked[4] == {
            "name": "disclosure", "title": "看调解员的情况披露", "done": False, "waiting": True, "text": None,
        }  # fmt: skip
        old = {"kind": "rights_notice", "text_version": "rights-2020-01"}
        assert (await program.post(f"/api/v1/cases/{story.pid}/consents", json=old)).status_code == 409
    for name, member in cast.everybody_but("applicant", "respondent").items():
        async with member.program() as program:
            assert (await program.get(f"/api/v1/cases/{story.pid}/gates")).status_code == 404, name


async def test_a_stale_version_and_a_second_submit_are_conflicts(story: Story, cast: Cast) -> None:
    await story.apply()
    await story.route()
    version = (await story.case()).version
    async with cast.body_clerk.program() as program:
        stale = await program.post(f"/api/v1/cases/{story.pid}/acceptance", json={"version": version - 1})
        first = await program.post(f"/api/v1/cases/{story.pid}/acceptance", json={"version": version})
        second = await program.post(f"/api/v1/cases/{story.pid}/acceptance", json={"version": version})
    assert (stale.status_code, first.status_code, second.status_code) == (409, 200, 409)
    assert "情况已经有了变化" in stale.json()["error"]["say"]


async def test_unknown_fields_and_wrong_values_are_named(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with cast.mediator.program() as program:
        at = f"/api/v1/cases/{story.pid}"
        extra = await program.post(f"{at}/ending", json={"result": "deadlock", "note": "abc", "state": "closed"})
        wrong = await program.post(f"{at}/ending", json={"result": "agreed_written", "note": "谈成了"})
        empty = await program.post(f"{at}/suspension", json={})
    assert extra.json()["error"]["fields"] == {"state": "这里不接受这一项。"}
    assert wrong.status_code == 422
    assert "reason" in empty.json()["error"]["fields"]
    assert await story.state() == "mediating"


async def test_next_says_whose_turn_until_when_and_what_in_silence(story: Story, cast: Cast) -> None:
    await story.confirmed()
    async with cast.applicant.program() as program:
        doc = (await program.get(f"/api/v1/cases/{story.pid}")).json()
    assert doc["next"]["mine"] is True
    assert doc["next"]["whose"].startswith("您")
    assert doc["next"]["due"]
    assert doc["next"]["otherwise"]
    assert doc["next"]["action"]["href"] == f"/cases/{story.pid}/gates"
    assert [step["state"] for step in doc["way"]].count("now") == 1


async def test_papers_are_added_by_those_in_the_case(story: Story, cast: Cast) -> None:
    await story.mediating()
    paper = {"file": ("通知.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")}
    async with cast.respondent.program() as program:
        added = await program.post(f"/api/v1/cases/{story.pid}/files", files=paper)
    assert added.status_code == 201, added.text
    href = added.json()["files"][0]["href"]
    for name, member in cast.everybody().items():
        async with member.program() as program:
            opened = (await program.get(href)).status_code
        seen = name in {"applicant", "respondent", "mediator", "body_clerk", "centre_clerk"}
        assert opened == (200 if seen else 404), name
