"""Trials of different versions of the training code: which are on either side, and how grave."""

import pytest

from etude.analyze.checks.code import code, findings
from etude.code import Code, CodeFile, Stretch
from etude.record import Record

OLD, NEW = (
    Code((CodeFile("train.py", f"hash of {text}", text),)) for text in ("x = 1", "x = 2\ny = 3")
)


def trials(*stretches, begin=0, accepted=False):
    """Ended trials, each by its stretches: a code, or a pair where it went on under another."""
    return [
        Record(
            id=begin + at,
            study="",
            index=at,
            setting={},
            seed=at,
            status="completed",
            stretches=tuple(
                Stretch(4 * place, 2 if one is NEW else 1, one, accepted)
                for place, one in enumerate(own if isinstance(own, tuple) else (own,))
            ),
        )
        for at, own in enumerate(stretches)
    ]


def finding(**studies):
    (found,) = findings(code(studies))
    return found


def test_one_version_is_in_order():
    found = finding(all=trials(OLD, OLD, OLD))

    assert (found.status, found.advice) == ("ok", "")


def test_trials_whose_code_nobody_wrote_down_say_nothing():
    assert findings(code({"all": trials(None, None)})) == []
    assert findings(code({"all": []})) == []


def test_trials_of_two_versions_that_are_ranked_together_are_a_problem():
    found = finding(all=trials(OLD, OLD, OLD, OLD, NEW, NEW))

    assert found.status == "problem"
    assert found.headline == "4 of 6 trials were trained by an older `train.py`"
    assert "`train.py` changed in launch 2 (2 lines)" in found.message
    assert "4 trials of version 1 and 2 trials of version 2" in found.message
    assert list(found.evidence["versions"].values()) == [[0, 1, 2, 3], [4, 5]]
    assert "--accept-code" in found.advice


@pytest.mark.rule("K3")
def test_studies_of_different_code_are_a_problem_that_names_their_shares():
    found = finding(adam=trials(OLD, OLD, OLD, OLD), sgd=trials(NEW, NEW, NEW, OLD, begin=4))

    assert (found.status, found.kind) == ("problem", "uneven")
    assert "the newest one trained `adam` 0 %, `sgd` 75 %" in found.message


def test_studies_that_have_both_versions_alike_are_worth_a_notice():
    both = (OLD, OLD, OLD, NEW, NEW)

    found = finding(adam=trials(*both), sgd=trials(*both, begin=5))

    assert (found.status, found.acknowledged) == ("notice", False)


@pytest.mark.parametrize("second", [(NEW, NEW), (OLD, NEW)])
def test_what_the_author_accepts_is_acknowledged(second):
    found = finding(
        adam=trials(OLD, OLD, accepted=True), sgd=trials(*second, begin=2, accepted=True)
    )

    assert (found.status, found.acknowledged, found.advice) == ("notice", True, "")
    assert "accepts" in found.message


def test_a_version_after_the_last_that_was_accepted_is_not():
    accepted = trials(OLD, OLD, accepted=True)

    assert finding(all=[*accepted, *trials(NEW, begin=2)]).status == "problem"


def test_a_trial_that_went_on_under_other_code_is_of_both():
    found = finding(all=trials(NEW, (OLD, NEW), NEW))

    assert found.status == "problem"
    assert found.headline == "1 trial began with an older `train.py`"
    assert "Trial 1 went on from a checkpoint under other code, and is of both" in found.message
    assert found.evidence["both"] == [1]


def test_a_trial_that_runs_yet_counts_for_neither():
    running = Record(
        id=1, study="", index=1, setting={}, seed=1, status="running",
        stretches=(Stretch(0, 2, NEW),),
    )  # fmt: skip

    assert finding(all=[*trials(OLD), running]).status == "ok"


def test_another_code_than_where_the_settings_were_found_is_worth_a_notice():
    (same,) = findings(code({"all": trials(OLD, OLD)}, trials(OLD, OLD)))
    (other,) = findings(code({"all": trials(NEW, NEW)}, trials(OLD, OLD)))

    assert same.status == "ok"
    assert (other.status, other.headline) == (
        "notice",
        "`train.py` changed since these settings were found",
    )
