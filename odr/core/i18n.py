"""Gettext. The Chinese text is the message id; the language of a request is in a context variable."""

import gettext
import io
import os
from contextvars import ContextVar
from functools import cache
from pathlib import Path

SOURCE = "zh-CN"
LOCALES = (SOURCE, "en")
LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"

_locale: ContextVar[str] = ContextVar("locale", default=SOURCE)


def set_locale(name: str) -> None:
    """Choose the language of this request or task; an unknown one means Chinese."""
    _locale.set(name if name in LOCALES else SOURCE)


def locale() -> str:
    return _locale.get()


@cache
def catalogue(name: str) -> gettext.NullTranslations:
    """The translations of one language. Compiled from the .po on first use, so that no build step can be forgotten."""
    po = LOCALE_DIR / name / "LC_MESSAGES" / "odr.po"
    if not po.exists():
        return gettext.NullTranslations()
    mo = po.with_suffix(".mo")
    if not mo.exists() or mo.stat().st_mtime_ns != po.stat().st_mtime_ns:
        # Needed once per change of a catalogue, so no start waits for it. The same moment and not a later one: a
        # copied tree can hold an old .mo that is younger than its .po.
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        with po.open("rb") as source:
            messages = read_po(source)
        buffer = io.BytesIO()
        write_mo(buffer, messages)
        try:
            _put(mo, buffer.getvalue(), po.stat())
        except OSError:  # a read-only installation compiles into memory each start
            buffer.seek(0)
            return gettext.GNUTranslations(buffer)
    with mo.open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def _put(mo: Path, compiled: bytes, times: os.stat_result) -> None:
    """All of it or nothing: several processes may start in the same moment."""
    half = mo.with_suffix(f".{os.getpid()}.mo")
    half.write_bytes(compiled)
    os.utime(half, ns=(times.st_atime_ns, times.st_mtime_ns))
    half.replace(mo)


def _(text: str, /, **values: object) -> str:
    """The text in the request's language; `%(name)s` placeholders are filled from `values`."""
    found = catalogue(_locale.get()).gettext(text) if text else ""
    return found % values if values else found


def N_(text: str) -> str:
    """Mark a text for the catalogue without translating it yet (tables made at import)."""
    return text
