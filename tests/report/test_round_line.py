"""The rounds of a line as a page shows them."""

from __future__ import annotations

from etude.report.round_line import Round, rounds_shown

FIRST = Round(name="a", trials=20, best=0.3, trial=4)
SECOND = Round(
    name="b c",
    parent="a",
    trials=20,
    best=0.21,
    trial=1,
    changes=(("nuisance.x", "1", "2", "C1"),),
    current=True,
)


def test_one_round_is_no_line():
    assert rounds_shown([FIRST], "valid/error")["rounds"] == []


def test_rounds_say_their_best_and_how_to_see_them():
    said = rounds_shown([FIRST, SECOND], "valid/error")

    assert "Best valid/error: 0.3 in the first, 0.21 in the last." in said["rounds_note"]
    assert [one["command"] for one in said["rounds"]] == ["etude report a", "etude report 'b c'"]
    assert said["rounds"][1]["changes"][0]["rule"] == "C1"


def test_a_round_without_a_value_says_none():
    said = rounds_shown([Round(name="a"), SECOND], "loss")

    assert said["rounds"][0]["best"] == "none"
    assert "Best" not in said["rounds_note"]
