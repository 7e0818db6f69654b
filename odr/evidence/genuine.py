"""Whether a paper is genuine, for anyone who holds it: each feature that issues papers registers how it finds its own.

A paper carries a check code, printed and in its QR. The code is random and says nothing; what is told about it is which
document it is and how it stands, never what it says or whom it is about.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from odr.core.coded import Coded
from odr.core.forms import narrow
from odr.core.i18n import N_
from odr.core.ids import new_code

CHECK_LENGTH = 12
_CODE = re.compile(rf"[2-9A-HJKMNP-TV-Z]{{{CHECK_LENGTH}}}")


class Stand(Coded):
    """How a paper stands."""

    IN_FORCE = "in_force", N_("有效")
    NOT_CONFIRMED = "not_confirmed", N_("法院没有确认")
    NOT_YET = "not_yet", N_("还没有生效")
    REPLACED = "replaced", N_("已被新的一版代替")
    VOID = "void", N_("已作废")


@dataclass(frozen=True)
class Genuine:
    """What anyone may know of one paper. `kind` and `say` are in the reader's language.

    `files`: the SHA-256 of each file there is of it, with what that file is.
    """

    check: str
    kind: str
    stand: Stand
    say: str
    body: str
    version: int
    moments: tuple[tuple[str, datetime], ...] = ()
    files: tuple[tuple[str, str], ...] = field(default=())

    @property
    def code(self) -> str:
        return grouped(self.check)


Finder = Callable[[AsyncSession, str], Awaitable[Genuine | None]]
_finders: list[Finder] = []


def finds(finder: Finder) -> Finder:
    """Register how a feature finds its own papers by their check code; None for a code that is not one of them."""
    _finders.append(finder)
    return finder


async def find(session: AsyncSession, check: str) -> Genuine | None:
    """The paper with this code (as `read_code` gives it), whichever feature issued it."""
    for finder in _finders:
        if (found := await finder(session, check)) is not None:
            return found
    return None


def new_check_code() -> str:
    """What is printed on every paper of one version and looked up by anybody: 59 random bits, to be read aloud."""
    return new_code(CHECK_LENGTH)


def grouped(check: str) -> str:
    """A check code as it is printed, read and copied: K7QM-3XRT-9FHW."""
    return "-".join(check[n : n + 4] for n in range(0, len(check), 4))


def read_code(given: str) -> str | None:
    """The code as it is kept, from what was copied or scanned; None when it cannot be one."""
    plain = re.sub(r"[\s\-‐-―]", "", narrow(given)).upper()
    return plain if _CODE.fullmatch(plain) else None
