"""Persons, the identity ladder, and their address."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity, realname
from odr.accounts.access import Actor
from odr.accounts.models import IdentityLevel, Person, Role, Vouching
from odr.audit import service as audit
from odr.audit.who import SYSTEM, Who
from odr.core import clock, crypto
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.core.settings import Settings

Identified = Callable[[AsyncSession, Person], Awaitable[None]]
_told: list[Identified] = []


def when_identified(listener: Identified) -> Identified:
    """Register who has to know, in the same transaction, that somebody's identity was proven or vouched for."""
    _told.append(listener)
    return listener


async def by_phone(session: AsyncSession, phone: str) -> Person | None:
    """The person with this normalised phone number."""
    found: Person | None = await session.scalar(
        select(Person).where(Person.phone_index == crypto.blind_index("phone", phone))
    )
    return found


async def find_or_create(session: AsyncSession, phone: str, *, who: Who = SYSTEM) -> Person:
    """The person with this normalised phone number; a new one, without a name yet, when nobody has it."""
    if (found := await by_phone(session, phone)) is not None:
        return found
    person = Person(phone=phone, phone_index=crypto.blind_index("phone", phone))
    try:
        async with session.begin_nested():
            session.add(person)
    except IntegrityError:  # the same number signed in on two phones in the same moment
        other = await by_phone(session, phone)
        if other is None:
            raise
        return other
    await audit.record(session, who, "person:account:created", "person", person.pid)
    return person


def phone_of(person: Person) -> str | None:
    """The number a person is reached under, for services that send or call; pages show it masked."""
    return person.phone


async def check_real_name(settings: Settings, name: str, id_no: str) -> str:
    """Ask the real-name service whether the name belongs to the number; gives the method for `prove_identity`.

    May be slow: never call it inside a transaction. Raises Invalid.
    """
    name, id_no = _normalised(name, id_no)
    if not await realname.adapter(settings.realname_adapter)(name, id_no):
        raise Invalid({"id_no": _("姓名和身份证号码对不上。请对照证件，再填一次。")})
    return settings.realname_adapter


def _normalised(name: str, id_no: str) -> tuple[str, str]:
    fields = {}
    try:
        name = identity.normalise_name(name)
    except ValueError as wrong:
        fields["name"] = str(wrong)
    try:
        id_no = identity.normalise_id_no(id_no)
        identity.age(id_no, clock.today())
    except ValueError as wrong:
        fields["id_no"] = str(wrong)
    if fields:
        raise Invalid(fields)
    return name, id_no


async def prove_identity(
    session: AsyncSession, who: Who, person: Person, name: str, id_no: str, *, method: str = "format"
) -> Person:
    """Step one of the ladder: a name and an id number that fit (`check_real_name` was asked before, where it is slow).

    The same name and number again change nothing. Raises Invalid, or Conflict when another identity is on file.
    """
    name, id_no = _normalised(name, id_no)
    if not _on_file(person, name, id_no):
        _take(person, name, id_no)
        person.identity_level = IdentityLevel.ID_CHECKED
        session.add(Vouching(person_id=person.id, method=method))
        await _tell(session, person)
        await audit.record(session, who, "person:identity:checked", "person", person.pid, {"method": method})
    return person


async def vouch(
    session: AsyncSession, actor: Actor, person: Person, note: str, *, name: str = "", id_no: str = ""
) -> Person:
    """Step two: a mediator or clerk saw the person and the identity paper. With `name` and `id_no` what the paper says.

    Raises Forbidden for others and for vouching for oneself, Invalid, Conflict when another identity is on file.
    """
    if not any(actor.has_role(role) for role in (Role.MEDIATOR, Role.BODY_CLERK, Role.CENTRE_CLERK)):
        raise Forbidden()
    if person.id == actor.person_id:
        raise Forbidden(_("不能给自己核验。请同事来做这一步。"), code="self")
    if name or id_no:
        name, id_no = _normalised(name, id_no)
        if not _on_file(person, name, id_no):
            _take(person, name, id_no)
    elif not person.id_no:
        raise Invalid({"id_no": _("请照证件填写姓名和身份证号码。")})
    person.identity_level, person.identity_at = IdentityLevel.IN_PERSON, clock.now()
    session.add(Vouching(person_id=person.id, method="in_person", by_person_id=actor.person_id, note=note))
    await _tell(session, person)
    await audit.record(session, actor, "person:identity:vouched", "person", person.pid)
    return person


async def _tell(session: AsyncSession, person: Person) -> None:
    """Before the ledger: who listens locks rooms, and the ledger's lock is the last of all."""
    await session.flush()
    for listener in _told:
        await listener(session, person)


def _on_file(person: Person, name: str, id_no: str) -> bool:
    """Whether exactly this identity is on file. Raises Conflict when it is another one."""
    if person.id_no is None:
        return False
    if (person.name, person.id_no) != (name, id_no):
        raise Conflict(
            _("这个手机号已经登记了另一个人的身份。如需更正，请本人带身份证到就近的调处中心办理。"),
            code="other_identity",
        )
    return True


def _take(person: Person, name: str, id_no: str) -> None:
    person.name, person.id_no, person.identity_at = name, id_no, clock.now()
    person.id_no_index = crypto.blind_index("id_no", id_no)


async def change_address(session: AsyncSession, who: Who, person: Person, address: str) -> None:
    """Keep where a person lives (sealed); an empty one takes it away."""
    person.address = address or None
    await audit.record(session, who, "person:address:changed", "person", person.pid)


async def change_name(session: AsyncSession, who: Who, person: Person, name: str) -> None:
    """What to call a person. Raises Conflict once the name was checked against an identity paper."""
    if person.identity_level != IdentityLevel.PHONE:
        raise Conflict(_("姓名已经核验过。如需更正，请本人带身份证到就近的调处中心办理。"), code="name_checked")
    try:
        person.name = identity.normalise_name(name)
    except ValueError as wrong:
        raise Invalid({"name": str(wrong)}) from None
    await audit.record(session, who, "person:name:changed", "person", person.pid)
