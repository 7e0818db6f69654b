"""What comes in about a case: the application, and the word with which each step is made. Shared by pages and JSON."""

from datetime import date
from typing import Annotated, TypeGuard

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from odr.accounts import identity
from odr.cases.codes import (
    Category,
    Channel,
    ConsentKind,
    ObjectionGround,
    PartyKind,
    PartyRole,
    RefusalGround,
    Result,
    SuspendReason,
    Will,
)
from odr.core import clock
from odr.core.forms import Strict, narrow
from odr.core.i18n import _

FACTS_MAX = 4000
PARTIES_MAX = 5


def _not_ahead(day: date) -> date:
    if day > clock.today():
        raise ValueError(_("这个日期还没有到。请填写事情发生的日子。"))
    return day


def reachable_number(text: str) -> str:
    """A mobile or a landline, in plain digits. Raises ValueError with a sentence."""
    digits = "".join(sign for sign in narrow(text) if sign in "0123456789+").removeprefix("+86")
    if not 7 <= len(digits) <= 13 or not digits.isdigit():
        raise ValueError(_("请填写手机号码，或带区号的座机号码。"))
    # No landline begins with 1: this is a mobile with a digit lost or doubled, and its owner would never hear of it.
    if digits.startswith("1") and not is_mobile(digits):
        raise ValueError(_("手机号码应当是 11 位数字，请再核对一下。"))
    return digits


def is_mobile(number: str | None) -> TypeGuard[str]:
    """Whether a text message can reach this number."""
    return number is not None and len(number) == 11 and number[0] == "1" and number[1] in "3456789"


Name = Annotated[str, Field(max_length=80), AfterValidator(lambda text: identity.normalise_name(text))]
Phone = Annotated[str, Field(max_length=24), AfterValidator(reachable_number)]
Note = Annotated[str, Field(max_length=500)]
Reason = Annotated[str, Field(min_length=2, max_length=300)]


class PartyIn(Strict):
    """A party as it was named, by itself or by the other side."""

    kind: PartyKind = PartyKind.NATURAL
    name: Name
    legal_rep: Annotated[str, Field(max_length=50)] = ""
    phone: Phone | None = None
    id_no: Annotated[str, Field(max_length=32)] | None = None
    address: Annotated[str, Field(max_length=120)] | None = None

    @field_validator("id_no")
    @classmethod
    def _an_id_of_its_kind(cls, id_no: str | None, info: ValidationInfo) -> str | None:
        if id_no is None or info.data.get("kind") is PartyKind.NATURAL:
            return id_no and identity.normalise_id_no(id_no)
        code = narrow(id_no).upper()
        if not (len(code) == 18 and code.isascii() and code.isalnum()):
            raise ValueError(_("统一社会信用代码是 18 位字母和数字。请对照营业执照，再填一次。"))
        return code

    @model_validator(mode="after")
    def _persons_have_no_head(self) -> "PartyIn":
        if self.kind is PartyKind.NATURAL and self.legal_rep:
            raise ValueError(_("个人不用填写负责人。"))
        return self


class AgentIn(Strict):
    """Somebody who acts for a party; `may_settle` is the special authority to concede and sign (特别授权)."""

    name: Name
    phone: Phone
    role: PartyRole = PartyRole.AGENT
    may_settle: bool = False

    @field_validator("role")
    @classmethod
    def _acts_for_somebody(cls, role: PartyRole) -> PartyRole:
        if role is PartyRole.PARTY:
            raise ValueError(_("请选择代理人或监护人。"))
        return role


class Application(Strict):
    """申请书. The title is what both sides and the lists show: it names no person."""

    title: Annotated[str, Field(max_length=60)] = ""
    category: Category
    facts: Annotated[str, Field(min_length=10, max_length=FACTS_MAX)]
    claims: Annotated[list[Annotated[str, Field(min_length=2, max_length=200)]], Field(min_length=1, max_length=6)]
    occurred_on: Annotated[date, AfterValidator(_not_ahead)] | None = None
    place: Annotated[str, Field(max_length=120)] = ""
    division_code: Annotated[str, Field(pattern=r"^\d{12}$")]
    amount_fen: Annotated[int, Field(gt=0, le=10**12)] | None = None
    violence: bool = False
    supply_stop: bool = False
    applicant: PartyIn
    respondents: Annotated[list[PartyIn], Field(min_length=1, max_length=PARTIES_MAX)]
    agent: AgentIn | None = None


# --- steps ----------------------------------------------------------------------------------------------------------


class Act(Strict):
    """Every step may carry the version of the case it was made on: a stale page is then refused (409)."""

    version: int | None = None


class Nothing(Act):
    """A step that needs no word."""


class Supplement(Act):
    items: Annotated[list[Annotated[str, Field(min_length=2, max_length=100)]], Field(min_length=1, max_length=10)]

    @field_validator("items", mode="before")
    @classmethod
    def _a_line_each(cls, given: object) -> object:
        return [line.strip() for line in given.splitlines() if line.strip()] if isinstance(given, str) else given


class Supplemented(Act):
    facts: Annotated[str, Field(max_length=2000)] = ""


class Refused(Act):
    ground: RefusalGround
    note: Note = ""


class Transferred(Act):
    target: Annotated[str, Field(min_length=2, max_length=80)]
    receipt: Annotated[str, Field(min_length=1, max_length=80)]
    note: Note = ""


class Routed(Act):
    body: Annotated[str, Field(max_length=32)]
    why: Annotated[str, Field(max_length=200)] = ""


class Answered(Act):
    party: Annotated[str, Field(max_length=32)] | None = None
    will: Will
    channel: Channel = Channel.WEB
    note: Note = ""

    @field_validator("will")
    @classmethod
    def _an_answer(cls, will: Will) -> Will:
        if will is Will.UNKNOWN:
            raise ValueError(_("请选择同意或不同意。"))
        return will


class Assigned(Act):
    mediator: Annotated[str, Field(max_length=32)]
    why: Annotated[str, Field(max_length=200)] = ""


class Disclosed(Act):
    """related: yes | no. A mediator with nothing to disclose says so in words that the parties see."""

    related: Annotated[str, Field(pattern="^(yes|no)$")]
    disclosure: Annotated[str, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _says_how(self) -> "Disclosed":
        if self.related == "yes" and len(self.disclosure) < 2:
            raise ValueError(_("请写明是什么关系，当事人会看到这段话。"))
        return self


class Reasoned(Act):
    reason: Reason


class Objection(Act):
    ground: ObjectionGround
    note: Annotated[str, Field(max_length=200)] = ""


class ObjectionAnswer(Act):
    upheld: bool
    answer: Reason


class Suspension(Act):
    reason: SuspendReason
    note: Note = ""


class Withdrawal(Act):
    result: Result = Result.WITHDRAWN
    note: Note = ""


class Noted(Act):
    note: Note = ""


class Ended(Act):
    result: Result
    note: Reason


class Consent(Act):
    kind: ConsentKind
    party: Annotated[str, Field(max_length=32)] | None = None
    channel: Channel = Channel.WEB
    text_version: Annotated[str, Field(max_length=24)] | None = None


class Revoked(Act):
    kind: ConsentKind
    party: Annotated[str, Field(max_length=32)] | None = None


class Offline(Act):
    party: Annotated[str, Field(max_length=32)] | None = None
    channel: Channel = Channel.WEB


class Confirmed(Act):
    """How an entry was confirmed: by the person (`self`), on the clerk's screen, or in a call back."""

    how: Annotated[str, Field(pattern="^(self|screen|call)$")] = "self"


class Contact(Act):
    party: Annotated[str, Field(max_length=32)]
    channel: Channel
    result: Annotated[str, Field(min_length=2, max_length=120)]


class Invited(Act):
    party: Annotated[str, Field(max_length=32)]


class Delivered(Act):
    party: Annotated[str, Field(max_length=32)]
    channel: Channel


class AgentAdded(Act):
    party: Annotated[str, Field(max_length=32)]
    name: Name
    phone: Phone
    role: PartyRole = PartyRole.AGENT
    may_settle: bool = False


class Taken(Strict):
    """An invitation taken: by the token of its link or the code read aloud, with the name of who takes it."""

    token: Annotated[str, Field(max_length=80)] | None = None
    code: Annotated[str, Field(max_length=16)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=80)]

    @model_validator(mode="after")
    def _one_of_them(self) -> "Taken":
        if (self.token is None) == (self.code is None):
            raise ValueError(_("请填写邀请码。"))
        return self
