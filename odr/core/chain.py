"""Hash chains: canonical JSON, salted commitments, leaves. The verifier and the writers share these lines."""

import hashlib
import os
from typing import Any

import orjson

ZERO = bytes(32)


def canonical(value: dict[str, Any]) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8 (RFC 8785 for the strings, whole numbers and null we use)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def new_salts(count: int) -> list[bytes]:
    """So many salts in one call: each call gives the interpreter's lock away, and has to wait for it again."""
    random = os.urandom(16 * count)
    return [random[start : start + 16] for start in range(0, 16 * count, 16)]


def commitment(salt: bytes, body: bytes) -> bytes:
    """What the leaf holds instead of the body: when salt and body are lawfully erased, the chain stays whole
    and the text cannot be guessed from its hash."""
    return hashlib.sha256(salt + body).digest()


def leaf(fields: dict[str, Any], prev: bytes) -> bytes:
    """The hash of one row: its fields and the leaf before it (0x00 marks a leaf, RFC 9162)."""
    return hashlib.sha256(b"\x00" + canonical(fields | {"prev": prev.hex()})).digest()
