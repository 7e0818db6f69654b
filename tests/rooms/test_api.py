"""The HTTP twin: the same ids, rules and answers as the line."""

import io
from typing import Any

import pytest
from PIL import Image

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from tests.cast import CSRF, Cast
from tests.rooms.conftest import Rooms, line


def photo(mode: str = "RGB", size: tuple[int, int] = (64, 48), kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **more)
    return out.getvalue()


async def test_saying_reading_and_recalling_over_http(cast: Cast, opened: Rooms) -> None:
    base = f"/api/v1/rooms/{opened.joint.pid}"
    async with cast.applicant.program() as a, cast.respondent.program() as b:
        once = {"id": ids.new_pid(), "text": "您好", "at": "2026-11-24T07:00:00.123Z"}
        first = await a.post(f"{base}/lines", json=once)
        assert (first.status_code, first.json()["seq"]) == (201, 1)
        again = await a.post(f"{base}/lines", json=once)
        assert (again.status_code, again.json()) == (200, first.json())
        other = await a.post(f"{base}/lines", json=once | {"text": "再见"})
        assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
        page = (await b.get(f"{base}/lines", params={"after": 0})).json()
        assert (page["head"], page["more"]) == (1, False)
        assert page["lines"][0]["body"] == {"text": "您好"}
        assert page["lines"][0]["by"]["role"] == "applicant"
        recall = {"id": ids.new_pid(), "seq": 1}
        foreign = await b.post(f"{base}/recalls", json=recall)
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "not_yours")
        assert (await a.post(f"{base}/recalls", json=recall)).status_code == 201
        page = (await b.get(f"{base}/lines")).json()
        assert (page["lines"][0]["body"], page["lines"][0]["recalled"]) == ({}, True)
        assert (await b.put(f"{base}/read", json={"seq": 2})).status_code == 204


async def test_a_page_of_one_person_does_nothing_in_the_name_of_another(cast: Cast, opened: Rooms) -> None:
    """Two parties share a browser; the page of the first still holds lines when the second signs in."""
    base = f"/api/v1/rooms/{opened.joint.pid}/lines"
    async with cast.respondent.program() as b:
        for who, status in ((cast.applicant.pid, 401), ("", 401), (cast.respondent.pid, 200)):
            answer = await b.get(base, headers={"X-Person": who})
            assert answer.status_code == status
        said = await b.post(base, json={"id": ids.new_pid(), "text": "您好"}, headers={"X-Person": cast.applicant.pid})
        assert (said.status_code, said.json()["error"]["code"]) == (401, "another_person")
        assert (await b.get(base)).json()["head"] == 0


async def test_pages_go_both_ways(db: Database, cast: Cast, opened: Rooms) -> None:
    for n in range(12):
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, line(str(n)))
    base = f"/api/v1/rooms/{opened.joint.pid}/lines"
    async with cast.mediator.program() as m:

        async def seqs(**params: int) -> tuple[list[int], bool]:
            page = (await m.get(base, params=params)).json()
            return [one["seq"] for one in page["lines"]], page["more"]

        assert await seqs(limit=5) == ([8, 9, 10, 11, 12], True)
        assert await seqs(before=8, limit=5) == ([3, 4, 5, 6, 7], True)
        assert await seqs(before=3, limit=5) == ([1, 2], False)
        assert await seqs(after=10, limit=2) == ([11, 12], False)
        assert await seqs(after=0, limit=3) == ([1, 2, 3], True)
        assert await seqs(after=99) == ([], False)
        for bad in ({"limit": 0}, {"limit": 201}, {"after": -1}, {"after": 1, "before": 3}, {"after": "x"}):
            assert (await m.get(base, params=bad)).status_code == 422


async def test_a_room_that_is_not_yours_is_not_there(cast: Cast, opened: Rooms) -> None:
    absent = ids.new_pid()
    for name, who in cast.everybody_but("applicant", "mediator").items():
        async with who.program() as client:
            for method, path, body in (
                ("GET", "lines", None),
                ("POST", "lines", {"id": ids.new_pid(), "text": "有人吗"}),
                ("POST", "recalls", {"id": ids.new_pid(), "seq": 1}),
                ("PUT", "read", {"seq": 1}),
            ):
                answers = [
                    await client.request(method, f"/api/v1/rooms/{pid}/{path}", json=body)
                    for pid in (opened.applicants.pid, absent)
                ]
                assert answers[0].status_code == 404, (name, path)
                assert answers[0].text == answers[1].text
            files = [
                await client.post(f"/api/v1/rooms/{pid}/files", files={"file": ("a.jpg", photo(), "image/jpeg")})
                for pid in (opened.applicants.pid, absent)
            ]
            assert files[0].status_code == 404
            assert files[0].text == files[1].text


@pytest.mark.one_engine
async def test_a_stranger_to_the_service_must_sign_in(client: Any, opened: Rooms) -> None:
    answer = await client.get(f"/api/v1/rooms/{opened.joint.pid}/lines")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "short", "text": "x"},
        {"id": "x" * 65, "text": "x"},
        {"id": "a" * 22 + "\n", "text": "x"},
        {"id": "中" * 22, "text": "x"},
        {"id": "a" * 22},
        {"id": "a" * 22, "text": "  "},
        {"id": "a" * 22, "text": "x" * 4001},
        {"id": "a" * 22, "text": 7},
        {"id": "a" * 22, "text": "x", "file": "abc"},
        {"id": "a" * 22, "kind": "file"},
        {"id": "a" * 22, "kind": "system", "text": "x"},
        {"id": "a" * 22, "text": "x", "at": "yesterday"},
        {"id": "a" * 22, "text": "x", "seq": 1},
    ],
)
@pytest.mark.one_engine
async def test_a_line_that_is_none_is_refused_field_by_field(cast: Cast, opened: Rooms, body: dict[str, Any]) -> None:
    async with cast.applicant.program() as a:
        answer = await a.post(f"/api/v1/rooms/{opened.joint.pid}/lines", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["fields"]


@pytest.mark.one_engine
async def test_a_browser_needs_its_token(cast: Cast, opened: Rooms) -> None:
    path, body = f"/api/v1/rooms/{opened.joint.pid}/lines", {"id": ids.new_pid(), "text": "x"}
    async with cast.applicant.browser() as a:
        assert (await a.post(path, json=body)).status_code == 403
        assert (await a.post(path, json=body, headers={"X-CSRF-Token": CSRF})).status_code == 201


@pytest.mark.one_engine
async def test_who_sends_too_much_is_told_to_wait(cast: Cast, opened: Rooms) -> None:
    async with cast.applicant.program() as a:
        for n in range(125):
            answer = await a.put(f"/api/v1/rooms/{opened.joint.pid}/read", json={"seq": 0})
            answer = await a.post(f"/api/v1/rooms/{opened.joint.pid}/recalls", json={"id": ids.new_pid(), "seq": 99})
            if answer.status_code == 429:
                assert n >= 100
                assert int(answer.headers["retry-after"]) >= 1
                return
    pytest.fail("never too many")


async def test_a_photo_is_uploaded_said_and_opened(cast: Cast, opened: Rooms) -> None:
    base = f"/api/v1/rooms/{opened.applicants.pid}"
    async with cast.applicant.program() as a, cast.mediator.program() as m, cast.respondent.program() as b:
        upload = await a.post(f"{base}/files", files={"file": ("合同.jpg", photo(), "image/jpeg")})
        assert upload.status_code == 201
        file = upload.json()
        assert (file["name"], file["mime"], file["width"], file["height"]) == ("合同.jpg", "image/jpeg", 64, 48)
        path = f"/files/{file['id']}"
        assert (await a.get(path)).status_code == 200
        assert (await m.get(path)).status_code == 404, "not said yet"
        foreign = await m.post(f"{base}/lines", json={"id": ids.new_pid(), "kind": "file", "file": file["id"]})
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (422, "bad_file")
        body = {"id": ids.new_pid(), "kind": "file", "file": file["id"], "text": "这是合同"}
        said = await a.post(f"{base}/lines", json=body)
        assert said.status_code == 201
        assert (await a.post(f"{base}/lines", json=body)).status_code == 200
        shown = (await m.get(f"{base}/lines")).json()["lines"][0]["body"]
        assert shown == {"file": file, "text": "这是合同"}
        assert (await m.get(path)).status_code == 200
        assert (await m.get(f"{path}/thumb")).headers["content-type"] == "image/jpeg"
        for one in (path, f"{path}/thumb"):
            assert (await b.get(one)).status_code == 404
        elsewhere = await a.post(
            f"/api/v1/rooms/{opened.joint.pid}/lines", json={"id": ids.new_pid(), "kind": "file", "file": file["id"]}
        )
        assert elsewhere.json()["error"]["code"] == "bad_file"
        await a.post(f"{base}/recalls", json={"id": ids.new_pid(), "seq": 1})
        assert (await m.get(path)).status_code == 404, "taken back"


async def test_who_comes_later_opens_no_earlier_file(db: Database, cast: Cast, opened: Rooms) -> None:
    base = f"/api/v1/rooms/{opened.applicants.pid}"
    async with cast.applicant.program() as a, cast.other_mediator.program() as n:
        file = (await a.post(f"{base}/files", files={"file": ("a.png", photo(kind="PNG"), "image/png")})).json()
        await a.post(f"{base}/lines", json={"id": ids.new_pid(), "kind": "file", "file": file["id"]})
        async with db.write() as session:
            await rooms.add_member(
                session,
                await rooms.room(session, opened.applicants.pid),
                cast.other_mediator.id,
                role="mediator",
                name="赵调解",
                from_start=False,
            )
        assert (await n.get(f"/files/{file['id']}")).status_code == 404


async def test_a_closed_room_takes_no_files(db: Database, cast: Cast, opened: Rooms) -> None:
    async with db.write() as session:
        await rooms.set_writable(session, await rooms.room(session, opened.joint.pid), False)
    async with cast.applicant.program() as a:
        answer = await a.post(
            f"/api/v1/rooms/{opened.joint.pid}/files", files={"file": ("a.jpg", photo(), "image/jpeg")}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "read_only")


async def test_searching_over_http(db: Database, cast: Cast, opened: Rooms) -> None:
    for said in ("楼上漏水", "赔 500 元", "又漏水了"):
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, line(said))
    base = f"/api/v1/rooms/{opened.joint.pid}/search"
    async with cast.respondent.program() as b, cast.stranger.program() as stranger:
        found = (await b.get(base, params={"q": "漏水", "limit": 1})).json()
        assert ([one["seq"] for one in found["lines"]], found["before"], found["indexed"]) == ([3], 3, True)
        assert found["lines"][0]["by"]["role"] == "applicant"
        found = (await b.get(base, params={"q": "漏水", "before": 3})).json()
        assert ([one["body"]["text"] for one in found["lines"]], found["before"]) == (["楼上漏水"], None)
        for bad in ({}, {"q": "，。"}, {"q": "漏" * 101}, {"q": "漏水", "limit": 51}, {"q": "漏水", "before": -1}):
            answer = await b.get(base, params=bad)
            assert answer.status_code == 422
            assert answer.json()["error"]["fields"]
        absent = await b.get(f"/api/v1/rooms/{opened.applicants.pid}/search", params={"q": "漏水"})
        foreign = await stranger.get(base, params={"q": "漏水"})
        assert absent.status_code == foreign.status_code == 404
        assert absent.json() == foreign.json()
