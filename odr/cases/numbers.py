"""Numbers without gaps: one row per series, locked by its own increment until the transaction ends."""

from datetime import date

from sqlalchemy import Date, Integer, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from odr.bodies.models import Body
from odr.core import clock
from odr.core.errors import Conflict
from odr.core.i18n import _

# The upsert holds the row's lock: a second acceptance waits here, and a rolled-back one gives its number back.
_NEXT_CASE = text(
    "INSERT INTO number_series (body_id, year, last) VALUES (:body, :year, 1) "
    "ON CONFLICT (body_id, year) DO UPDATE SET last = number_series.last + 1 RETURNING last"
).bindparams(bindparam("body", type_=Integer), bindparam("year", type_=Integer))
_NEXT_APPLICATION = text(
    "INSERT INTO application_series (day, last) VALUES (:day, 1) "
    "ON CONFLICT (day) DO UPDATE SET last = application_series.last + 1 RETURNING last"
).bindparams(bindparam("day", type_=Date))


async def next_application_no(session: AsyncSession) -> str:
    """ODR20260123-000045: the day in Wuhai and a serial of that day."""
    day: date = clock.today()
    serial: int = (await session.execute(_NEXT_APPLICATION, {"day": day})).scalar_one()
    return f"ODR{day:%Y%m%d}-{serial:06d}"


async def next_case_no(session: AsyncSession, body: Body) -> tuple[int, int, str]:
    """Year, serial and number of the next accepted case of a body: 乌医人调〔2026〕0001号.

    Raises Conflict for a body that gives no numbers (a centre).
    """
    if body.number_word is None:
        raise Conflict(_("这个单位不编案号，不能受理。请先选定办理的调委会。"), code="no_number_word")
    year = clock.today().year
    serial: int = (await session.execute(_NEXT_CASE, {"body": body.id, "year": year})).scalar_one()
    return year, serial, f"{body.number_word}人调〔{year}〕{serial:04d}号"
