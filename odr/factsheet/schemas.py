"""What people send about facts; the same for pages and the JSON API."""

from typing import Annotated

from pydantic import AfterValidator, Field

from odr.cases.codes import Channel
from odr.core.errors import Invalid
from odr.core.forms import Strict
from odr.core.i18n import _
from odr.factsheet.rules import Answer, Kind, offer_in

MOST = 60
Pid = Annotated[str, Field(min_length=1, max_length=32)]


def _heard(channel: Channel) -> Channel:
    if channel not in (Channel.ONSITE, Channel.PHONE):
        raise ValueError(_("请选择当面还是电话。"))
    return channel


class FactIn(Strict):
    """One fact. `sure`: a word in it sounds like an offer, and the writer says that it is a fact all the same."""

    kind: Kind = Kind.AGREED
    text: str = Field(min_length=4, max_length=600)
    sure: bool = False

    def check(self) -> None:
        """Raises Invalid where the text sounds like a concession."""
        if not self.sure and (word := offer_in(self.text)) is not None:
            say = _("“%(word)s”像是让步或方案。这里只写发生过的事；让步请到调解室里说。确实是事实的，请勾选下面一项。")
            raise Invalid({"text": say % {"word": word}})


class AnswerIn(Strict):
    """A party's word on the version it saw."""

    answer: Answer
    version: int = Field(ge=1)
    words: str = Field(default="", max_length=300)

    def check(self) -> None:
        if self.answer is Answer.DISPUTE and len(self.words) < 2:
            raise Invalid({"words": _("请写一句：您认为实际情况是怎样的。")})


class SeenFact(Strict):
    fact: Pid
    version: int = Field(ge=1)


class ConfirmIn(Strict):
    """Confirms facts as they were shown: each with the version the party saw."""

    facts: list[SeenFact] = Field(min_length=1, max_length=MOST)


class VouchIn(ConfirmIn):
    """A party confirmed these facts to the mediator in person or by telephone."""

    party: Pid
    channel: Annotated[Channel, AfterValidator(_heard)]
    note: str = Field(min_length=2, max_length=200)


class ReleaseIn(Strict):
    """Whether the agreed facts may go on to a court or another body."""

    allowed: bool
