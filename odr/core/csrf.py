"""The token of a form: a cookie holds it, each page sends it back (double submit, OWASP).

A page shows it under a mask that is new each time. Pages go out compressed, and from the size of many compressed pages
a constant secret could be guessed, letter by letter (BREACH, CVE-2013-3587).
"""

import base64
import binascii
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


def masked(token: str, person: str = "") -> str:
    """The token as a page shows it, another text each time. `person`: the public id of who the page was drawn for."""
    clear = f"{token}:{person}".encode()
    mask = os.urandom(len(clear))
    return base64.urlsafe_b64encode(mask + _xor(mask, clear)).decode()


def drawn_for(sent: str, token: str) -> str | None:
    """Who the page was drawn for that sent this, empty for nobody in particular; None when it is not this browser's
    token. The token as the cookie has it is nobody's."""
    if crypto.same(sent, token):
        return ""
    try:
        both = base64.b64decode(sent.encode("ascii"), altchars=b"-_", validate=True)
        clear = _xor(both[: len(both) // 2], both[len(both) // 2 :]).decode()
    except (UnicodeError, binascii.Error, ValueError):
        return None
    shown, _, person = clear.partition(":")
    return person if crypto.same(shown, token) else None


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
