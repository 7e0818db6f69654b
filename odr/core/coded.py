"""Enums whose members carry the Chinese word that is shown for them."""

from enum import StrEnum
from typing import Self

from odr.core.i18n import _


class Coded(StrEnum):
    """A stored value with the Chinese word shown for it; `label` is that word in the request's language.

    `State("accepted")` looks a member up, as with every enum; the defaults below only let mypy read that call.
    """

    _value_: str
    zh: str

    def __new__(cls, value: str, zh: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        return member

    @property
    def label(self) -> str:
        return _(self.zh)
