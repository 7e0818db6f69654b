"""The drawn signature: what the pad sends, checked, and as a picture."""

import itertools
import json
from typing import Any

from markupsafe import Markup
from pydantic import Field, ValidationError

from odr.core.errors import Invalid
from odr.core.forms import Strict
from odr.core.i18n import _

_MAX_JSON = 200_000
_MAX_POINTS = 6_000
_MIN_POINTS = 8
_MIN_LENGTH = 0.25  # of the pad's width: a dot or a tick is no name
_MAX_MS = 10 * 60 * 1000


class Drawn(Strict):
    """The pad's size and its strokes of (x, y, ms since the first point), as the page sends them."""

    v: int = Field(ge=1, le=1)
    width: float = Field(ge=80, le=4000, allow_inf_nan=False)
    height: float = Field(ge=40, le=4000, allow_inf_nan=False)
    strokes: list[list[tuple[float, float, int]]] = Field(max_length=200)


def read(text: str) -> dict[str, Any]:
    """The strokes as stored. Raises Invalid({"strokes": …}) for anything a hand on this pad could not have drawn."""
    if not text.strip():
        raise Invalid({"strokes": _("请用手指在框里写下您的名字。")})
    broken = Invalid({"strokes": _("这个签名没有传完整。请点“重写”，再签一次。")})
    if len(text) > _MAX_JSON:
        raise broken
    try:
        drawn = Drawn.model_validate(json.loads(text))
    except (ValidationError, ValueError, RecursionError):
        raise broken from None
    points = [point for stroke in drawn.strokes for point in stroke]
    if len(points) > _MAX_POINTS:
        raise broken
    last = 0
    for x, y, ms in points:
        # NaN fails every comparison, so it is refused here too.
        if not (-1 <= x <= drawn.width + 1 and -1 <= y <= drawn.height + 1 and last <= ms <= _MAX_MS):
            raise broken
        last = ms
    length = sum(
        ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
        for stroke in drawn.strokes
        for a, b in itertools.pairwise(stroke)
    )
    if len(points) < _MIN_POINTS or length < drawn.width * _MIN_LENGTH:
        raise Invalid({"strokes": _("签名太短了，看不出是名字。请点“重写”，写下您的全名。")})
    return drawn.model_dump(mode="json")


def picture(strokes: dict[str, Any]) -> Markup:
    """The signature as inline SVG, cut to what was drawn, from checked strokes."""
    drawn = [[(float(x), float(y)) for x, y, _ms in stroke] for stroke in strokes["strokes"] if stroke]
    xs, ys = [x for stroke in drawn for x, _y in stroke], [y for stroke in drawn for _x, y in stroke]
    edge = 6.0
    left, top = min(xs) - edge, min(ys) - edge
    width, height = max(xs) - left + edge, max(ys) - top + edge
    lines = Markup("").join(
        Markup('<polyline points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in stroke)) for stroke in drawn
    )
    return Markup(
        '<svg class="drawn" xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{w}" height="{h}">'
        '<g fill="none" stroke="#111" stroke-width="{line}" stroke-linecap="round" stroke-linejoin="round">{lines}</g>'
        "</svg>"
    ).format(
        box=f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}",
        w=f"{width:.0f}",
        h=f"{height:.0f}",
        line=f"{max(2.0, float(strokes['width']) / 110):.1f}",
        lines=lines,
    )
