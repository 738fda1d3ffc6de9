"""Only values at equal lengths are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import factories
from tests.factories import record

from etude.analyze.views.equal_lengths import equal_lengths
from etude.analyze.views.outcomes import outcomes
from etude.space import Real

STUDY = factories.study({"a": Real(0.0, 1.0)})


def ended(*curves, maximize=False):
    """Trials with these values; those of fewer than three were pruned."""
    study = replace(STUDY, maximize=maximize)
    return study, outcomes(study, [_trial(study, *each) for each in enumerate(curves)])


def _trial(study, trial, values):
    whole = values is None or len(values) == 3
    cut = {} if whole else {"status": "stopped", "reason": "pruned"}
    return record(study, trial, values, {"a": 0.1 * trial}, **cut)


def test_trials_of_one_length_all_count():
    study, trials = ended([0.9, 0.5, 0.4], [0.9, 0.8, 0.7], None)

    lengths = equal_lengths(study, trials, needed=10)

    assert (lengths.outcomes, lengths.cut, lengths.step) == (tuple(trials), 0, None)


def test_where_enough_are_whole_the_others_do_not_count():
    study, trials = ended([0.9, 0.5, 0.4], [0.9, 0.8, 0.7], [0.3], None)

    lengths = equal_lengths(study, trials, needed=2)

    assert [one.trial for one in lengths.outcomes] == [0, 1, 3]
    assert (lengths.cut, lengths.trials) == (1, 3)


@pytest.mark.parametrize(("maximize", "best"), [(False, [0.5, 0.8, 0.3]), (True, [0.9, 0.9, 0.6])])
def test_where_few_are_whole_all_count_up_to_the_last_step_of_all(maximize, best):
    study, trials = ended([0.9, 0.5, 0.4], [0.9, 0.8, 1.0], [0.3, 0.6], maximize=maximize)

    lengths = equal_lengths(study, trials, needed=3)

    assert [one.value for one in lengths.outcomes] == best
    assert (lengths.cut, lengths.step) == (1, 10)
