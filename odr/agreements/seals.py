"""The body's seal. The adapter `drawn` paints a round seal from the body's name; a city plugs its seal service in here.

A drawn seal is a picture and proves nothing by itself: what counts is the signature row of kind `body_seal`.
"""

import math
from typing import Protocol

from markupsafe import Markup, escape

from odr.core.settings import Settings

_RED = "#c8102e"


class Seal(Protocol):
    """Where seals come from."""

    def picture(self, body_name: str) -> Markup:
        """The seal as inline SVG, 120 units wide."""
        ...


class DrawnSeal:
    """A round seal as bodies have it: the name on an arc, a star, the word for what it is used for."""

    def picture(self, body_name: str) -> Markup:
        """Each glyph is turned by itself, because text on a path is not drawn by every printer of SVG."""
        name = body_name.strip()
        span = min(250.0, 17.0 * max(len(name) - 1, 1))
        size = min(13.0, 2 * math.pi * 44 * (span / 360) / max(len(name), 1) * 1.05)
        step = span / max(len(name) - 1, 1)
        glyphs = Markup("").join(
            Markup('<text x="60" y="{y}" transform="rotate({turn} 60 60)">{glyph}</text>').format(
                y=f"{17 + size * 0.35:.1f}", turn=f"{-span / 2 + n * step:.2f}", glyph=escape(glyph)
            )
            for n, glyph in enumerate(name)
        )
        points = " ".join(
            f"{60 + radius * math.sin(turn * math.pi / 5):.2f},{60 - radius * math.cos(turn * math.pi / 5):.2f}"
            for turn in range(10)
            for radius in [15 if turn % 2 == 0 else 5.8]
        )
        return Markup(
            '<svg class="seal" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" width="120" height="120" '
            'role="img" aria-label="{name}"><circle cx="60" cy="60" r="57" fill="none" stroke="{red}" '
            'stroke-width="2.6"/><g fill="{red}" font-family="Noto Serif CJK SC, SimSun, serif" font-weight="bold" '
            'text-anchor="middle" font-size="{size}">{glyphs}</g><polygon points="{points}" fill="{red}"/>'
            '<text x="60" y="95" fill="{red}" text-anchor="middle" font-size="10.5" font-weight="bold" '
            'font-family="Noto Serif CJK SC, SimSun, serif">调解专用章</text></svg>'
        ).format(name=name, red=_RED, size=f"{size:.1f}", glyphs=glyphs, points=points)


def adapter(settings: Settings) -> Seal:
    """The seal adapter of this service. Raises RuntimeError for an unknown name."""
    if settings.seal_adapter != "drawn":
        raise RuntimeError(f"There is no seal adapter {settings.seal_adapter!r}.")
    return DrawnSeal()
