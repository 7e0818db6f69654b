"""One-time codes: what an impatient resident, a guesser and a flood meet."""

import asyncio
from datetime import timedelta

import pytest

from odr.accounts import codes, service
from odr.core import clock
from odr.core.db import Database
from odr.core.errors import Expired, Invalid, OdrError, TooMany
from odr.core.limits import Limiter
from tests.accounts.conftest import last_code, other_than, texts_to

PHONE = "13904730001"


async def send(
    db: Database, limiter: Limiter, phone: str = PHONE, *, purpose: str = "login", ip: str = "10.0.0.1"
) -> str:
    async with db.write() as session:
        await service.send_code(session, limiter, PHONE, purpose, ip)
    return await last_code(db, PHONE)


async def test_a_code_works_once(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter)
    assert (await service.check_code(db, PHONE, "login", code)).used_at is not None
    with pytest.raises(Expired):
        await service.check_code(db, PHONE, "login", code)


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1} ", "{0}-{1}", "full"])
async def test_a_code_is_understood_as_phones_write_it(db: Database, limiter: Limiter, typed: str) -> None:
    code = await send(db, limiter)
    full = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    await service.check_code(db, PHONE, "login", full if typed == "full" else typed.format(code[:3], code[3:]))


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
async def test_what_is_no_code_says_so_and_costs_no_try(db: Database, limiter: Limiter, typed: str) -> None:
    code = await send(db, limiter)
    for _n in range(6):
        with pytest.raises(Invalid) as wrong:
            await service.check_code(db, PHONE, "login", typed)
        assert "6 位数字" in wrong.value.fields["code"]
    await service.check_code(db, PHONE, "login", code)


async def test_after_five_wrong_tries_the_right_code_is_refused(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter)
    for left in ("4", "3", "2", "1", "作废"):
        with pytest.raises(Invalid) as wrong:
            await service.check_code(db, PHONE, "login", other_than(code), ip="10.0.0.1")
        assert left in wrong.value.fields["code"]
    with pytest.raises(Expired):
        await service.check_code(db, PHONE, "login", code, ip="10.0.0.1")


async def test_wrong_tries_at_once_are_all_counted(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter)

    async def guess(n: int) -> OdrError | None:
        try:
            await service.check_code(db, PHONE, "login", f"{(int(code) + n) % 1_000_000:06d}", ip="10.0.0.1")
        except OdrError as error:
            return error
        return None

    found = await asyncio.gather(*(guess(n) for n in range(1, 31)))
    assert sum(isinstance(error, Invalid) for error in found) == 5
    assert sum(isinstance(error, Expired) for error in found) == 25


async def test_a_strangers_guesses_do_not_lock_the_owner_out(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter, ip="10.0.0.1")
    for _n in range(5):
        with pytest.raises(Invalid):
            await service.check_code(db, PHONE, "login", other_than(code), ip="203.0.113.9")
    with pytest.raises(Expired):
        await service.check_code(db, PHONE, "login", code, ip="203.0.113.9")
    await service.check_code(db, PHONE, "login", code, ip="10.0.0.1")


async def test_a_code_expires_after_five_minutes(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter)
    with clock.shifted(timedelta(minutes=5, seconds=1)), pytest.raises(Expired, match="重新发送"):
        await service.check_code(db, PHONE, "login", code)


async def test_a_code_serves_its_own_purpose_and_phone_only(db: Database, limiter: Limiter) -> None:
    code = await send(db, limiter, purpose="sign:abc")
    with pytest.raises(Expired):
        await service.check_code(db, PHONE, "login", code)
    with pytest.raises(Expired):
        await service.check_code(db, "13904730002", "sign:abc", code)
    await service.check_code(db, PHONE, "sign:abc", code)


async def test_the_next_code_comes_after_a_minute_and_the_first_still_works(db: Database, limiter: Limiter) -> None:
    first = await send(db, limiter)
    with pytest.raises(TooMany) as early:
        await send(db, limiter)
    assert 1 <= early.value.retry <= 60
    with clock.shifted(timedelta(seconds=61)):
        await send(db, limiter)
        await service.check_code(db, PHONE, "login", first)


async def test_one_address_gets_five_codes_an_hour_for_a_phone_and_another_address_still_one(
    db: Database, limiter: Limiter
) -> None:
    for n in range(5):
        with clock.shifted(timedelta(seconds=61 * n)):
            await send(db, limiter)
    with clock.shifted(timedelta(seconds=61 * 5)):
        with pytest.raises(TooMany) as stopped:
            await send(db, limiter)
        assert stopped.value.retry > 60
        await send(db, limiter, ip="10.0.0.2")
    assert len(await texts_to(db, PHONE)) == 6


async def test_one_address_cannot_flood_many_phones(db: Database, limiter: Limiter) -> None:
    for _n in range(100):
        await limiter.hit(codes._PER_IP, "198.51.100.1")
    with pytest.raises(TooMany):
        await send(db, limiter, ip="198.51.100.1")
