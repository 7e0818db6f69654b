"""The application, one question a screen: which questions, in which order, and what each takes. A pure table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from odr.accounts import identity
from odr.cases.codes import Category, PartyKind
from odr.cases.schemas import Name, Phone
from odr.core import clock
from odr.core.forms import Day, Strict, narrow, parse
from odr.core.i18n import N_, _

FACTS_MAX = 3000
PHOTOS_MAX = 9
CLAIMS_MAX = 3
_AMOUNT_MAX_FEN = 10**12
# Far more than any answer takes, so that a story that is too long comes back whole to be cut by its author.
_KEPT_MAX = 30_000

Answers = Mapping[str, str]


def _not_ahead(day: date) -> date:
    if day > clock.today():
        raise ValueError(_("这个日期还没有到。请填写事情发生的日子。"))
    return day


def fen(text: object) -> int:
    """Whole fen from what people type: 2600, 2,600.5, ２６００元. Raises ValueError with a sentence."""
    if not isinstance(text, str):
        raise ValueError(_("请用数字写金额，最多两位小数，例如 2600 或 2600.50。"))
    plain = narrow(text).replace(",", "").replace("，", "").removesuffix("元").strip()
    whole, _dot, cents = plain.partition(".")
    # Some signs count as digits and are no number: ፩, 𑁒.
    digits = whole + cents
    if not whole or len(cents) > 2 or not (digits.isascii() and digits.isdigit()):
        raise ValueError(_("请用数字写金额，最多两位小数，例如 2600 或 2600.50。"))
    too_long = len(whole.lstrip("0")) > len(str(_AMOUNT_MAX_FEN))
    amount = _AMOUNT_MAX_FEN + 1 if too_long else int(whole) * 100 + int((cents + "00")[:2])
    if amount <= 0:
        raise ValueError(_("金额要大于零。没有金额就不用填。"))
    if amount > _AMOUNT_MAX_FEN:
        raise ValueError(_("金额太大了，请检查是不是多写了几个零。"))
    return amount


Amount = Annotated[int, BeforeValidator(fen)]


class Story(Strict):
    facts: Annotated[str, Field(min_length=10, max_length=FACTS_MAX)]


class Kind(Strict):
    category: Category


class Place(Strict):
    district: Annotated[str, Field(pattern=r"^\d{12}$")]
    community: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    place: Annotated[str, Field(max_length=120)] = ""
    occurred_on: Annotated[Day, AfterValidator(_not_ahead)] | None = None

    @field_validator("community")
    @classmethod
    def lies_in_the_district(cls, community: str | None, info: ValidationInfo) -> str | None:
        if community and not community.startswith(str(info.data.get("district", community))[:6]):
            raise ValueError(_("这个社区不在您选的区里。请改一下区，或改一下社区。"))
        return community

    @property
    def division_code(self) -> str:
        return self.community or self.district


class Other(Strict):
    other_kind: PartyKind = PartyKind.NATURAL
    other_name: Name
    other_phone: Phone | None = None
    other_address: Annotated[str, Field(max_length=120)] = ""


class Wants(Strict):
    claim_1: Annotated[str, Field(min_length=2, max_length=200)]
    claim_2: Annotated[str, Field(max_length=200)] = ""
    claim_3: Annotated[str, Field(max_length=200)] = ""
    amount: Amount | None = None

    @property
    def claims(self) -> list[str]:
        return [claim for claim in (self.claim_1, self.claim_2, self.claim_3) if claim]


class Yourself(Strict):
    name: Name
    id_no: Annotated[str, AfterValidator(identity.normalise_id_no)] | None = None
    address: Annotated[str, Field(max_length=120)] = ""


class Safety(Strict):
    safety: Annotated[str, Field(pattern="^(safe|unsafe)$")]


@dataclass(frozen=True)
class Step:
    """One screen: `name` in its address, the question, and the schema its answer is parsed with."""

    name: str
    question: str
    schema: type[Strict]


STEPS: tuple[Step, ...] = (
    Step("story", N_("发生了什么事？"), Story),
    Step("kind", N_("这属于哪一类纠纷？"), Kind),
    Step("place", N_("事情发生在哪里？"), Place),
    Step("other", N_("和谁有纠纷？"), Other),
    Step("wants", N_("您希望怎样解决？"), Wants),
    Step("yourself", N_("您怎么称呼？"), Yourself),
    Step("safety", N_("您现在安全吗？"), Safety),
)
REVIEW = "review"
TOTAL = len(STEPS) + 1


def find(name: str) -> tuple[int, Step] | None:
    """The number (from 1) and the step of this name."""
    return next(((n, step) for n, step in enumerate(STEPS, 1) if step.name == name), None)


def after(number: int) -> str:
    """The name of the screen that follows step `number`."""
    return STEPS[number].name if number < len(STEPS) else REVIEW


def check(step: Step, answers: Answers) -> Strict:
    """The parsed answer of one step; Invalid names its fields."""
    given: dict[str, Any] = {
        field: answers[field] for field in step.schema.model_fields if answers.get(field, "").strip()
    }
    return parse(step.schema, given)


def keep(step: Step, values: Mapping[str, str]) -> dict[str, str]:
    """What of a posted form belongs to this step, as typed: also a wrong answer is kept."""
    return {field: values.get(field, "")[:_KEPT_MAX] for field in step.schema.model_fields}
