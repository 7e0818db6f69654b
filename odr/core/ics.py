"""Calendar files (RFC 5545), written for phones that others can see: titles are neutral, the rest is behind a login."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from odr.core import clock

MIME = "text/calendar; charset=utf-8"
_LINE = 75  # octets, the CRLF aside


@dataclass(frozen=True)
class Entry:
    """One entry: a whole day (`date`) or a time with its end. `alarms`: how long before it the phone rings."""

    uid: str
    start: date | datetime
    title: str
    text: str = ""
    url: str = ""
    end: datetime | None = None
    alarms: tuple[timedelta, ...] = ()
    cancelled: bool = False


def calendar(entries: Iterable[Entry], name: str) -> bytes:
    """The file. Lines are folded at 75 octets, never inside a character."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ODR//zh-CN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}", "X-WR-TIMEZONE:Asia/Shanghai",
    ]  # fmt: skip
    for entry in entries:
        lines += _event(entry)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines).encode()


def answer(entries: Iterable[Entry], name: str) -> Response:
    """The file as an answer that a phone opens in its calendar."""
    headers = {"content-disposition": 'attachment; filename="calendar.ics"'}
    return Response(calendar(entries, name), media_type=MIME, headers=headers)


def _event(entry: Entry) -> list[str]:
    lines = ["BEGIN:VEVENT", f"UID:{entry.uid}", f"DTSTAMP:{_utc(clock.now())}"]
    if isinstance(entry.start, datetime):
        lines += [f"DTSTART:{_utc(entry.start)}", f"DTEND:{_utc(entry.end or entry.start + timedelta(hours=1))}"]
    else:
        lines += [f"DTSTART;VALUE=DATE:{entry.start:%Y%m%d}", "TRANSP:TRANSPARENT"]
    lines.append(f"SUMMARY:{_text(entry.title)}")
    if entry.text:
        lines.append(f"DESCRIPTION:{_text(entry.text)}")
    if entry.url:
        lines.append(f"URL:{entry.url}")
    if entry.cancelled:
        lines.append("STATUS:CANCELLED")
    for before in entry.alarms:
        trigger = f"TRIGGER:-PT{int(before.total_seconds() // 60)}M"
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(entry.title)}", trigger, "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(sign, written)
    return text


def _folded(line: str) -> str:
    rows, room, row = [], _LINE, ""
    for sign in line:
        size = len(sign.encode())
        if size > room:
            rows.append(row)
            row, room = "", _LINE - 1  # a folded line begins with a blank, which counts
        row, room = row + sign, room - size
    return "\r\n ".join([*rows, row])
