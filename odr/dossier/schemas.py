"""What people write for the official file. Shared by pages and JSON."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from odr.cases.codes import Side
from odr.core import clock
from odr.core.errors import Invalid
from odr.core.forms import Day, Strict
from odr.core.i18n import N_, _
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
    def _as_it_was_written(cls, given: object, info: ValidationInfo) -> object:
        return exchanges(given, str(info.data.get("asked", ""))) if isinstance(given, str) else given


_COLON = "[:：﹕∶]"
_MARKED = re.compile(rf"([^\s:：﹕∶，。？！；、]{{0,20}}?)\s*([问答])\s*{_COLON}\s*(.*)")
_SPACED = re.compile(r"([问答])\s+(.*)")
_BARE = re.compile(r"(问(?!题|候)|答(?![应复案]))(.*)")
_NAMED = re.compile(rf"([^\s:：﹕∶，。？！；、\d]{{1,20}})\s*{_COLON}\s*(.*)")
_HOW = N_("请用“问：”开头写问题，用“答：”开头写回答，一问一答。")


def exchanges(text: str, asked: str = "") -> list[dict[str, str]]:
    """Questions and answers as such records are written: 问： and 答：, with either colon, with a name before them, or
    names alone (who speaks first asks). A line without such a beginning goes on with the one before, so that no word is
    lost. `asked`: who was asked; the form names him, so his name is not repeated, another's stands in brackets.

    Raises ValueError with a sentence where a question has no answer or an answer no question.
    """
    lines = [line for one in text.splitlines() if (line := one.strip())]
    found: list[dict[str, str]] = []
    said_by = {"问": "", "答": asked}
    last = ""
    for mark, name, words in _turns(lines, asked):
        if not mark:
            if not found:
                raise ValueError(_(_HOW))
            found[-1][last] += "\n" + words
            continue
        if name and name not in (asked, said_by[mark]):
            words = f"（{name}）{words}"
        said_by[mark] = name or said_by[mark]
        if mark == "问":
            if found and not found[-1]["a"]:
                raise ValueError(_("“%(question)s”还没有写回答。", question=found[-1]["q"][:20]))
            found.append({"q": words, "a": ""})
        elif not found:
            raise ValueError(_(_HOW))
        else:
            found[-1]["a"] += ("\n" if found[-1]["a"] else "") + words
        last = "q" if mark == "问" else "a"
    if not found:
        raise ValueError(_(_HOW))
    if not found[-1]["a"]:
        raise ValueError(_("“%(question)s”还没有写回答。", question=found[-1]["q"][:20]))
    return found


def _turns(lines: list[str], asked: str) -> Iterator[tuple[str, str, str]]:
    """Each line as (问, 答 or nothing, name, words). Which way of writing it is, the whole text decides: in a record
    with 问： and 答： a line that only begins with one of these signs (答应了…) is no new turn, nor is 时间：, nor
    我问： inside an answer."""
    plain = any(_SPACED.fullmatch(line) or ((turn := _MARKED.fullmatch(line)) and not turn[1]) for line in lines)
    marked = plain or any(_MARKED.fullmatch(line) for line in lines)
    if not marked and lines and _BARE.fullmatch(lines[0]):
        yield from (((turn[1], "", turn[2]) if (turn := _BARE.fullmatch(line)) else ("", "", line)) for line in lines)
        return
    speakers = _speakers(lines, asked, marked)
    first = _MARKED.fullmatch(lines[0]) if lines else None
    known = {"", asked, first[1] if first else ""}
    for line in lines:
        if (turn := _MARKED.fullmatch(line)) and (not plain or turn[1] in known):
            yield turn[2], turn[1], turn[3]
        elif marked and (turn := _SPACED.fullmatch(line)):
            yield turn[1], "", turn[2]
        elif (turn := _NAMED.fullmatch(line)) and turn[1] in speakers:
            yield speakers[turn[1]], turn[1], turn[2]
        else:
            yield "", "", line


def _speakers(lines: list[str], asked: str, marked: bool) -> dict[str, str]:
    """Who asks and who answers, where a name alone stands before the colon: the first asks, the next other answers.
    Beside 问： and 答： only the one who was asked is known by name."""
    names = list(dict.fromkeys(turn[1] for line in lines if (turn := _NAMED.fullmatch(line))))
    if marked or asked in names:
        first = {} if marked or names[0] == asked else {names[0]: "问"}
        return first | ({asked: "答"} if asked else {})
    return dict(zip(names, ("问", "答"), strict=False))


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
