"""Places of the city: paths, names and lists to choose from. Names repeat, so a place is shown with its path."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.bodies.models import Division
from odr.core.i18n import _


@dataclass(frozen=True)
class Township:
    """A street or town with its communities or villages, as offered in a form."""

    code: str
    name: str
    communities: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class District:
    code: str
    name: str
    townships: list[Township] = field(default_factory=list)


def short(name: str) -> str:
    """海达社区 for 海达社区居委会, 新地村 for 新地村委会: the place, not its committee."""
    return name.removesuffix("居委会") if name.endswith("居委会") else name.removesuffix("委会")


async def path_of(session: AsyncSession, code: str) -> list[Division]:
    """From the city down to the place itself; empty when there is no such place. Codes hold their parents."""
    return (await paths_of(session, {code}))[code]


async def paths_of(session: AsyncSession, codes: Collection[str]) -> dict[str, list[Division]]:
    """The same for many places in one query."""
    above = {code: _above(code) for code in codes}
    query = select(Division).where(Division.code.in_(set().union(*above.values())), Division.level != "province")
    known = {division.code: division for division in await session.scalars(query)}
    return {
        code: [known[one] for one in sorted(path) if one in known] if code in known else []
        for code, path in above.items()
    }


def _above(code: str) -> set[str]:
    return {code[:4].ljust(12, "0"), code[:6].ljust(12, "0"), code[:9].ljust(12, "0"), code}


async def place_name(session: AsyncSession, code: str) -> str:
    """海勃湾区新华西街道海达社区: the path below the city, or the city itself."""
    path = await path_of(session, code)
    below = [short(division.name) for division in path if division.level != "city"]
    return "".join(below) or "".join(division.name for division in path)


async def tree(session: AsyncSession) -> list[District]:
    """Every district with its townships and communities, without those that exist for statistics only."""
    query = select(Division).where(Division.statistical_only.is_(False)).order_by(Division.code)
    districts: dict[str, District] = {}
    townships: dict[str, Township] = {}
    for division in await session.scalars(query):
        parent = division.parent_code or ""
        if division.level == "district":
            districts[division.code] = District(division.code, division.name)
        elif division.level == "township" and parent in districts:
            townships[division.code] = Township(division.code, division.name)
            districts[parent].townships.append(townships[division.code])
        elif division.level == "community" and parent in townships:
            townships[parent].communities.append((division.code, short(division.name)))
    return list(districts.values())


@dataclass(frozen=True)
class PlaceGroup:
    """Places under one heading of a drop-down."""

    group: str
    options: list[tuple[str, str]]


def community_options(districts: list[District]) -> list[PlaceGroup]:
    """Every community under its township, for the second question after the district."""
    return [
        PlaceGroup(f"{district.name} {township.name}", township.communities)
        for district in districts
        for township in district.townships
        if township.communities
    ]


def place_options(districts: list[District]) -> list[PlaceGroup]:
    """Districts, townships and communities in one list, for clerks."""
    whole = PlaceGroup(_("只知道区"), [(district.code, district.name) for district in districts])
    return [whole] + [
        PlaceGroup(
            f"{district.name} {township.name}",
            [(township.code, _("%(place)s（社区不清楚）", place=township.name)), *township.communities],
        )
        for district in districts
        for township in district.townships
    ]


def prefix(code: str) -> str:
    """The digits that every place inside this one begins with: 4 for a city, 6 district, 9 township, 12 community."""
    length = next((n for n in (4, 6, 9) if not code[n:].strip("0")), 12)
    return code[:length]


def covers(place: str, code: str) -> bool:
    """Whether the place with code `place` holds, or is, the place with code `code`."""
    return code.startswith(prefix(place))
