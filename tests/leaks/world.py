"""A case with a word planted in every private place. Each word is random, so that finding it anywhere proves a leak.

For each it is written down who may read it. A test that finds nothing would pass for the wrong reason, so each word
also names those who must find it.
"""

import io
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pypdf
from PIL import Image
from sqlalchemy import select

from odr.agreements import service as agreements
from odr.agreements.models import Agreement
from odr.core import clock, ids
from odr.core.db import Database
from odr.rooms import service as rooms
from odr.rooms.models import Room, RoomKind
from tests.agreements.story import Story, begun
from tests.cast import Cast, Member

OWN_SIDE = frozenset({"applicant", "applicant_agent"})
TALK = OWN_SIDE | {"mediator"}
HANDLERS = TALK | {"body_clerk"}
# Said in every private line, so that a search for it would bring the line with its random word.
BAIT = "底线"


def word(name: str) -> str:
    """Letters and digits alone: no page, address, PDF or log writes them in another way."""
    return f"zq{name.replace('_', '')}{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Canary:
    """One planted word, who may read it, and who must find it."""

    word: str
    may: frozenset[str]
    must: frozenset[str]


@dataclass
class World:
    """The case, its rooms, its words, and the ids that fill addresses."""

    db: Database
    cast: Cast
    story: Story
    rooms: dict[str, str]
    canaries: dict[str, Canary] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    meeting: str = ""
    agreement: str = ""
    check: str = ""
    clauses: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    inquiries: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    aloud: str = ""

    @property
    def case(self) -> str:
        return self.story.case

    def new(self, name: str, may: frozenset[str], *must: str) -> str:
        made = word(name)
        self.canaries[name] = Canary(made, may, frozenset(must))
        return made

    def found_in(self, text: str) -> set[str]:
        """The names of the canaries that sing in this text."""
        return {name for name, one in self.canaries.items() if one.word in text}

    def forbidden(self, member: str) -> set[str]:
        return {name for name, one in self.canaries.items() if member not in one.may}

    def wanted(self, member: str) -> set[str]:
        return {name for name, one in self.canaries.items() if member in one.must}


async def call(member: Member, method: str, path: str, given: Any = None, **content: Any) -> Any:
    """A JSON call that must succeed."""
    async with member.program() as program:
        answer = await program.request(method, f"/api/v1{path}", json=given, **content)
    assert answer.is_success, (method, path, answer.text)
    return answer.json() if answer.content else {}


async def founded(db: Database, cast: Cast) -> World:
    """The case, being mediated, with nothing private in it yet."""
    story = await begun(db, cast)
    async with db.read() as session:
        found = list(await session.scalars(select(Room).where(Room.subject_pid == story.case)))
    names = {RoomKind.JOINT: "joint", RoomKind.NOTES: "notes"}
    world = World(db, cast, story, {names.get(RoomKind(room.kind), room.slot): room.pid for room in found})
    world.aloud = word("aloud")
    await say(world, cast.applicant, "joint", f"大家好 {world.aloud}")
    await say(world, cast.respondent, "joint", "您好")
    return world


async def say(world: World, who: Member, room: str, text: str, **more: Any) -> int:
    line = {"id": ids.new_pid(), "text": text} | more
    seq: int = (await call(who, "POST", f"/rooms/{world.rooms[room]}/lines", line))["seq"]
    return seq


async def whisper(world: World) -> None:
    """Everything that can be private in a room: lines, one taken back, notes, files, a proposal."""
    cast, private = world.cast, world.rooms["applicant"]
    world.lines["applicant"] = await say(
        world, cast.applicant, "applicant", f"{BAIT}是 {world.new('party_line', TALK, 'applicant', 'mediator')}"
    )
    await say(world, cast.mediator, "applicant", f"{BAIT} {world.new('mediator_line', TALK, 'applicant', 'mediator')}")
    await say(world, cast.applicant_agent, "applicant", f"{BAIT} {world.new('agent_line', TALK, 'applicant')}")
    notes = frozenset({"mediator"})
    await say(world, cast.mediator, "notes", f"{BAIT} {world.new('note', notes, 'mediator')}")
    # Taken back: for people it is gone from then on, for the applicant's side too.
    seq = await say(world, cast.applicant, "applicant", f"{BAIT} {world.new('recalled', TALK)}")
    await call(cast.applicant, "POST", f"/rooms/{private}/recalls", {"id": ids.new_pid(), "seq": seq})
    await _files(world)
    proposal = world.new("proposal", TALK, "applicant", "mediator")
    async with world.db.write() as session:
        room = await rooms.room(session, private)
        body = {"agreement": ids.new_pid(), "clause": ids.new_pid(), "version": 1, "text": f"{BAIT} {proposal}"}
        await rooms.propose(session, room, cast.mediator.actor, body)
    await call(cast.applicant, "PUT", f"/rooms/{private}/read", {"seq": seq})


async def _files(world: World) -> None:
    """A paper and a photo shown in the private room, and one that was sent up and never shown."""
    cast, private = world.cast, world.rooms["applicant"]
    name, inside = world.new("file_name", TALK, "applicant", "mediator"), world.new("file_content", TALK, "applicant")
    paper = f"%PDF-1.7\n% {inside}\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".encode()
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "JPEG")
    hidden = world.new("unshown_file", OWN_SIDE)
    caption = world.new("caption", TALK, "applicant", "mediator")
    for key, shown, data, text in (
        ("paper", f"{name}.pdf", paper, f"{BAIT} {caption}"),
        ("photo", f"{world.new('photo_name', TALK, 'mediator')}.jpg", picture.getvalue(), None),
        ("hidden", f"{hidden}.pdf", paper, None),
    ):
        kept = await call(cast.applicant, "POST", f"/rooms/{private}/files", files={"file": (shown, data)})
        world.files[key] = kept["id"]
        if key != "hidden":
            line = {"id": ids.new_pid(), "kind": "file", "file": kept["id"]} | ({"text": text} if text else {})
            await call(cast.applicant, "POST", f"/rooms/{private}/lines", line)


async def meet_apart(world: World) -> None:
    """A sitting with one side that was, with minutes, and one to come."""
    cast = world.cast
    past = {
        "kind": "phone", "side": "applicant", "purpose": world.new("purpose", HANDLERS, "applicant", "mediator"),
        "place": world.new("place", HANDLERS, "mediator"), "minutes": world.new("minutes", HANDLERS, "mediator"),
        "starts_at": (clock.now() - timedelta(hours=2)).isoformat(), "present": {world.story.applicant: "phone"},
    }  # fmt: skip
    world.meeting = (await call(cast.mediator, "POST", f"/cases/{world.case}/meetings/past", past))["id"]
    plan = {
        "kind": "onsite", "side": "applicant", "purpose": world.new("planned", HANDLERS, "applicant"),
        "place": "海达社区", "starts_at": (clock.now() + timedelta(hours=2)).isoformat(),
    }  # fmt: skip
    planned = (await call(cast.mediator, "POST", f"/cases/{world.case}/meetings", plan))["id"]
    unable = {"kind": "unable", "words": world.new("coming", HANDLERS, "applicant", "mediator")}
    await call(cast.applicant, "PUT", f"/meetings/{planned}/coming", unable)
    poll = await call(cast.applicant, "GET", f"/cases/{world.case}/meeting-polls")
    picks = {"times": [poll[0]["times"][0]["id"]], "note": world.new("pick_note", HANDLERS, "applicant", "mediator")}
    await call(cast.applicant, "PUT", f"/meeting-polls/{world.polls[0]}/picks", picks)


async def offer_times(world: World) -> None:
    """Times for a meeting, which everybody sees; what suits one side is its own."""
    times = [(clock.now() + timedelta(days=n)).isoformat() for n in (2, 3)]
    offer = {"kind": "onsite", "purpose": "看票据", "place": "社区", "times": times}
    poll = await call(world.cast.mediator, "POST", f"/cases/{world.case}/meeting-polls", offer)
    world.polls.append(poll["id"])


async def object_apart(world: World) -> None:
    """An objection to the mediator, its answer, and what staff note among themselves."""
    cast, at = world.cast, f"/cases/{world.case}"
    given = {"ground": "interest", "note": world.new("objection", HANDLERS, "applicant", "body_clerk")}
    await call(cast.applicant, "POST", f"{at}/objections", given)
    answer = {"upheld": False, "answer": world.new("objection_answer", HANDLERS, "body_clerk")}
    await call(cast.body_clerk, "POST", f"{at}/objection-answers", answer)


async def agree_on_facts(world: World) -> None:
    """A fact put by one side and confirmed by the other: open to both, and no word of the talk beside it."""
    given = {"text": "2026年3月1日付款 2600 元。"}
    made = await call(world.cast.applicant, "POST", f"/cases/{world.case}/facts", given)
    world.facts.append(made["id"])
    answer = {"answer": "confirm", "version": 1}
    await call(world.cast.respondent, "POST", f"/facts/{made['id']}/answers", answer)


async def suggest_apart(world: World) -> None:
    """A clause one side suggests to the mediator alone, one the mediator puts to that side, and what it says of it."""
    cast, story, at = world.cast, world.story, f"/cases/{world.case}/proposals"
    clause = {
        "kind": "pay", "obligor": story.respondent, "obligee": story.applicant, "amount": "1234.56",
        "due_on": str(clock.today() + timedelta(days=9)), "audience": "private",
    }  # fmt: skip
    own = clause | {
        "text": f"{BAIT} {world.new('suggested', TALK, 'applicant', 'mediator')}",
        "note": world.new("suggested_why", TALK, "applicant", "mediator"),
        "account": f"开户行 {world.new('account', TALK, 'applicant')} 6222020602001234567",
    }
    world.proposals.append((await call(cast.applicant, "POST", at, own))["id"])
    put = clause | {"text": world.new("put_to_one", TALK, "applicant", "mediator"), "side": "applicant"}
    put_pid = (await call(cast.mediator, "POST", at, put))["id"]
    world.proposals.append(put_pid)
    reply = {"reply": "accept", "note": world.new("confided", TALK, "applicant", "mediator")}
    await call(cast.applicant, "POST", f"/proposals/{put_pid}/replies", reply)


async def draft(world: World) -> None:
    """A draft with a clause that one side asked, for the mediator alone to read, to change."""
    cast, story = world.cast, world.story
    world.agreement = await story.draft()
    world.clauses.append(await story.clause(world.agreement))
    comment = world.new("comment", TALK)  # once the clause is changed, nobody is shown it any more
    wish = {"answer": "change", "version": 1, "comment": comment, "audience": "private"}
    await call(cast.applicant, "POST", f"/agreements/{world.agreement}/clauses/{world.clauses[0]}/answers", wish)
    for who in (cast.applicant, cast.mediator):
        assert comment in str(await call(who, "GET", f"/agreements/{world.agreement}"))


async def signed(world: World) -> Agreement:
    """Both accept what stands, it is frozen, signed by all and sealed: the promises begin."""
    cast, story = world.cast, world.story
    for who in (cast.applicant, cast.respondent):
        await story.answer(who, world.agreement, world.clauses[0])
    agreement = await agreements.finalise(world.db, cast.mediator.actor, world.agreement)
    world.check = agreement.check_code
    for who in (cast.applicant, cast.respondent, cast.mediator):
        await story.sign(who, agreement)
    await call(cast.body_clerk, "POST", f"/agreements/{world.agreement}/seal", {"sha256": agreement.sha256})
    return agreement


async def performed(world: World) -> None:
    """Urged by telephone, kept, confirmed, visited; what one side says at its visit is not for the other."""
    cast, at = world.cast, f"/cases/{world.case}"
    (promise,) = await call(cast.applicant, "GET", f"{at}/performance")
    world.promises.append(promise["id"])
    urging = {
        "channel": "phone",
        "note": world.new("urging", frozenset({"mediator", "body_clerk", "centre_clerk"}), "mediator"),
    }
    await call(cast.mediator, "POST", f"/performance/{promise['id']}/urgings", urging)
    await call(cast.respondent, "POST", f"/performance/{promise['id']}/claims", data={"note": "已经转账"})
    await call(cast.applicant, "POST", f"/performance/{promise['id']}/answers", {"answer": "confirm"})
    visit = {
        "party": world.story.applicant, "channel": "phone", "visited_at": clock.now().isoformat(),
        "performed": "yes", "satisfaction": 2, "note": world.new("visit", HANDLERS, "mediator"),
    }  # fmt: skip
    await call(cast.mediator, "POST", f"{at}/visits", visit)
    await call(cast.mediator, "POST", f"{at}/visits/forms", {"party": world.story.applicant})
    words = world.new("visit_form", HANDLERS, "applicant", "mediator")
    form = {"performed": "yes", "satisfaction": 5, "new_conflict": True, "note": words}
    await call(cast.applicant, "POST", f"{at}/visits/answers", form)
    wish = {"purpose": world.new("purpose", HANDLERS, "applicant", "body_clerk"),
            "reference": world.new("reference", HANDLERS, "applicant", "body_clerk")}  # fmt: skip
    asked = await call(cast.applicant, "POST", f"{at}/certificates", wish)
    await call(cast.body_clerk, "POST", f"/certificates/{asked['id']}/issue")
    world.certificates.append(asked["id"])


# --- reading ---------------------------------------------------------------------------------------------------------

# People come through the city's proxy; only the operator's own machine asks for numbers of the process.
FROM_OUTSIDE = {"X-Forwarded-For": "203.0.113.7"}


def text_of(answer: httpx2.Response) -> str:
    """All that an answer tells: its headers, its bytes, and the text and notes inside a PDF."""
    told = [repr(answer.headers.multi_items()), answer.content.decode("utf-8", "replace")]
    if answer.content.startswith(b"%PDF-1"):
        told.append(text_of_pdf(answer.content))
    return "\n".join(told)


def text_of_pdf(data: bytes) -> str:
    try:
        document = pypdf.PdfReader(io.BytesIO(data))
        pages = [page.extract_text() for page in document.pages]
        return "\n".join([*pages, repr(document.metadata), *document.attachments])
    except (pypdf.errors.PyPdfError, AssertionError):  # pypdf asserts over some broken ones
        return ""  # our own canary of a paper, which is none; its bytes were read as they are
