"""The token of a form: a cookie holds it, each page sends it back (double submit, OWASP).

A page shows it under a mask that is new each time. Pages go out compressed, and from the size of many compressed pages
a constant secret could be guessed, letter by letter (BREACH, CVE-2013-3587).
"""

import base64
import binascii
import hmac
import os
import secrets

from odr.core import crypto

COOKIE = "odr_csrf"
_SHORTEST = 32


def kept_or_new(cookie: str | None) -> tuple[str, bool]:
    """The token of this browser, and whether it was made just now, so that the cookie is to be set."""
    if cookie is not None and len(cookie) >= _SHORTEST:
        return cookie, False
    return secrets.token_urlsafe(24), True


def masked(token: str) -> str:
    """The token as a page shows it, another text each time."""
    mask = os.urandom(len(token.encode()))
    return base64.urlsafe_b64encode(mask + _xor(mask, token.encode())).decode()


def matches(sent: str, token: str) -> bool:
    """Whether what a page sent back is this token, masked or as the cookie has it."""
    if crypto.same(sent, token):
        return True
    try:
        both = base64.b64decode(sent.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    half = len(both) // 2
    return len(both) == 2 * len(token.encode()) and hmac.compare_digest(_xor(both[:half], both[half:]), token.encode())


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
