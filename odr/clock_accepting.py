"""`odr clock --accept`: the machine's clock is right, and what this service takes for the newest moment is not.

So it is when the clock once stood far ahead. What was given meanwhile ends that much too late; here each is cut to the
whole of its term from now on, so nobody is signed out, and nobody stays locked out or signed in beyond a term.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from odr.accounts.codes import LIFE
from odr.accounts.credentials import LOCK
from odr.accounts.logins import RESIDENT_LIFE, STAFF_LIFE
from odr.accounts.models import Credential, Login, OneTimeCode
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.cases.invitations import VALID
from odr.cases.models import Invitation
from odr.core import clock, clock_mark
from odr.core.db import Database
from odr.core.jobs import LEASE, Job
from odr.oversight.models import Reading
from odr.oversight.service import READING_LASTS

_NONE = timedelta(0)
_TERMS: tuple[tuple[Any, timedelta], ...] = (
    (Login.seen_at, _NONE),
    (Login.expires_at, RESIDENT_LIFE),
    (OneTimeCode.created_at, _NONE),  # the pause before the next code counts from it
    (OneTimeCode.expires_at, LIFE),
    (Credential.locked_until, LOCK),
    (Invitation.expires_at, VALID),
    (Reading.expires_at, READING_LASTS),
    (Job.lease_until, LEASE),
)


async def behind_by(database: Database) -> float:
    """By how many seconds the clock stands behind the mark."""
    await clock_mark.learn(database)
    return clock.behind()


async def accept(database: Database) -> None:
    """From now on the clock is believed again. For a service that is stopped: another worker that runs remembers."""
    by = await behind_by(database)
    now = clock.now()
    async with database.write() as session:
        for column, term in _TERMS:
            await session.execute(update(column.class_).where(column > now + term).values({column: now + term}))
        staff = update(Login).where(Login.staff, Login.expires_at > now + STAFF_LIFE)
        await session.execute(staff.values(expires_at=now + STAFF_LIFE))
        await session.execute(update(clock_mark.ClockMark).values(at=now))
        await audit.record(session, SYSTEM, "clock:mark:lowered", "clock", "mark", {"seconds": round(by)})
    clock.believe()
