"""What can be found by which words: rules that hold for every text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.rooms import tokens as tokens_module
from odr.rooms.tokens import Question, fold, tokens

# Few characters, so that texts and questions meet often; each class has its edge cases.
letters = st.sampled_from("漏水楼上了〇々の Ａａ1２z.,，　-㎡ﬁßİ_ᠮᠣ\u180b\u200b𠀀é")
texts = st.text(letters, max_size=40)


@given(texts, texts, texts)
def test_whoever_types_a_piece_of_a_line_finds_it(before: str, middle: str, after: str) -> None:
    question = Question.of(middle)
    text = f"{before} {middle} {after}"
    if question:
        assert question.met_by(text)
        assert question.tokens <= tokens(text)


@given(texts, texts)
def test_the_index_never_hides_a_line_that_answers(text: str, asked: str) -> None:
    question = Question.of(asked)
    if question and question.met_by(text):
        assert question.tokens <= tokens(text)


@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts, texts)
def test_marking_loses_no_character_and_marks_what_was_asked(text: str, asked: str) -> None:
    question = Question.of(asked)
    pieces = question.marked(text)
    assert "".join(piece.text for piece in pieces) == text
    assert bool(question and question.met_by(text)) <= any(piece.hit for piece in pieces)
    assert all(re.search(r"\w", fold(piece.text)) for piece in pieces if piece.hit)


@given(texts)
def test_tokens_stand_alone(text: str) -> None:
    """Engines take them apart at spaces; a token that held one would be two."""
    assert all(re.fullmatch(r"\w[^\W]*", token) for token in tokens(text))


@pytest.mark.parametrize(
    ("text", "asked", "is_found"),
    [
        ("楼上漏水", "漏水", True),
        ("楼上漏水", "楼水", False),
        ("楼上漏，水", "漏水", False),
        ("漏上漏水楼上", "楼上漏", False),  # every pair is there, the word is not
        ("水", "水", True),
        ("要交２６００元", "2600", True),
        ("要交2600元", "2600元", True),
        ("要交26000元", "2600", False),
        ("Gas Company", "gas", True),
        ("gasoline", "gas", False),
        ("漏水三次，赔 500", "500 漏水", True),
        ("漏水三次", "500 漏水", False),
        ("面积 5㎡", "5m2", True),
        ("蒙文 ᠮᠣᠩᠭᠣᠯ", "ᠮᠣᠩᠭᠣᠯ", True),
    ],
)
def test_what_is_found(text: str, asked: str, is_found: bool) -> None:
    question = Question.of(asked)
    assert (question.met_by(text), question.tokens <= tokens(text) and question.met_by(text)) == (is_found, is_found)


def test_a_question_without_words_is_empty() -> None:
    assert not Question.of("  ，。 ！_ ")
    assert Question.of("。漏水 漏水").parts == ("。漏水", "漏水")


def test_marks_fall_on_the_characters_as_they_were_written() -> None:
    pieces = Question.of("2600 漏水").marked("交了２６００元，因为漏水")
    assert [piece.text for piece in pieces if piece.hit] == ["２６００", "漏水"]


def test_what_was_seen_of_all_writing_is_not_kept_for_ever() -> None:
    """Somebody may send every character there is."""
    fold("".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000)))))
    assert len(tokens_module._FOLDED) < 50_000
    assert fold("ＡＢ\u200bｃ") == "abc"
