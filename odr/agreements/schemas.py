"""What people send about agreements; the same for pages and the JSON API."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from odr.accounts import service as accounts
from odr.agreements.court_codes import NOT_ACCEPTED, Head
from odr.cases.codes import Channel, Coded, CourtOutcome, Side
from odr.core import clock
from odr.core.errors import Invalid
from odr.core.forms import Strict, narrow
from odr.core.i18n import N_, _
from odr.evidence import genuine

MOST_FEN = 100_000_000_000  # a thousand million yuan: beyond it a key was held down
_LATEST_YEARS = 30
_EARLIEST_YEAR = 2000
_AMOUNT = re.compile(r"\d+(\.\d+)?|\.\d+")
# A bank's number, a telephone or an address by which a purse is found: without one nobody can pay.
_ACCOUNT = re.compile(r"(?:\d[ -]?){6,}|[\w.+-]+@[\w-]+\.\w+")
_DATE = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?")


class Kind(Coded):
    """What a clause asks for."""

    PAY = "pay", N_("付款")
    ACT = "act", N_("做一件事")
    REFRAIN = "refrain", N_("今后不做某事")
    APOLOGISE = "apologise", N_("赔礼道歉")
    OTHER = "other", N_("其他约定")


class Performed(Coded):
    """How far an agreement was performed, as told at a return visit."""

    YES = "yes", N_("已经履行")
    PARTLY = "partly", N_("履行了一部分")
    NO = "no", N_("没有履行")


class AtOnce(Coded):
    """How far an oral agreement was kept on the spot (协议履行情况)."""

    DONE = "done", N_("当场已经履行")
    PARTLY = "partly", N_("当场履行了一部分")
    LATER = "later", N_("以后履行")


class Answer(StrEnum):
    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"


def _fen(given: object) -> int | None:
    """Yuan as people write them (full-width, commas, 元) in whole fen. Raises ValueError with a sentence."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise ValueError(_("金额请写数字，例如 2600 或 2600.50。"))
    text = narrow(str(given)).replace(",", "").replace("，", "").replace(" ", "").removesuffix("元")
    text = text.removeprefix("¥").removeprefix("￥")
    if text.startswith(("-", "−", "－")):
        raise ValueError(_("金额要大于 0。"))
    if not _AMOUNT.fullmatch(text) or not text.isascii():
        raise ValueError(_("金额请写数字，例如 2600 或 2600.50。"))
    whole, _dot, rest = text.partition(".")
    if len(rest) > 2:
        raise ValueError(_("金额最多写到分，也就是小数点后两位。"))
    if len(whole.lstrip("0")) > 10:
        raise ValueError(_("金额太大了，请看看是不是多写了几个 0。"))
    fen = int(whole or "0") * 100 + int(rest.ljust(2, "0") or "0")
    if fen <= 0:
        raise ValueError(_("金额要大于 0。"))
    if fen > MOST_FEN:
        raise ValueError(_("金额太大了，请看看是不是多写了几个 0。"))
    return fen


def _day(given: object) -> object:
    """2026-11-24, 2026/11/24, 2026年11月24日, also in full-width digits, as a date."""
    if not isinstance(given, str) or not given.strip():
        return given or None
    if found := _DATE.fullmatch(narrow(given)):
        try:
            return date(*(int(part) for part in found.groups()))
        except ValueError:
            pass
    raise ValueError(_("没有这个日期。请按“2026-11-24”的样子填写。"))


def _to_come(day: date | None) -> date | None:
    if day is not None and day < clock.today():
        raise ValueError(_("这个日期已经过去了。请写今天或以后的日期。"))
    if day is not None and day.year > clock.today().year + _LATEST_YEARS:
        raise ValueError(_("这个日期太远了，请看看年份写对没有。"))
    return day


def _moment(given: object) -> object:
    """A date and time as the phone's field sends it, read as Wuhai's wall clock."""
    if not isinstance(given, str):
        return given
    try:
        found = datetime.fromisoformat(narrow(given))
    except ValueError:
        raise ValueError(_("没有这个时间。请按“2026-11-24 15:00”的样子填写。")) from None
    return found if found.tzinfo else found.replace(tzinfo=clock.SHANGHAI)


def _happened(moment: datetime) -> datetime:
    if moment > clock.now():
        raise ValueError(_("这个时间还没有到。请填写事情发生的时间。"))
    if moment.year < _EARLIEST_YEAR:
        raise ValueError(_("这个时间太早了，请看看年份写对没有。"))
    return moment


def _gone(day: date) -> date:
    if day > clock.today():
        raise ValueError(_("这一天还没有到。请填写已经发生的日期。"))
    if day.year < _EARLIEST_YEAR:
        raise ValueError(_("这个日期太早了，请看看年份写对没有。"))
    return day


def _gone_or_none(day: date | None) -> date | None:
    return _gone(day) if day is not None else None


def _heard(channel: Channel) -> Channel:
    if channel not in (Channel.ONSITE, Channel.PHONE):
        raise ValueError(_("请选择当面还是电话。"))
    return channel


def _seconds(given: object) -> int | None:
    """How long the reading took, as a page tells it. It decides nothing, so what cannot be is left out."""
    text = str(given if given is not None else "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


Fen = Annotated[int | None, BeforeValidator(_fen)]
Day = Annotated[date | None, BeforeValidator(_day), AfterValidator(_to_come)]
PastDay = Annotated[date, BeforeValidator(_day), AfterValidator(_gone)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
PastMoment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_happened)]
Gone = Annotated[date | None, BeforeValidator(_day), AfterValidator(_gone_or_none)]
Pid = Annotated[str, Field(min_length=1, max_length=32)]
Digits = Annotated[str, BeforeValidator(lambda given: narrow(given) if isinstance(given, str) else given)]
Code = Annotated[Digits, Field(max_length=24), AfterValidator(accounts.normalise_code)]


class SheetIn(Strict):
    """The head of a draft: what happened, and what was in dispute."""

    facts: str = Field(default="", max_length=4000)
    issues: str = Field(default="", max_length=2000)


class DraftIn(SheetIn):
    """`copied`: begin with the clauses of the agreement in effect, where there is one."""

    form: Literal["written", "oral"] = "written"
    copied: bool = False


_LEAST_TEXT = 2


class ClauseIn(Strict):
    """One clause. `amount` is in yuan, `obligor` and `obligee` are party ids; an empty obligee means everybody else.

    `begins_on` and `recurring` say of a lasting duty since when and how often; `account` is where money is paid to.
    """

    kind: Kind
    obligor: Pid | None = None
    obligee: Pid | None = None
    text: str = Field(default="", max_length=1000)
    amount: Fen = None
    due_on: Day = None
    manner: str = Field(default="", max_length=120)
    place: str = Field(default="", max_length=120)
    begins_on: Day = None
    recurring: str = Field(default="", max_length=80)
    account: str = Field(default="", max_length=120)

    def check(self) -> None:
        """What one field asks of another. Raises Invalid naming each."""
        wrong: dict[str, str] = {}
        if len(self.text) < _LEAST_TEXT:
            # Asked here and not by the field, so that it is named together with what else is missing.
            wrong["text"] = _("写得太短了，至少要写 %(n)s 个字。", n=_LEAST_TEXT) if self.text else _("请填写这一项。")
        if self.obligor is None:
            wrong["obligor"] = _("请选择由谁来做。")
        if self.obligor is not None and self.obligor == self.obligee:
            wrong["obligee"] = _("做的人和接受的人不能是同一个。")
        if self.kind is Kind.PAY:
            if self.amount is None:
                wrong["amount"] = _("付款要写明金额。")
            if self.obligee is None:
                wrong["obligee"] = _("请选择付给谁。")
            if self.due_on is None and not self.recurring:
                wrong["due_on"] = _("请写明哪一天以前付清。")
        elif self.amount is not None:
            wrong["amount"] = _("只有“付款”才写金额。请改选“付款”，或者去掉金额。")
        if self.account and self.kind is not Kind.PAY:
            wrong["account"] = _("只有“付款”才写收款账户。")
        elif self.account and not _ACCOUNT.search(narrow(self.account)):
            wrong["account"] = _("请写全收款账户，例如：王某某，工商银行海勃湾支行，6222…（全部数字）。")
        if self.begins_on is not None and self.due_on is not None and self.begins_on > self.due_on:
            wrong["due_on"] = _("结束的日期在开始的日期以前。")
        if wrong:
            raise Invalid(wrong)


class ClauseChangeIn(ClauseIn):
    """A changed clause. `version`: the one its writer saw; another hand's change since then is not written over."""

    version: int | None = Field(default=None, ge=1)


class OrderIn(Strict):
    """All clauses of a draft in their new order."""

    clauses: list[Pid] = Field(min_length=1, max_length=60)


class AnswerIn(Strict):
    """A party's answer to the clause version it saw. `audience` says who reads the comment."""

    answer: Answer
    version: int = Field(ge=1)
    comment: str = Field(default="", max_length=300)
    audience: Literal["joint", "private"] = "joint"

    def check(self) -> None:
        if self.answer is Answer.CHANGE and len(self.comment) < 2:
            raise Invalid({"comment": _("请写下您希望怎么改。")})
        if self.answer is Answer.REJECT and len(self.comment) < 2:
            raise Invalid({"comment": _("请写一句为什么不同意。")})


class ClausesIn(Strict):
    """Several clauses at once, as a set of texts gives them."""

    clauses: list[ClauseIn] = Field(min_length=1, max_length=12)

    def check(self) -> None:
        """Raises Invalid naming each wrong field with its place in the list."""
        wrong: dict[str, str] = {}
        for n, clause in enumerate(self.clauses):
            try:
                clause.check()
            except Invalid as refused:
                wrong |= {f"clauses.{n}.{name}": words for name, words in refused.fields.items()}
        if wrong:
            raise Invalid(wrong)


class ProposalIn(ClauseIn):
    """A clause somebody suggests: a party to all or to the mediator alone, the mediator to one side alone (`side`).

    `target` names the clause it would replace; `note` says why."""

    target: Pid | None = None
    audience: Literal["joint", "private"] = "joint"
    side: Side | None = None
    note: str = Field(default="", max_length=300)

    def clause(self) -> ClauseIn:
        """What would stand on the board."""
        # Not parsed again: the amount is in fen by now.
        return ClauseIn.model_construct(**{name: getattr(self, name) for name in ClauseIn.model_fields})


class ReplyIn(Strict):
    """What a side says, to the mediator alone, of what the mediator put to it."""

    reply: Literal["accept", "reject"]
    note: str = Field(default="", max_length=300)


class ReleaseIn(Strict):
    """A private comment is released: the version of the clause it was written on."""

    version: int = Field(ge=1)


class SeenClause(Strict):
    clause: Pid
    version: int = Field(ge=1)


class AcceptAllIn(Strict):
    """Accepts every clause as it was shown: each with the version the party saw."""

    clauses: list[SeenClause] = Field(min_length=1, max_length=60)


class ReasonIn(Strict):
    reason: str = Field(min_length=2, max_length=300)


class ReadIn(Strict):
    """The end of the text was reached: seen by the page's script, by the second of two pages, or told by a program."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    read: bool = False
    way: Literal["scrolled", "pages", "told"] = "told"
    reached: bool = False
    seconds: Annotated[int | None, BeforeValidator(_seconds)] = None

    def check(self) -> None:
        if self.way == "scrolled" and not self.reached:
            raise Invalid({"read": _("还没有看到最后。请往下看完，再点这里。")})
        if not self.read:
            raise Invalid({"read": _("请先把协议从头到尾读完，再勾选这一项。")})


class SignIn(Strict):
    """A signature on the screen: drawn, or typed where a hand cannot draw, plus a fresh code."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    read: bool = False
    e_sign: bool = False
    strokes: str = Field(default="", max_length=200_000)
    typed_name: str = Field(default="", max_length=50)
    code: Code = ""

    def check(self) -> None:
        if not self.read:
            raise Invalid({"read": _("请先把协议从头到尾读完，再勾选这一项。")})

    def gaps(self, *, party: bool) -> dict[str, str]:
        """What was left empty, all of it, each with its sentence; `party`: a party agrees to signing by this means."""
        found: dict[str, str] = {}
        if party and not self.e_sign:
            found["e_sign"] = _("请先同意使用电子签名。不愿意的，可以到窗口签纸质协议。")
        if not self.strokes.strip() and not self.typed_name:
            found["strokes"] = _("请用手指在框里写下您的名字。")
        if not self.code:
            found["code"] = _("请填写这一项。")
        return found


class ConfirmOralIn(Strict):
    """A party's confirmation of the oral agreement as registered."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    code: Code


class RegisterIn(Strict):
    """What the register form of an oral agreement asks beside the clauses."""

    held_on: PastDay
    place: str = Field(min_length=2, max_length=120)
    cross_committee: bool = False
    performed: AtOnce


class VouchIn(Strict):
    """An oral agreement confirmed before the mediator or clerk: `onsite` in person, or `phone`."""

    party: Pid
    channel: Annotated[Channel, AfterValidator(_heard)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    note: str = Field(min_length=2, max_length=200)


def _check_code(given: str) -> str:
    if (plain := genuine.read_code(given)) is None:
        raise ValueError(_("请照着纸上抄写 12 位核对码，例如 K7QM-3XRT-9FHW。"))
    return plain


class PaperIn(Strict):
    """A signed sheet taken in at the counter: who signed on it, and the check code printed on it."""

    signers: list[Pid] = Field(min_length=1, max_length=12)
    check_code: Annotated[str, AfterValidator(_check_code)]
    signed_on: Annotated[date | None, BeforeValidator(_day), AfterValidator(_gone_or_none)] = None
    seen: bool = False
    note: str = Field(default="", max_length=200)

    def check(self) -> None:
        if not self.seen:
            raise Invalid({"seen": _("请先核对签名的人和身份证件，再勾选这一项。")})


class ClaimIn(Strict):
    """ "I have done it". `amount` in yuan, empty for all that is left; `part`: of a deed, not all of it yet; `again`: a
    second payment of the same sum on the same day."""

    note: str = Field(default="", max_length=300)
    amount: Fen = None
    done_on: Gone = None
    part: bool = False
    again: bool = False


class SettleIn(Strict):
    """The obligee's answer: all was done, a part was (`amount` in yuan), or what is missing."""

    answer: Literal["confirm", "part", "dispute"]
    amount: Fen = None
    received_on: Gone = None
    note: str = Field(default="", max_length=300)

    def check(self) -> None:
        if self.answer == "dispute" and len(self.note) < 2:
            raise Invalid({"note": _("请写下哪里还没有做到。")})


class RecordIn(Strict):
    """What the obligee said at a visit or by telephone. `amount` and `received_on` belong to `part`."""

    outcome: Literal["done", "part", "waived", "pending"]
    channel: Channel
    amount: Fen = None
    received_on: Gone = None
    note: str = Field(min_length=2, max_length=300)


class UrgeIn(Strict):
    channel: Channel
    note: str = Field(min_length=2, max_length=300)


class CourtConsentIn(Strict):
    """A party agrees to ask the court together. Staff name the party that signed the paper before them, and where."""

    party: Pid | None = None
    channel: Channel | None = None
    note: str = Field(default="", max_length=200)

    def check(self) -> None:
        """What staff must say about a consent on paper. Raises Invalid naming each."""
        wrong: dict[str, str] = {}
        if self.party is None:
            wrong["party"] = _("请选择是哪一位当事人。")
        if self.channel is None:
            wrong["channel"] = _("请选择在哪里签的。")
        if len(self.note) < 2:
            wrong["note"] = _("请写明怎样核对的，例如看了身份证，当面签的申请书。")
        if wrong:
            raise Invalid(wrong)


class CourtRequestIn(Strict):
    """The joint request was handed to a court. `court`: a key of `courts.COURTS`, or `other` with its name."""

    court: str = Field(default="", max_length=12)
    court_name: str = Field(default="", max_length=80)
    docket_no: str = Field(default="", max_length=60)
    applied_on: PastDay
    fits: bool = False


class CourtOutcomeIn(Strict):
    """What the court said, and when; where it said no, on which head (民诉法解释 Art. 355, 358)."""

    outcome: CourtOutcome
    decided_on: PastDay
    head: Head | None = None
    docket_no: str = Field(default="", max_length=60)
    note: str = Field(default="", max_length=300)

    def check(self) -> None:
        """Whether the head fits the outcome. Raises Invalid."""
        if self.outcome not in (CourtOutcome.REFUSED, CourtOutcome.REJECTED):
            return
        if self.head is None:
            raise Invalid({"head": _("请选择法院写的是哪一项理由。")})
        if self.outcome is CourtOutcome.REFUSED and self.head not in NOT_ACCEPTED:
            raise Invalid({"head": _("不予受理的，只有前五项理由。请再看一眼裁定书。")})


class CourtWordIn(CourtOutcomeIn):
    """The same from the court's own machine, about one request that was handed in."""

    request: Pid


class VisitIn(Strict):
    """A return visit, with what the form asks (回访记录). satisfaction: 1 (very satisfied) to 5 (very dissatisfied).

    `signs`: `wrong` (the mediation may have been wrong), `escalation` (it may grow worse), `risk` (another danger).
    """

    party: Pid
    channel: Channel
    visited_at: PastMoment
    performed: Performed
    satisfaction: int = Field(ge=1, le=5)
    new_conflict: bool = False
    note: str = Field(default="", max_length=500)
    why: str = Field(default="", max_length=120)
    suit: str = Field(default="", max_length=200)
    signs: list[Literal["wrong", "escalation", "risk"]] = Field(default_factory=list, max_length=3)
    steps: str = Field(default="", max_length=300)
