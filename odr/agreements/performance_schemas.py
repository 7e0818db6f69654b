"""What people send about performing and return visits; the same for pages and the JSON API."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from odr.agreements.schemas import Day, Performed
from odr.cases.codes import Channel
from odr.core.errors import Invalid
from odr.core.forms import Strict
from odr.core.i18n import _

_HEARD = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.ONSITE, Channel.WECHAT)


def _empty(given: object) -> object:
    return None if isinstance(given, str) and not given.strip() else given


def _heard(channel: Channel | None) -> Channel | None:
    if channel is not None and channel not in _HEARD:
        raise ValueError(_("请从给出的选项里选一个。"))
    return channel


Heard = Annotated[Channel | None, BeforeValidator(_empty), AfterValidator(_heard)]


class PartAnswerIn(Strict):
    """The obligee's word on one payment."""

    answer: Literal["confirm", "dispute"]
    note: str = Field(default="", max_length=300)

    def check(self) -> None:
        if self.answer == "dispute" and len(self.note) < 2:
            raise Invalid({"note": _("请写下哪里不对，例如没有收到这一笔。")})


class PostponeIn(Strict):
    """A later day for one promise. Staff who write down what the obligor told them name the `channel`."""

    to: Day = None
    reason: str = Field(min_length=2, max_length=300)
    channel: Heard = None

    def day(self) -> date:
        """Raises Invalid when no day was given."""
        if self.to is None:
            raise Invalid({"to": _("请写哪一天以前能做到。")})
        return self.to


class PostponeAnswerIn(Strict):
    """The obligee's answer; staff who heard it name the `channel` and how they heard it."""

    answer: Literal["agree", "refuse"]
    note: str = Field(default="", max_length=300)
    channel: Heard = None


class CertificateIn(Strict):
    """A certificate that all was performed. `reference`: the office that wants it and its number of the matter."""

    purpose: str = Field(default="", max_length=120)
    reference: str = Field(default="", max_length=80)


class VisitFormIn(Strict):
    """What a party fills in by itself."""

    performed: Performed
    satisfaction: int = Field(ge=1, le=5)
    new_conflict: bool = False
    note: str = Field(default="", max_length=500)
