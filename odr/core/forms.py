"""Forms: strict models, field errors in plain Chinese, and the values people typed, kept.

A page reads `form = await read(request)`, parses it with the same schema its JSON twin uses, and on `Invalid`
renders itself again with `form.values` and the errors.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from odr.core import csrf
from odr.core.errors import Forbidden, Invalid
from odr.core.i18n import _

_MAX_FIELDS = 200
# More than any form keeps: who chooses too many photos is told so beside them, and loses no word.
_MAX_FILES = 60


class Strict(BaseModel):
    """Base of every schema that comes from outside: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, given: Any) -> Any:
        """PostgreSQL keeps no NUL in text; nobody types one."""
        if isinstance(given, list):
            return [item.replace("\x00", "") if isinstance(item, str) else item for item in given]
        return given.replace("\x00", "") if isinstance(given, str) else given


S = TypeVar("S", bound=BaseModel)


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as their plain forms, as phone keyboards write them."""
    return unicodedata.normalize("NFKC", text).strip()


_DAY = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?")


def _day(given: object) -> object:
    """2026-11-24, 2026/11/24, 20261124 and 2026年11月24日. Digits alone would be read as seconds since 1970."""
    if not isinstance(given, str):
        return given
    met = _DAY.fullmatch(narrow(given))
    if met is None or not 1900 <= int(met[1]) <= 2199:
        raise ValueError(_("没有这个日期。请按“2026-11-24”的样子填写。"))
    return f"{met[1]}-{int(met[2]):02d}-{int(met[3]):02d}"


Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day as people write it."""


def sentence(problem: Mapping[str, Any]) -> str:
    """One pydantic error as a sentence that says what to do."""
    kind = problem["type"]
    limits = problem.get("ctx", {})
    if kind == "odr":
        return str(limits["say"])
    if kind == "value_error":
        return str(limits["error"])
    if kind in ("missing", "string_too_short", "none_required", "too_short"):
        if kind == "string_too_short" and limits["min_length"] > 1:
            return _("写得太短了，至少要写 %(n)s 个字。", n=limits["min_length"])
        return _("请填写这一项。")
    if kind == "string_too_long":
        return _("最多写 %(n)s 个字，现在超过了。", n=limits["max_length"])
    if kind == "too_long":
        return _("最多可以有 %(n)s 项。", n=limits["max_length"])
    if kind.startswith(("date", "datetime", "time")):
        return _("没有这个日期。请按“2026-11-24”的样子填写。")
    if kind.startswith(("int", "decimal", "float")):
        return _("请填写数字。")
    if kind in ("greater_than", "greater_than_equal"):
        if "ge" in limits:
            return _("数字太小了，最小是 %(n)s。", n=limits["ge"])
        return _("数字太小了，要大于 %(n)s。", n=limits["gt"])
    if kind in ("less_than", "less_than_equal"):
        if "le" in limits:
            return _("数字太大了，最大是 %(n)s。", n=limits["le"])
        return _("数字太大了，要小于 %(n)s。", n=limits["lt"])
    if kind == "extra_forbidden":
        return _("这里不接受这一项。")
    return _("请从给出的选项里选一个。") if kind in ("enum", "literal_error") else _("这一项填得不对，请看一看。")


def parse(schema: type[S], values: Mapping[str, Any]) -> S:
    """The model, or Invalid with a sentence for each field."""
    try:
        return schema.model_validate(values)
    except ValidationError as failed:
        raise Invalid(field_errors(failed.errors())) from None


def field_errors(problems: Any) -> dict[str, str]:
    fields: dict[str, str] = {}
    for problem in problems:
        place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
        fields.setdefault(".".join(place) or "form", sentence(problem))
    return fields


class Form:
    """What a browser posted: `values` as text for showing again, lists and files beside."""

    def __init__(self, data: FormData) -> None:
        self.values: dict[str, str] = {k: v for k, v in data.items() if isinstance(v, str) and k != "csrf"}
        self._data = data

    def many(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """Files that were really chosen; a browser sends an empty one for an empty field."""
        return [f for f in self._data.getlist(name) if isinstance(f, UploadFile) and (f.filename or f.size)]

    def parse(self, schema: type[S], **more: Any) -> S:
        """The form as a model. Fields left empty count as not given; `more` adds lists and parsed parts."""
        given = {k: v for k, v in self.values.items() if v.strip() != "" and k in schema.model_fields}
        return parse(schema, given | more)


async def read(request: Request) -> Form:
    """The posted form, after its token is checked against the cookie (double submit, OWASP). Raises Forbidden, also
    when somebody else has signed in since the page was opened: it never counts as theirs."""
    data = await request.form(max_fields=_MAX_FIELDS, max_files=_MAX_FILES)
    # As FastAPI does with the forms it reads itself: what was uploaded is closed once the answer is out.
    request.scope["fastapi_middleware_astack"].push_async_callback(data.close)
    sent = data.get("csrf")
    drawn_for = csrf.drawn_for(sent, request.state.csrf_token) if isinstance(sent, str) else None
    if drawn_for is None:
        raise Forbidden(_("这一页放得太久了。请刷新后再提交，您填写的内容请先复制保留。"), code="csrf")
    actor = getattr(request.state, "actor", None)
    if drawn_for and actor is not None and drawn_for != actor.pid:
        raise Forbidden(
            _("这一页是别人登录时打开的，所以没有提交。请退回上一页，内容还在；用原来的账号登录后，再提交一次。"),
            code="another_person",
        )
    return Form(data)
