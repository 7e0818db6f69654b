"""What machines and clerks send in."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, field_validator

from odr.accounts import identity
from odr.cases.codes import Category, PartyKind
from odr.cases.schemas import Name, Phone
from odr.core import clock
from odr.core.forms import Day, Strict
from odr.core.i18n import _
from odr.intake.steps import Amount


class HotlineOrder(Strict):
    """A work order of 12345, or a matter of 110 that is no police matter."""

    source: Literal["hotline_12345", "police_110"]
    order_no: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_./-]+$")]
    alarm_no: Annotated[str, Field(max_length=64)] = ""
    received_at: AwareDatetime
    caller: Annotated[str, Field(max_length=50)] = ""
    phone: Phone | None = None
    address: Annotated[str, Field(max_length=120)] = ""
    division_code: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    category_text: Annotated[str, Field(max_length=80)] = ""
    content: Annotated[str, Field(min_length=5, max_length=4000)]
    urgency: Literal["normal", "urgent"] = "normal"
    consent_to_transfer: bool = False

    @field_validator("received_at")
    @classmethod
    def not_ahead(cls, received_at: datetime) -> datetime:
        if (received_at - clock.now()).total_seconds() > 300:
            raise ValueError(_("来电时间比现在还晚，请检查时钟和时区。"))
        return received_at


class CounterEntry(Strict):
    """The application as a clerk types it in for a person at the window."""

    name: Name
    phone: Phone | None = None
    id_no: Annotated[str, AfterValidator(identity.normalise_id_no)] | None = None
    address: Annotated[str, Field(max_length=120)] = ""
    facts: Annotated[str, Field(min_length=10, max_length=3000)]
    category: Category
    division_code: Annotated[str, Field(pattern=r"^\d{12}$")]
    place: Annotated[str, Field(max_length=120)] = ""
    occurred_on: Day | None = None
    other_kind: PartyKind = PartyKind.NATURAL
    other_name: Name
    other_phone: Phone | None = None
    other_address: Annotated[str, Field(max_length=120)] = ""
    claim_1: Annotated[str, Field(min_length=2, max_length=200)]
    claim_2: Annotated[str, Field(max_length=200)] = ""
    amount: Amount | None = None
    unsafe: bool = False

    @field_validator("occurred_on")
    @classmethod
    def has_happened(cls, day: Day | None) -> Day | None:
        if day is not None and day > clock.today():
            raise ValueError(_("这个日期还没有到。请填写事情发生的日子。"))
        return day


class OrderRefusal(Strict):
    """Why an order does not become a case; goes back to the hotline."""

    reason: Annotated[str, Field(min_length=2, max_length=200)]


class EntryCode(Strict):
    """The code that the applicant reads out at the window."""

    code: Annotated[str, Field(max_length=24)]
