"""Who may open a file: the thing that holds it decides. Each feature registers the door of its holder."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.core.errors import NotFound
from odr.core.i18n import _
from odr.evidence.models import File

Door = Callable[[AsyncSession, Actor, int], Awaitable[bool]]
FileDoor = Callable[[AsyncSession, Actor, File], Awaitable[bool]]

_doors: dict[str, FileDoor] = {}


def register(holder: str, door: Door) -> None:
    """`door(session, actor, holder_id)` answers for all files of one holder."""

    async def ask(session: AsyncSession, actor: Actor, file: File) -> bool:
        return await door(session, actor, file.holder_id)

    _doors[holder] = ask


def register_for_file(holder: str, door: FileDoor) -> None:
    """The same where the answer depends on the file itself."""
    _doors[holder] = door


def unknown_file() -> NotFound:
    """Absent and forbidden look alike."""
    return NotFound(_("没有找到这个文件，或者您不能查看它。"), code="unknown_file")


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> File:
    """The file, for who may open it. Raises NotFound for everybody else; a holder without a door opens to nobody."""
    file = await session.scalar(select(File).where(File.pid == pid, File.removed_at.is_(None)))
    door = _doors.get(file.holder) if file is not None else None
    if file is None or door is None or not await door(session, actor, file):
        raise unknown_file()
    return file
