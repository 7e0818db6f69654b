"""Passwords by argon2id, in threads of their own: one hash takes 64 MiB and a third of a second.

Two at a time, so that a flood of sign-ins costs neither the event loop nor the machine's memory.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

hasher = PasswordHasher()
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def hash_password(password: str) -> str:
    """How a password is kept. Never call it inside a transaction."""
    return await asyncio.get_running_loop().run_in_executor(_threads, hasher.hash, password)


async def is_password(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept. An unknown name (None) takes as long as a wrong password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, kept, password)


def _verify(kept: str | None, password: str) -> bool:
    try:
        return hasher.verify(kept or _nobodys(hasher), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys(by: PasswordHasher) -> str:
    return by.hash("nobody has this password")
