"""The judge is judged first: it names each way of breaking a promise, and lets the honest go."""

from collections.abc import Callable

import pytest

from tests.faults.history import Fault, History, Line, judge

ROOM, OTHER, EPOCH = "room", "other room", "e1"


def honest() -> History:
    """Two clients, five lines; b was cut off after the second and came back."""
    history = History(members={ROOM: {"a", "b"}, OTHER: {"b"}}, final_epoch=EPOCH, in_order={"a"})
    lines = [Line(n, f"id{n}", "a" if n % 2 else "b", f"text {n}") for n in range(1, 6)]
    for line in lines:
        assert line.author is not None
        assert line.id is not None
        history.sent.append((line.author, line.id, ROOM, line.body))
        history.acked.append((line.author, line.id, ROOM, line.seq))
    history.joined("a", ROOM, EPOCH, 0).lines.extend(lines)
    history.joined("b", ROOM, EPOCH, 0).lines.extend(lines[:2])
    history.joined("b", ROOM, EPOCH, 2).lines.extend(lines[2:])
    history.joined("b", ROOM, EPOCH, None).lines.extend(lines[3:])
    history.final = {ROOM: lines[:], OTHER: []}
    return history


def test_an_honest_history_is_clean() -> None:
    assert judge(honest()) == []
    assert judge(History()) == []


def test_what_was_never_acknowledged_may_be_stored_or_not() -> None:
    history = honest()
    history.sent += [("a", "id6", ROOM, "text 6"), ("a", "id7", ROOM, "text 7")]
    history.final[ROOM].append(Line(6, "id6", "a", "text 6"))
    assert judge(history) == []


def test_a_repeat_with_the_same_answer_is_clean_and_a_resend_by_another_way_too() -> None:
    history = honest()
    history.acked += history.acked
    assert judge(history) == []


def test_one_id_of_two_authors_is_two_lines() -> None:
    history = honest()
    history.sent.append(("c", "id6", ROOM, "text 6"))
    history.acked.append(("c", "id6", ROOM, 6))
    history.final[ROOM].append(Line(6, "id6", "c", "text 6"))
    assert judge(history) == []


def test_lines_of_the_service_itself_are_nobodys() -> None:
    history = honest()
    history.final[ROOM].append(Line(6, None, None, "the case was accepted"))
    assert judge(history) == []


def lost(h: History) -> None:
    for stream in h.streams:
        stream.lines[:] = [line for line in stream.lines if line.seq != 5]
    del h.final[ROOM][4]


def a_lost_room(h: History) -> None:
    del h.final[ROOM]
    h.streams.clear()


def stored_twice(h: History) -> None:
    h.final[ROOM].append(Line(6, "id5", "a", "text 5"))


def given_twice(h: History) -> None:
    h.streams[0].lines.append(h.streams[0].lines[-1])


def a_hole_at_the_end(h: History) -> None:
    h.sent.append(("a", "id7", ROOM, "text 7"))
    h.final[ROOM].append(Line(7, "id7", "a", "text 7"))


def a_hole_on_the_way(h: History) -> None:
    del h.streams[0].lines[2]


def a_hole_after_coming_back(h: History) -> None:
    del h.streams[2].lines[0]


def a_younger_line_stored_first(h: History) -> None:
    h.sent[0], h.sent[2] = h.sent[2], h.sent[0]


def a_line_below_one_already_seen(h: History) -> None:
    h.streams[0].lines[1:3] = reversed(h.streams[0].lines[1:3])


def a_line_below_the_cursor(h: History) -> None:
    h.streams[2].lines.insert(0, h.streams[1].lines[1])


def two_readers_read_two_things(h: History) -> None:
    h.streams[1].lines[0] = h.streams[1].lines[0]._replace(body="text 1, but kinder")


def all_read_what_does_not_stand(h: History) -> None:
    h.final[ROOM][0] = h.final[ROOM][0]._replace(body="text 1, but kinder")
    h.sent[0] = ("a", "id1", ROOM, "text 1, but kinder")


def stored_otherwise_than_sent(h: History) -> None:
    h.sent[0] = ("a", "id1", ROOM, "text 1, but kinder")


def in_anothers_name(h: History) -> None:
    h.sent[1] = ("a", "id2", ROOM, "text 2")
    h.acked[1] = ("b", "id2", ROOM, 2)


def heard_and_gone(h: History) -> None:
    h.streams[0].lines.append(Line(6, "id6", "b", "text 6"))
    h.sent.append(("b", "id6", ROOM, "text 6"))


def stored_and_never_sent(h: History) -> None:
    h.final[ROOM].append(Line(6, "id6", "b", "text 6"))


def acknowledged_elsewhere(h: History) -> None:
    h.acked[1] = ("b", "id2", ROOM, 3)


def acknowledged_twice_with_two_places(h: History) -> None:
    h.acked.append(("b", "id2", ROOM, 4))


def heard_by_a_stranger(h: History) -> None:
    h.joined("stranger", ROOM, EPOCH, 0).lines.append(h.final[ROOM][0])


def told_to_start_over(h: History) -> None:
    h.resyncs.append(("a", ROOM))


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (lost, Fault.LOST),
        (a_lost_room, Fault.LOST),
        (stored_twice, Fault.DOUBLED),
        (given_twice, Fault.DOUBLED),
        (a_hole_at_the_end, Fault.HOLE),
        (a_hole_on_the_way, Fault.HOLE),
        (a_hole_after_coming_back, Fault.HOLE),
        (a_younger_line_stored_first, Fault.REORDERED),
        (a_line_below_one_already_seen, Fault.LATE),
        (a_line_below_the_cursor, Fault.LATE),
        (two_readers_read_two_things, Fault.CHANGED),
        (all_read_what_does_not_stand, Fault.CHANGED),
        (stored_otherwise_than_sent, Fault.CHANGED),
        (in_anothers_name, Fault.CHANGED),
        (heard_and_gone, Fault.PHANTOM),
        (stored_and_never_sent, Fault.PHANTOM),
        (acknowledged_elsewhere, Fault.MISPLACED),
        (acknowledged_twice_with_two_places, Fault.MISPLACED),
        (heard_by_a_stranger, Fault.LEAKED),
        (told_to_start_over, Fault.REWOUND),
    ],
)
def test_a_broken_history_is_named(breaking: Callable[[History], None], fault: Fault) -> None:
    history = honest()
    breaking(history)
    assert fault in {found.fault for found in judge(history)}


@pytest.mark.parametrize("breaking", [stored_and_never_sent, acknowledged_elsewhere, heard_by_a_stranger, lost])
def test_a_history_broken_once_is_called_broken_once(breaking: Callable[[History], None]) -> None:
    history = honest()
    breaking(history)
    assert len(judge(history)) == 1
