"""What of a text can be found, and by which words: pure, the same for the index, the question and the tail.

Chinese has no spaces, so a run of it is known by its characters and by its pairs of neighbours; Latin words and numbers
are known whole. The index answers which lines hold all tokens of a question, in any order; whether a line really holds
the words as they were typed is asked of its text (`Question.met_by`), for pairs over-match.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

# Written without spaces: Han with its extensions, kana, hangul.
_HAN = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_WORD = rf"[^\W_{_HAN}]"
_RUNS = re.compile(rf"[{_HAN}]+|{_WORD}+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_LONGEST = 64  # of a token; engines refuse endless ones. What lies behind is compared with the text itself.
_KNOWN = 30_000  # characters whose folding is kept: far more than any people writes
_SELECTORS = frozenset({*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})


class _Folded(dict[int, str]):
    """Each character as it is compared: narrow, lower case, without what cannot be seen."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        seen = code not in _SELECTORS and unicodedata.category(character) != "Cf"
        folded = unicodedata.normalize("NFKC", character).casefold() if seen else ""
        if len(self) < _KNOWN:
            self[code] = folded
        return folded


_FOLDED = _Folded()


def fold(text: str) -> str:
    """The text as it is compared. Character by character, so that a place in it can be found again in the text."""
    return text.translate(_FOLDED)


def tokens(text: str) -> frozenset[str]:
    """Everything by which this text is found."""
    found: set[str] = set()
    for run in _RUNS.findall(fold(text)):
        if _IS_HAN.match(run):
            found.update(run)
            found.update(run[n : n + 2] for n in range(len(run) - 1))
        else:
            found.add(run[:_LONGEST])
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `hit`: it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True)
class Question:
    """What somebody looks for: words between spaces, all of which a line must hold."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Question":
        """Words in which there is nothing to look for (a lone comma) are left out; a question may be empty."""
        return cls(tuple(dict.fromkeys(part for part in fold(text).split() if _RUNS.search(part))))

    def __bool__(self) -> bool:
        return bool(self.parts)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """What a line that answers must be indexed by: pairs where there are any, which are rarer than characters."""
        found: set[str] = set()
        for run in (run for part in self.parts for run in _RUNS.findall(part)):
            if not _IS_HAN.match(run) or len(run) == 1:
                found.add(run[:_LONGEST])
            else:
                found.update(run[n : n + 2] for n in range(len(run) - 1))
        return frozenset(found)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_whole(part)) for part in self.parts)

    def met_by(self, text: str) -> bool:
        """Whether the text holds every part as it was typed."""
        folded = fold(text)
        return all(pattern.search(folded) for pattern in self._patterns)

    def marked(self, text: str) -> list[Piece]:
        """The text in pieces, those that were looked for marked."""
        hits = [False] * len(text)
        place = [n for n, character in enumerate(text) for _ in fold(character)]
        folded = fold(text)
        for pattern in self._patterns:
            for found in pattern.finditer(folded):
                if found.end() > found.start():
                    first, last = place[found.start()], place[found.end() - 1]
                    hits[first : last + 1] = [True] * (last + 1 - first)
        return list(_pieces(text, hits))


def _whole(part: str) -> str:
    """A part as a pattern: a Latin word or a number at its edge must end there."""
    before = "" if _IS_HAN.match(part[0]) or not re.match(_WORD, part[0]) else f"(?<!{_WORD})"
    after = "" if _IS_HAN.match(part[-1]) or not re.match(_WORD, part[-1]) else f"(?!{_WORD})"
    return before + re.escape(part) + after


def _pieces(text: str, hits: list[bool]) -> Iterator[Piece]:
    start = 0
    for n in range(1, len(text) + 1):
        if n == len(text) or hits[n] != hits[start]:
            yield Piece(text[start:n], hits[start])
            start = n
