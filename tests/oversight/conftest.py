"""A mediated case with talk in every room, on SQLite."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from odr.core import ids
from odr.core.db import Database
from odr.core.settings import Settings
from odr.evidence import service as evidence
from odr.rooms import service as rooms
from odr.rooms.models import Room
from odr.rooms.schemas import RecallIn, SayIn
from tests.cases.story import Story
from tests.cast import Cast
from tests.conftest import SECRET
from tests.evidence.test_files import photo, upload

OPEN, TAKEN_BACK, SECRET_WORD = "我家没有签过改造的合同。", "你们就是骗子！", "金丝雀六一三"


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.sqlite)])
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "odr.sqlite3")
    return Settings(var=tmp_path, secret_key=SECRET)


@dataclass
class Talked:
    """The case's address parts: its rooms by kind, the photo shown, the seq of the line taken back."""

    story: Story
    joint: Room
    sealed: list[Room]
    photo: str
    unshown: str
    recalled: int

    @property
    def case(self) -> str:
        return f"/audit/cases/{self.story.pid}"

    @property
    def room(self) -> str:
        return f"/audit/rooms/{self.joint.pid}"


@pytest.fixture
async def talked(db: Database, cast: Cast, settings: Settings) -> Talked:
    story = Story(db, cast)
    await story.mediating()
    async with db.read() as session:
        found = await rooms.rooms_of(session, story.pid)
    joint = next(room for room in found if room.kind == "joint")
    sealed = [room for room in found if room.kind != "joint"]
    await rooms.say(db, cast.applicant.actor, joint.pid, SayIn(id=ids.new_pid(), text=OPEN))
    said = await rooms.say(db, cast.applicant.actor, joint.pid, SayIn(id=ids.new_pid(), text=TAKEN_BACK))
    await rooms.recall(db, cast.applicant.actor, joint.pid, RecallIn(id=ids.new_pid(), seq=said.seq))
    files = []
    for name in ("现场.png", "没有发出的.png"):
        prepared = await evidence.prepare(upload(photo(kind="PNG"), name), settings)
        async with db.write() as session:
            files.append((await evidence.keep(session, cast.applicant.actor, prepared, "room", joint.id)).pid)
    await rooms.say(db, cast.applicant.actor, joint.pid, SayIn(id=ids.new_pid(), kind="file", file=files[0]))
    private = next(room for room in sealed if room.slot == "applicant")
    notes = next(room for room in sealed if room.kind == "notes")
    await rooms.say(db, cast.applicant.actor, private.pid, SayIn(id=ids.new_pid(), text=SECRET_WORD))
    await rooms.say(db, cast.mediator.actor, notes.pid, SayIn(id=ids.new_pid(), text=SECRET_WORD))
    return Talked(story, joint, sealed, *files, said.seq)
