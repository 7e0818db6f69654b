"""What people write for the official file. Shared by pages and JSON."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from odr.cases.codes import Side
from odr.core import clock
from odr.core.errors import Invalid
from odr.core.forms import Day, Strict
from odr.core.i18n import _
from odr.dossier.codes import LICENSED, AgentKind, Ending, Retention, Scope
from odr.meetings.schemas import Moment

_EARLIEST = date(2000, 1, 1)
SECTION_MAX = 6000
QUESTIONS_MAX = 60


def _not_ahead(day: date) -> date:
    if day > clock.today():
        raise ValueError(_("这个日期还没有到，请核对。"))
    if day < _EARLIEST:
        raise ValueError(_("这个日期太早了，请看看年份写对没有。"))
    return day


def _past(moment: datetime) -> datetime:
    if moment > clock.now():
        raise ValueError(_("这个时间还没有到。请填写事情发生的时间。"))
    if moment.year < _EARLIEST.year:
        raise ValueError(_("这个时间太早了，请看看年份写对没有。"))
    return moment


def _empty_is_none(given: object) -> object:
    return None if given in ("", "none") else given


PastDay = Annotated[Day, AfterValidator(_not_ahead)]
PastMoment = Annotated[Moment, AfterValidator(_past)]


class FilingIn(Strict):
    """立卷."""

    filed_on: PastDay
    retention: Retention
    remark: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)


class ParticularsIn(Strict):
    """What the forms ask of a natural person beside name, number, telephone and address."""

    ethnicity: str = Field(default="", max_length=20)
    occupation: str = Field(default="", max_length=60)
    domicile: str = Field(default="", max_length=120)


class MandateIn(Strict):
    """授权委托书. `scopes` in the order of the form; ⑦ is said in words."""

    kind: AgentKind
    licence_no: str = Field(default="", max_length=40)
    employer: str = Field(default="", max_length=80)
    scopes: list[Scope] = Field(min_length=1, max_length=7)
    other: str = Field(default="", max_length=200)
    signed_on: PastDay
    ends_on: Day | None = None

    def check(self, may_settle: bool) -> None:
        """Raises Invalid where the paper would say more, or less, than the party gave."""
        wrong: dict[str, str] = {}
        if self.kind in LICENSED and not self.licence_no:
            wrong["licence_no"] = _("律师和法律工作者要写执业证号。")
        if Scope.OTHER in self.scopes and not self.other:
            wrong["other"] = _("请写明“其他”是什么。")
        if self.ends_on is not None and self.ends_on < self.signed_on:
            wrong["ends_on"] = _("到期的日子早于签名的日子，请核对。")
        if Scope.CONCEDE in self.scopes and not may_settle:
            wrong["scopes"] = _("他是一般代理人，不能代为承认、变更、放弃请求。要有这项权限，请先由当事人给特别授权。")
        if wrong:
            raise Invalid(wrong)


Question = Annotated[str, Field(min_length=2, max_length=500)]
Reply = Annotated[str, Field(min_length=1, max_length=3000)]


class Exchange(Strict):
    """One question and its answer."""

    q: Question
    a: Reply


class InquiryIn(Strict):
    """调查记录. `side`: this side was asked and may read it; `shared`: both sides may."""

    held_at: PastMoment
    place: str = Field(min_length=2, max_length=120)
    matter: str = Field(min_length=2, max_length=120)
    asked: str = Field(min_length=1, max_length=50)
    about: str = Field(default="", max_length=120)
    present: str = Field(default="", max_length=200)
    writer: str = Field(min_length=1, max_length=50)
    talk: list[Exchange] = Field(min_length=1, max_length=QUESTIONS_MAX)
    side: Annotated[Side | None, BeforeValidator(_empty_is_none)] = None
    shared: bool = False

    @field_validator("talk", mode="before")
    @classmethod
    def _as_it_was_written(cls, given: object) -> object:
        return exchanges(given) if isinstance(given, str) else given


def exchanges(text: str) -> list[dict[str, str]]:
    """Lines that begin with 问 and 答, as such records are written; a line without either goes on with the one before.

    Raises ValueError with a sentence where a question has no answer or an answer no question.
    """
    found: list[dict[str, str]] = []
    last = ""
    for line in (one.strip() for one in text.splitlines()):
        if not line:
            continue
        mark, rest = line[0], line[1:].lstrip("：: ").strip()
        if mark == "问":
            if found and not found[-1]["a"]:
                raise ValueError(_("“%(question)s”还没有写回答。", question=found[-1]["q"][:20]))
            found.append({"q": rest, "a": ""})
        elif not found:
            raise ValueError(_("请用“问：”开头写问题，用“答：”开头写回答，一问一答。"))
        elif mark == "答":
            found[-1]["a"] += ("\n" if found[-1]["a"] else "") + rest
        else:
            found[-1][last] += "\n" + line
        last = "q" if mark == "问" else "a" if mark == "答" else last
    if not found:
        raise ValueError(_("请用“问：”开头写问题，用“答：”开头写回答，一问一答。"))
    if not found[-1]["a"]:
        raise ValueError(_("“%(question)s”还没有写回答。", question=found[-1]["q"][:20]))
    return found


def as_written(talk: list[tuple[str, str]]) -> str:
    """The same as text for the form."""
    return "\n".join(f"问：{q}\n答：{a}" for q, a in talk)


Section = Annotated[str, Field(max_length=SECTION_MAX)]


class RecordIn(Strict):
    """调解记录: the six things its body must show, each a section. Empty ones are named before it is frozen."""

    held_at: PastMoment
    ended_at: PastMoment | None = None
    place: str = Field(min_length=2, max_length=120)
    matter: str = Field(min_length=2, max_length=120)
    invited: str = Field(default="", max_length=200)
    writer: str = Field(min_length=1, max_length=50)
    rights: Section = ""
    principles: Section = ""
    statements: dict[Annotated[str, Field(max_length=32)], Section] = Field(default_factory=dict, max_length=12)
    course: Section = ""
    facts: Section = ""
    risk: Section = ""
    outcome: Section = ""
    ending: Ending | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> "RecordIn":
        if self.ended_at is not None and self.ended_at < self.held_at:
            raise ValueError(_("结束的时间早于开始的时间，请核对。"))
        return self


class StartIn(Strict):
    """A record is begun, from a meeting or from nothing."""

    meeting: Annotated[str | None, BeforeValidator(_empty_is_none)] = Field(default=None, max_length=32)


class PageIn(Strict):
    """What a party says of one page of exactly these bytes."""

    page: int = Field(ge=1, le=500)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    answer: Literal["confirm", "object"] = "confirm"
    objection: str = Field(default="", max_length=300)

    @model_validator(mode="after")
    def _says_what_is_wrong(self) -> "PageIn":
        if self.answer == "object" and len(self.objection) < 2:
            raise ValueError(_("请写明这一页哪里不对。"))
        return self


class OnPaperIn(Strict):
    """A party read the printed pages and signed each of them before staff."""

    party: str = Field(min_length=1, max_length=32)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    seen: bool

    @field_validator("seen")
    @classmethod
    def _really(cls, seen: bool) -> bool:
        if not seen:
            raise ValueError(_("请确认您看着当事人逐页签了名。"))
        return seen


class VoidIn(Strict):
    reason: str = Field(min_length=2, max_length=300)
