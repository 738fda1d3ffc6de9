import time

import pytest
from tests.runner.sample import assignment

import etude
from etude.trial import Trial, trained_now


class Silent:
    def marked(self, moment, step):
        pass

    def logged(self, step, values):
        pass

    def saved(self, step, value, contents):
        pass


@pytest.fixture
def trials(tmp_path):
    """Two trials."""
    return [Trial(assignment(tmp_path), Silent(), now_s=time.monotonic) for _ in range(2)]


def test_there_is_no_current_trial_where_none_is_trained():
    assert etude.current() is None


def test_the_current_trial_is_the_innermost(trials):
    outer, inner = trials

    with trained_now(outer):
        with trained_now(inner):
            within = etude.current()
        after = etude.current()

    assert (within, after) == (inner, outer)


def test_a_trial_that_was_left_is_current_no_more(trials):
    with pytest.raises(ValueError, match="left"), trained_now(trials[0]):
        raise ValueError("left")

    assert etude.current() is None
