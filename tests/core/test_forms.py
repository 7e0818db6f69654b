"""Sentences of forms."""

import pytest
from pydantic import Field

from odr.core import forms
from odr.core.errors import Invalid
from odr.core.forms import Strict

pytestmark = pytest.mark.one_engine


class _Asked(Strict):
    minutes: int = Field(ge=5, le=240)
    share: int = Field(default=1, gt=0, lt=100)
    reason: str = Field(min_length=4)
    name: str = Field(min_length=1)


def test_a_limit_is_told_with_its_number() -> None:
    for given, field, say in (
        ({"minutes": 999}, "minutes", "最大是 240"),
        ({"minutes": 1}, "minutes", "最小是 5"),
        ({"share": 0}, "share", "要大于 0"),
        ({"share": 100}, "share", "要小于 100"),
        ({"reason": "嗯"}, "reason", "至少要写 4 个字"),
        ({"name": ""}, "name", "请填写这一项"),
    ):
        with pytest.raises(Invalid) as refused:
            forms.parse(_Asked, {"minutes": 10, "reason": "晚到一会儿", "name": "王"} | given)
        assert list(refused.value.fields) == [field]
        assert say in refused.value.fields[field]
