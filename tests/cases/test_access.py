"""The doors of a case, asked by the whole cast. Absent and forbidden look alike."""

import pytest

from odr.cases import access
from odr.cases.access import Do
from odr.cases.actions import ACTIONS
from odr.cases.codes import CaseRole
from odr.cases.lifecycle import Move
from odr.core.errors import NotFound
from tests.cases.story import Story
from tests.cast import CSRF, Cast

IN_IT = {
    "applicant": CaseRole.APPLICANT,
    "respondent": CaseRole.RESPONDENT,
    "mediator": CaseRole.MEDIATOR,
    "body_clerk": CaseRole.BODY_CLERK,
    "centre_clerk": CaseRole.CENTRE_CLERK,
}
PARTIES = {"applicant", "respondent"}
HANDLE = {"mediator", "body_clerk"}


async def test_each_of_the_cast_is_who_the_rows_say(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.db.read() as session:
        for name, member in cast.everybody().items():
            if name in IN_IT:
                assert (await access.for_reading(session, member.actor, story.pid)).role is IN_IT[name], name
            else:
                with pytest.raises(NotFound):
                    await access.for_reading(session, member.actor, story.pid)


async def test_the_pages_open_to_those_in_the_case_alone(story: Story, cast: Cast) -> None:
    await story.mediating()
    at = f"/cases/{story.pid}"
    for path, allowed in {
        at: set(IN_IT),
        f"{at}/routes": set(IN_IT),
        f"{at}/gates": PARTIES,
        f"{at}/room": PARTIES | {"mediator"},
        f"{at}/files": PARTIES | HANDLE,
        f"{at}/exit": PARTIES,
        f"{at}/objections": PARTIES,
        f"{at}/ending": HANDLE,
        f"{at}/suspension": HANDLE,
        f"/api/v1{at}": set(IN_IT),
    }.items():
        missing = path.replace(story.pid, "x" * 22)
        for name, member in cast.everybody().items():
            async with member.program() as program:
                answer = await program.get(path)
                absent = await program.get(missing)
            if name in allowed:
                assert answer.status_code == 200, (path, name)
            elif name in IN_IT:
                assert answer.status_code in (403, 404), (path, name)
            else:
                assert answer.status_code == 404, (path, name)
                if path.startswith("/api"):
                    assert answer.content == absent.content, (path, name)


async def test_lists_hold_only_what_is_ones_own(story: Story, cast: Cast) -> None:
    await story.mediating()
    for path, allowed in {
        "/api/v1/cases": PARTIES,
        "/api/v1/desk": {"mediator"},
        "/api/v1/queue": {"body_clerk", "centre_clerk"},
    }.items():
        for name, member in cast.everybody().items():
            async with member.program() as program:
                answer = await program.get(path)
            shown = story.pid in answer.text
            assert shown is (name in allowed), (path, name, answer.status_code)


async def test_no_step_is_made_by_somebody_outside(story: Story, cast: Cast) -> None:
    """Every noun, every stranger: the answer is that of a case that does not exist."""
    await story.mediating()
    given = {"result": "deadlock", "note": "abc", "reason": "other", "kind": "offline", "ground": "other"}
    for name, member in cast.everybody_but(*IN_IT).items():
        async with member.program() as program:
            for noun, action in ACTIONS.items():
                fields = {k: v for k, v in given.items() if k in action.schema.model_fields}
                answer = await program.post(f"/api/v1/cases/{story.pid}/{noun}", json=fields)
                # Unparsable input is refused before the case is looked for, and so tells nothing of it.
                assert answer.status_code in (404, 422), (noun, name, answer.status_code)
    assert await story.state() == "mediating"


async def test_those_inside_make_only_their_own_steps(story: Story, cast: Cast) -> None:
    await story.mediating()
    wrong = {
        "applicant": ("ending", {"result": "deadlock", "note": "abc"}),
        "respondent": ("withdrawal", {}),
        "body_clerk": ("extension", {}),
        "centre_clerk": ("ending", {"result": "deadlock", "note": "abc"}),
        "mediator": ("exit", {}),
    }
    for name, (noun, fields) in wrong.items():
        async with cast.everybody()[name].program() as program:
            answer = await program.post(f"/api/v1/cases/{story.pid}/{noun}", json=fields)
        assert answer.status_code == 403, (name, noun, answer.text)
    assert await story.state() == "mediating"


async def test_buttons_are_what_the_door_allows(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.db.read() as session:
        mediator = await access.for_reading(session, cast.mediator.actor, story.pid)
        respondent = await access.for_reading(session, cast.respondent.actor, story.pid)
        centre = await access.for_reading(session, cast.centre_clerk.actor, story.pid)
    assert Move.SUSPEND in access.allowed_moves(mediator)
    assert access.allowed_moves(respondent) == (Move.OPT_OUT,)
    assert Do.OBJECT not in {act for act in Do if mediator.may(act)}
    assert not centre.may(Do.PASS_GATE)
    assert not centre.handles


async def test_who_is_a_party_never_wears_a_staff_hat(story: Story, cast: Cast) -> None:
    """The clerk's own dispute at the clerk's own body is handled by others."""
    await story.apply(respondents=[story.named("钱登记", cast.body_clerk.phone)])
    await story.route()
    await story.accept_by_centre()
    assert await story.join(cast.body_clerk, "钱登记")
    async with story.db.read() as session:
        view = await access.for_reading(session, cast.body_clerk.actor, story.pid)
        assert view.roles == (CaseRole.RESPONDENT,)
        assert [case.pid for case in await access.in_queue(session, cast.body_clerk.actor)] == []


async def test_a_mediator_who_is_off_the_case_is_nobody_in_it(story: Story, cast: Cast) -> None:
    await story.confirmed()
    async with cast.mediator.program() as program:
        assert (await program.get(f"/api/v1/cases/{story.pid}")).status_code == 200
        gone = await program.post(f"/api/v1/cases/{story.pid}/declination", json={"reason": "有亲戚关系"})
        assert gone.json() == {"id": story.pid, "gone": True}
        assert (await program.get(f"/api/v1/cases/{story.pid}")).status_code == 404


async def test_the_centre_sees_state_and_clocks_but_no_number_of_a_party(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with cast.centre_clerk.program() as program:
        doc = (await program.get(f"/api/v1/cases/{story.pid}")).json()
    assert doc["state"] == "mediating"
    assert doc["deadlines"]
    assert doc["rooms"] == []
    assert cast.respondent.phone not in str(doc)


async def test_parties_never_see_each_others_numbers(story: Story, cast: Cast) -> None:
    await story.mediating()
    for mine, other in ((cast.applicant, cast.respondent), (cast.respondent, cast.applicant)):
        async with mine.browser() as browser:
            page = await browser.get(f"/cases/{story.pid}")
        async with mine.program() as program:
            doc = await program.get(f"/api/v1/cases/{story.pid}")
        assert other.phone not in page.text + doc.text


async def test_a_form_without_its_token_changes_nothing(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with cast.respondent.browser() as browser:
        assert (await browser.post(f"/cases/{story.pid}/exit", data={})).status_code == 403
        assert await story.state() == "mediating"
        done = await browser.post(f"/cases/{story.pid}/exit", data={"csrf": CSRF})
        assert done.status_code == 303
    assert await story.state() == "failed"
