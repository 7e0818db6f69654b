"""Public ids: random, so that nobody can count or guess what exists."""

import secrets
import time

# Crockford's alphabet without look-alikes: people read these codes aloud and type them on a phone.
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_pid() -> str:
    """A public id of 128 random bits, 22 characters of A-Z a-z 0-9 - _."""
    return secrets.token_urlsafe(16)


def new_line_id() -> str:
    """An id for a line of a room: the time in milliseconds, 12 hex digits, and 128 random bits. Ids that sort by their
    time go to one end of the index of repeats."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_urlsafe(16)}"


def new_token() -> str:
    """A secret of 256 random bits, for cookies, links and keys."""
    return secrets.token_urlsafe(32)


def new_code(length: int = 8) -> str:
    """A code to read aloud and type, case-blind, without 0, 1, I, L, O, U."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))


def new_digits(length: int = 6) -> str:
    """A one-time code of digits."""
    return "".join(secrets.choice("0123456789") for _ in range(length))
