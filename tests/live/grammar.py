"""Nearly right frames, by a seed: a right one of `docs/protocol.md`, section 2, with one thing wrong about it.

Nothing here asks the service's own models what is right: the tables below are read off the protocol's page.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from odr.core import ids

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_TEXT: list[Any] = [None, True, 0, -1, 1.5, [], {}, ["x"], {"x": 1}]
_NO_NUMBER: list[Any] = [True, False, "1", "", 1.5, -0.5, [], {}, [1], -1, -(2**31), 2**64, 10**30]
_NO_ROOM = [*_NO_TEXT, "", "x" * 33, "x" * 5000, "a b", "../../etc/passwd", "房间", "<b>", "\x00", "x\n", "%00", "'--"]
_NO_ID = [
    *_NO_TEXT,
    "",
    "x" * 21,
    "x" * 65,
    "x" * 30_000,
    "a" * 21 + "é",
    "a" * 22 + "\n",
    "a" * 21 + "\x00",
    "<i>" * 9,
]
_TOO_LONG = "长" * 4001

# Of each kind: its fields, and with what each is wrong. A question mark: may be left out.
_WRONG: dict[str, dict[str, list[Any]]] = {
    "join": {"room": _NO_ROOM, "epoch": [*_NO_TEXT, "e" * 33], "seq": [*_NO_NUMBER, None]},
    "leave": {"room": _NO_ROOM},
    "say": {
        "room": _NO_ROOM,
        "id": _NO_ID,
        "text": [*_NO_TEXT, "", " \n\t", "\x00\x07", "\u202e\u2066", _TOO_LONG],
        "kind?": [*_NO_TEXT, "", "TEXT", "image", "file", "system", "recall"],
        "file?": ["x" * 22, 1, [], "../x"],
        "at?": [0, True, [], "gestern", "2026-13-40T99:00:00Z", "2" * 41, ""],
    },
    "recall": {"room": _NO_ROOM, "id": _NO_ID, "seq": [*_NO_NUMBER, None, 0, 2**31]},
    "read": {"room": _NO_ROOM, "seq": [*_NO_NUMBER, None, 2**31]},
    "typing": {"room": _NO_ROOM},
    "history": {"room": _NO_ROOM, "before": [*_NO_NUMBER, None, 2**31], "limit?": [*_NO_NUMBER, None, 0, 201, 2**31]},
    "ping": {"n?": [*_NO_NUMBER, 2**53 + 1]},
}
_NO_KIND: list[Any] = [
    None,
    True,
    7,
    1.5,
    [],
    {},
    ["say"],
    {"say": 1},
    "",
    "SAY",
    "say ",
    "said",
    "welcome",
    "drop",
    "t",
]
_FOREIGN_FIELDS = [
    "by", "role", "author_id", "person", "v", "T", "Room", "room ", "", "__proto__", "constructor", "$where", "字段",
    "x" * 500, "\x00",
]  # fmt: skip
_BROKEN_STRINGS = ['"\\ud800"', '"\\udc00\\ud800"', '"\\uD8"', '"\\x41"', '"a\nb"', '"a\x00b"', "'text'", "text", '"']
_BROKEN_NUMBERS = ["NaN", "Infinity", "-", "01", "1.", ".5", "0x1", "1e", "+1", "--1", "1_000", "١"]


@dataclass(frozen=True)
class Made:
    """A message and what answers it: this error, naming this id (None: none that could be named)."""

    message: str | bytes
    code: str
    re: str | None
    what: str


class Grammar:
    """An endless source of bad frames for one room."""

    def __init__(self, dice: random.Random, room: str) -> None:
        self._dice, self._room = dice, room
        self._ways: list[Callable[[], Made]] = [
            self._wrong_value, self._wrong_value, self._wrong_value, self._missing, self._foreign_field,
            self._wrong_kind, self._both_ways, self._doubled, self._nested, self._broken_json, self._no_object,
            self._binary,
        ]  # fmt: skip

    def bad(self) -> Made:
        return self._dice.choice(self._ways)()

    def right(self, t: str) -> dict[str, Any]:
        """A frame without fault, with its optional fields by chance."""
        dice = self._dice
        values: dict[str, Any] = {
            "room": self._room,
            "id": dice.choice([ids.new_pid(), "A" * 64, "-" * 22]),
            "text": dice.choice(["好", "长" * 4000, "😀 e\u0301", '"}', "null"]),
            "kind?": "text",
            "file?": None,
            "at?": "2026-11-24T07:00:00.000Z",
            "epoch": "e" * dice.randint(1, 32),
            "seq": dice.choice([1, 2, 2**31 - 1]),
            "before": dice.randrange(2**31),
            "limit?": dice.randint(1, 200),
            "n?": dice.randrange(2**53),
        }
        fields = [name for name in _WRONG[t] if name[-1] != "?" or dice.random() < 0.5]
        return {"t": t} | {name.rstrip("?"): values[name] for name in fields}

    # --- one thing wrong ----------------------------------------------------------------------------------------------

    def _some(self, *kinds: str) -> dict[str, Any]:
        return self.right(self._dice.choice(kinds or tuple(_WRONG)))

    def _told(self, frame: dict[str, Any], what: str, code: str = "bad_frame") -> Made:
        """The frame as JSON, its keys in any order, its strings escaped or plain."""
        pairs = list(frame.items())
        self._dice.shuffle(pairs)
        message = json.dumps(dict(pairs), ensure_ascii=self._dice.random() < 0.3)
        return Made(message, code, _named(frame.get("id")), what)

    def _wrong_value(self) -> Made:
        frame = self._some()
        name = self._dice.choice(list(_WRONG[frame["t"]]))
        value = self._dice.choice(_WRONG[frame["t"]][name])
        name = name.rstrip("?")
        frame[name] = value
        return self._told(frame, f"{frame['t']}.{name}", "too_long" if value == _TOO_LONG else "bad_frame")

    def _missing(self) -> Made:
        frame = self._some("leave", "say", "recall", "read", "typing", "history", "join")
        name = self._dice.choice([name for name in _WRONG[frame["t"]] if name[-1] != "?"])
        del frame[name]
        return self._told(frame, f"{frame['t']} without {name}")

    def _foreign_field(self) -> Made:
        frame = self._some()
        more = [*_FOREIGN_FIELDS, *(("seq",) if frame["t"] == "say" else ("text",))]
        value = self._dice.choice([None, 1, "x", self._room, [], {"$ne": 1}])
        return self._told(frame | {self._dice.choice(more): value}, f"{frame['t']} with a foreign field")

    def _wrong_kind(self) -> Made:
        frame = self._some()
        del frame["t"]
        if self._dice.random() < 0.9:
            frame["t"] = self._dice.choice(_NO_KIND)
        return self._told(frame, "wrong t")

    def _both_ways(self) -> Made:
        return self._told(self.right("history") | {"after": 1}, "before and after")

    def _doubled(self) -> Made:
        """One key twice: the last counts, so that nobody on the way can read another frame than we do."""
        frame = self._some("say", "recall")
        bad = self._told(frame | {"id": "short"}, "a key twice")
        assert isinstance(bad.message, str)
        first = json.dumps({"id": ids.new_pid()})[:-1]
        return Made(f"{first}, {bad.message[1:]}", "bad_frame", "short", bad.what)

    def _nested(self) -> Made:
        frame, deep = self._some("say", "recall"), self._dice.choice([40, 900, 5000, 20_000])
        opened, closed = self._dice.choice([("[", "]"), ('{"a":', "}")])
        hole = self._dice.choice(["text", "room", "seq"]) if frame["t"] == "say" else "seq"
        message = json.dumps(frame | {hole: "HOLE"}).replace('"HOLE"', opened * deep + "1" + closed * deep)
        # Beyond what the reader of JSON goes down nothing of the frame is known.
        return Made(message[: 60 * 1024], "bad_frame", frame["id"] if deep < 1000 else None, f"{deep} deep")

    def _broken_json(self) -> Made:
        message = json.dumps(self._some("recall", "ping", "read"))
        match self._dice.randrange(6):
            case 0:
                message = message[: self._dice.randrange(1, len(message))]
            case 1:
                message += self._dice.choice(["}", ",", "{}", "x", "\x00", "//", "\ufeff"])
            case 2:
                message = self._dice.choice(["\ufeff", "\x00", ",", "x", "/**/", "\u2028"]) + message
            case 3:
                message = message[:-1] + ', "x": ' + self._dice.choice(_BROKEN_STRINGS) + "}"
            case 4:
                message = message[:-1] + ', "x": ' + self._dice.choice(_BROKEN_NUMBERS) + "}"
            case _:
                at = self._dice.choice([n for n, sign in enumerate(message) if sign in '{}:,"'])
                message = message[:at] + message[at + 1 :]
        return Made(message, "bad_frame", None, "broken JSON")

    def _no_object(self) -> Made:
        inner = json.dumps(self._some())
        things = ["", " ", "null", "true", "1", "-0", '"say"', "[]", "[[]]", f"[{inner}]", f"[{inner},{inner}]"]
        return Made(self._dice.choice(things), "bad_frame", None, "no object")

    def _binary(self) -> Made:
        frame = json.dumps(self._some(), ensure_ascii=False).encode()
        cut = "房间😀".encode()[: self._dice.choice([1, 2, 7, 9])]
        return Made(self._dice.choice([frame, frame + cut, cut, b"\x00\xff\xfe", b""]), "bad_frame", None, "binary")


def _named(value: Any) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def broken_streams(dice: random.Random, room: str) -> list[tuple[str, int, bytes]]:
    """What breaks the framing itself (RFC 6455): its name, the code that closes the socket, the bytes."""
    text = json.dumps({"t": "ping", "n": 1}).encode()
    wide = json.dumps({"t": "typing", "room": room + "房"}, ensure_ascii=False).encode()
    half = wide.index("房".encode()) + dice.choice([1, 2])

    def frame(opcode: int, payload: bytes, *, fin: bool = True, bits: int = 0, masked: bool = True) -> bytes:
        head = bytes((fin << 7 | bits << 4 | opcode,))
        mask = dice.randbytes(4) if masked else b""
        length, flag = len(payload), 0x80 if masked else 0
        if length < 126:
            head += bytes((flag | length,))
        elif length < 65536:
            head += bytes((flag | 126,)) + length.to_bytes(2, "big")
        else:
            head += bytes((flag | 127,)) + length.to_bytes(8, "big")
        return head + mask + (bytes(b ^ mask[n % 4] for n, b in enumerate(payload)) if masked else payload)

    return [
        ("a text that is no UTF-8", 1007, frame(1, b'{"t":"\xff\xfe"}')),
        ("a text cut within a sign", 1007, frame(1, wide[:half])),
        ("a lone surrogate in bytes", 1007, frame(1, b'"\xed\xa0\x80"')),
        ("an overlong sign", 1007, frame(1, b'"\xc0\xaf"')),
        ("a fragment cut within a sign", 1007, frame(1, wide[:half], fin=False) + frame(0, b"")),
        ("a continuation of nothing", 1002, frame(0, text)),
        ("a text within a text", 1002, frame(1, text[:5], fin=False) + frame(1, text)),
        ("a ping in fragments", 1002, frame(9, b"", fin=False)),
        ("a long ping", 1002, frame(9, b"x" * 126)),
        ("an opcode that is none", 1002, frame(dice.choice([3, 7, 11, 15]), text)),
        ("bits that are reserved", 1002, frame(1, text, bits=dice.choice([1, 2, 4]))),
        ("no mask", 1002, frame(1, text, masked=False)),
        ("a close of one byte", 1002, frame(8, b"\x03")),
        ("a close with a code that is none", 1002, frame(8, (999).to_bytes(2, "big"))),
        ("a text over the limit", 1009, frame(1, b"x" * (64 * 1024 + 1))),
        ("the promise of a terabyte", 1009, bytes((0x81, 0xFF)) + (2**40).to_bytes(8, "big") + dice.randbytes(4)),
        ("fragments over the limit", 1009, frame(1, b"x" * 40_000, fin=False) + frame(0, b"x" * 40_000)),
    ]
