"""Page numbers of a bound file."""

import io
from collections.abc import Sequence
from typing import Any

import pypdf
import pytest

from odr.core import binding
from odr.core.binding import Late, Leaf, Span

pytestmark = pytest.mark.one_engine


def _late(_spans: Sequence[Span]) -> Late:
    return Late(Leaf("index", "目录", "<p>目录</p>", numbered=False))


async def test_a_pack_bound_into_a_file_keeps_its_own_numbers_beside_those_of_the_file() -> None:
    """Both stand at the top right: laid over each other neither could be read."""
    leaves = [Leaf("one", "甲", "<p>甲</p>"), Leaf("two", "乙", "<p>乙</p>")]
    pack = await binding.bind(leaves, _late, after=0)
    whole = await binding.bind([*leaves, Leaf("pack", "材料", data=pack.data)], _late, after=0)
    pages = pypdf.PdfReader(io.BytesIO(whole.data)).pages
    places: list[tuple[str, float, float]] = []

    def seen(text: str, _cm: Any, matrix: Any, *_more: Any) -> None:
        if text.strip().isdigit():
            places.append((text.strip(), matrix[4], _cm[5] + matrix[5] * _cm[3]))

    pages[4].extract_text(visitor_text=seen)
    assert {text for text, _x, _y in places} == {"1", "4"}
    heights = {text: y for text, _x, y in places}
    assert abs(heights["1"] - heights["4"]) > 12
