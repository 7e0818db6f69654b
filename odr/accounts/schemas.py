"""What comes in about people and logins. Shared by pages and JSON."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from odr.accounts import identity
from odr.accounts.models import Role
from odr.core.forms import Strict, narrow
from odr.core.i18n import _

_LOGIN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
_PASSWORD_MIN = 10


def _login_name(text: str) -> str:
    name = narrow(text).lower()
    if not _LOGIN_NAME.fullmatch(name):
        raise ValueError(_("登录名用 3 到 40 个小写字母、数字、点或短横，例如 zhang.san。"))
    return name


def _new_password(text: str) -> str:
    if len(text) < _PASSWORD_MIN:
        raise ValueError(_("新密码至少 %(n)s 位。可以用一句只有您知道的话。", n=_PASSWORD_MIN))
    return text


# Late binding of the sentences: they are looked up in the language of the request.
Phone = Annotated[str, Field(max_length=40), AfterValidator(lambda text: identity.normalise_phone(text))]
Name = Annotated[str, Field(max_length=80), AfterValidator(lambda text: identity.normalise_name(text))]
IdNo = Annotated[str, Field(max_length=40), AfterValidator(lambda text: identity.normalise_id_no(text))]
Note = Annotated[str, Field(max_length=200)]
# A long text would be a long hash: what no person types is refused before it reaches argon2.
Password = Annotated[str, Field(min_length=1, max_length=200)]


class CodeRequest(Strict):
    phone: Phone


class CodeGiven(Strict):
    code: Annotated[str, Field(max_length=24)]


class CodeLogin(CodeRequest, CodeGiven):
    pass


class StaffLogin(Strict):
    login_name: Annotated[str, Field(max_length=60)]
    password: Password
    totp: Annotated[str, Field(max_length=24)]


class NameGiven(Strict):
    name: Name


class RealName(Strict):
    name: Name
    id_no: IdNo


class AddressGiven(Strict):
    address: Annotated[str, Field(max_length=120)] = ""


class PasswordChange(Strict):
    old: Password
    new: Annotated[str, Field(max_length=200), AfterValidator(_new_password)]


class Vouched(Strict):
    """What a clerk or mediator reads off the identity paper of the person in front of them."""

    phone: Phone
    name: Name
    id_no: IdNo
    note: Note = ""
    seen: Literal["1", True]


class NewGrant(Strict):
    """A role; `body` is the public id of the body, left out for the city's roles."""

    role: Role
    body: Annotated[str, Field(max_length=32)] | None = None


class NewStaff(NewGrant):
    name: Name
    phone: Phone
    login_name: Annotated[str, Field(max_length=60), AfterValidator(_login_name)]


class NewKey(Strict):
    name: Annotated[str, Field(min_length=2, max_length=60)]
    scope: Annotated[str, Field(max_length=32)] = "hotline"
