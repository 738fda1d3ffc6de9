from __future__ import annotations

import pytest

from etude.space import Real

from ..designs import RATE, design, findings_of

SHARE = Real(0.1, 1.0)


def searching(names, **given):
    """A round that searches the learning rate and these, one letter each."""
    asked = {"scientific": {}, "nuisance": {"learning_rate": RATE, **dict.fromkeys(names, SHARE)}}
    return design(**{**asked, **given})


@pytest.mark.rule("R16")
@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("", "abcd", 1),
        ("ab", "abcdef", 1),
        ("", "abc", 0),
        ("abcd", "abcd", 0),
        ("abcdef", "ab", 0),
        ("abcdef", "ghij", 0),
    ],
)
def test_many_hyperparameters_at_once_are_no_step(before, now, said):
    parent = searching(before, name="first")

    assert len(findings_of(searching(now), "R16", parent=parent)) == said


def test_what_is_new_is_named_with_both_counts():
    (one,) = findings_of(searching("abcd"), "R16", parent=searching("", name="first"))

    assert one.headline == "4 hyperparameters more are searched than in `first`"
    assert (
        "`a`, `b`, `c` and `d`, which `first` did not: 5 hyperparameters in place of 1"
        in one.message
    )
    assert (one.status, one.evidence["new"]) == ("notice", ["a", "b", "c", "d"])


def test_what_was_fixed_and_is_freed_is_new():
    parent = searching("", name="first", fixed=dict.fromkeys("abcd", 0.5))

    assert len(findings_of(searching("abcd", fixed={}), "R16", parent=parent)) == 1


def test_a_name_by_another_spelling_is_not_new():
    parent = design(name="first", scientific={}, nuisance={"lr": RATE, "wd": SHARE})
    parts = {"lr_G": RATE, "lr_D": RATE, "wd_G": SHARE, "wd_D": SHARE}

    assert findings_of(design(scientific={}, nuisance=parts), "R16", parent=parent) == []


def test_studies_that_are_compared_count_by_the_widest_of_them():
    inner = {"when": {"optimizer": {"adam": dict.fromkeys("abc", SHARE), "sgd": {"d": SHARE}}}}
    compared = design(
        scientific={"optimizer": ["adam", "sgd"]}, nuisance={"learning_rate": RATE, **inner}
    )

    (one,) = findings_of(compared, "R16", parent=searching("", name="first"))

    assert one.evidence["new"] == ["a", "b", "c", "optimizer"]


@pytest.mark.rule("R16", "S2")
def test_a_first_round_begins_with_few():
    (one,) = findings_of(searching("abcdefg"), "R16")

    assert one.headline == "A first round searches 8 hyperparameters at once"
    assert findings_of(searching("abcdef"), "R16") == []


def test_nothing_is_said_beside_a_parent_that_is_not_known():
    assert findings_of(searching("abcdefgh", parent="gone"), "R16") == []


def test_what_another_tool_searched_is_left_alone():
    assert findings_of(searching("abcdefgh", search="imported"), "R16") == []
