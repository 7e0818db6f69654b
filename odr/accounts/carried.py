"""What a browser carries from one page to the next in a sealed cookie: never in an address, which ends up in logs.

The phone number between asking for a code and typing it; a new password, key or QR that is shown once; a sentence
about what has just been done.
"""

import base64
import binascii

import orjson
from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.responses import Response

from odr.core import clock, crypto, web


def carry(
    request: Request, response: Response, name: str, value: object, *, path: str = "/", seconds: int = 60
) -> None:
    """Give the browser `value` (anything JSON can hold), sealed, for at most so many seconds."""
    until = int(clock.steady().timestamp()) + seconds
    sealed = crypto.keyring().seal(orjson.dumps([name, until, value]).decode())
    response.set_cookie(
        name,
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="lax",
        secure=web.odr(request).settings.is_https,
    )


def carried(request: Request, name: str) -> object | None:
    """What was given under this name; None when there is nothing, or it is too old or not ours."""
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(name, ""))
        kept, until, value = orjson.loads(crypto.keyring().unseal(sealed))
    except (ValueError, InvalidTag, binascii.Error):
        return None
    return value if kept == name and until > clock.steady().timestamp() else None


def drop(response: Response, name: str, *, path: str = "/") -> None:
    """Take it back from the browser."""
    response.delete_cookie(name, path=path)
