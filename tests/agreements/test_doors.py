"""Every door of agreements with the whole cast: absent and forbidden look alike."""

from typing import Any

from tests.agreements.story import Story

READERS = {"applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"}


async def _ask(story: Story, who: str, method: str, path: str, **more: Any) -> int:
    async with story.cast.everybody()[who].program() as client:
        answer = await client.request(method, f"/api/v1{path}", **more)
        return int(answer.status_code)


async def test_who_reads_an_agreement(story: Story) -> None:
    pid = await story.draft()
    for path in (f"/agreements/{pid}", f"/cases/{story.case}/agreements", f"/cases/{story.case}/performance"):
        for who in story.cast.everybody():
            assert await _ask(story, who, "GET", path) == (200 if who in READERS else 404), (who, path)
    for who in story.cast.everybody():
        assert await _ask(story, who, "GET", "/agreements/nothing-here") == 404


STEPS: list[tuple[str, str, Any, set[str]]] = [
    ("PUT", "/agreements/{a}/sheet", {"facts": "事实有五个字以上"}, {"mediator"}),
    ("DELETE", "/agreements/{a}/clauses/{o}", None, {"mediator"}),
    ("PUT", "/agreements/{a}/order", {"clauses": ["{c}"]}, {"mediator"}),
    (
        "POST",
        "/agreements/{a}/clauses/{c}/answers",
        {"answer": "accept", "version": 1},
        {"applicant", "respondent"},
    ),
    (
        "POST",
        "/agreements/{a}/answers",
        {"clauses": [{"clause": "{c}", "version": 1}]},
        {"applicant", "respondent"},
    ),
    ("POST", "/agreements/{a}/clauses", {"kind": "other", "text": "互不追究。", "obligor": "{p}"}, {"mediator"}),
]


async def test_who_works_on_a_draft(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    known = {"{a}": pid, "{c}": clause, "{p}": story.applicant}
    other = await story.clause(pid, story.pay(text="另一条。"))

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [fill(v) for v in value]
        return known.get(value, value) if isinstance(value, str) else value

    for method, path, body, allowed in STEPS:
        for who in story.cast.everybody():
            asked = path.replace("{a}", pid).replace("{c}", clause).replace("{o}", other)
            status = await _ask(story, who, method, asked, json=fill(body))
            if who in allowed:
                assert status < 300, (who, path)
            else:
                assert status == (403 if who in READERS else 404), (who, path)


async def test_who_freezes_seals_and_opens_the_paper(story: Story) -> None:
    agreement = await story.frozen()
    seal = {"sha256": agreement.sha256}
    for who in story.cast.everybody():
        expected = 404 if who not in READERS else 409 if who == "body_clerk" else 403
        assert await _ask(story, who, "POST", f"/agreements/{agreement.pid}/seal", json=seal) == expected, who
        expected = 404 if who not in READERS else 409 if who == "mediator" else 403
        assert await _ask(story, who, "POST", f"/agreements/{agreement.pid}/final") == expected, who
    async with story.cast.applicant.program() as client:
        shown = (await client.get(f"/api/v1/agreements/{agreement.pid}")).json()
    for who, member in story.cast.everybody().items():
        async with member.program() as client:
            answer = await client.get(shown["pdf"])
        assert answer.status_code == (200 if who in READERS else 404), who
        if who in READERS:
            assert answer.content.startswith(b"%PDF")


async def test_the_case_shows_its_agreement_to_those_in_it(story: Story) -> None:
    pid = await story.draft()
    await story.clause(pid)
    for who in ("applicant", "mediator", "body_clerk"):
        async with story.cast.everybody()[who].program() as client:
            shown = (await client.get(f"/api/v1/cases/{story.case}")).json()
        assert (shown["agreement"]["id"], shown["agreement"]["total"]) == (pid, 1)
    async with story.cast.centre_clerk.program() as client:
        answer = await client.get(f"/api/v1/cases/{story.case}")
    assert answer.json().get("agreement") is None
