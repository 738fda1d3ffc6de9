"""What every rank reads of a trial, whether it is the first or follows."""

import pytest
from tests.train.stacks import Told, trial

from etude.experiment.tracked_run import TrackedRun
from etude.train.torch.rank_trial import RankTrial, shared


@pytest.fixture
def made(tmp_path):
    """A trial of a study with a tracker."""
    one = trial(tmp_path, 3, Told(), steps=8, evaluations=4, split_seed=5)
    run = TrackedRun(experiment="a", study="b", trial=3, token="c", store=tmp_path / "etude.db")
    vars(one.assignment)["tracked"] = run
    return one


@pytest.fixture(params=["first", "other"])
def seen(request, made):
    first = shared(made)
    return first if request.param == "first" else RankTrial(None, first._header)


def test_every_rank_reads_what_a_trial_has(seen, made):
    names = ("setting", "split_seed", "evaluation_steps", "is_rehearsal")

    assert [getattr(seen, name) for name in names] == [getattr(made, name) for name in names]
    assert dict(seen) == dict(**seen) == seen.setting
    assert list(seen) == list(made)


def test_a_tracker_has_one_run_of_a_trial_and_not_one_of_each_rank(made):
    first = shared(made)

    opened = [one.tracker("wandb") for one in (first, RankTrial(None, first._header))]

    assert [one["id"] for one in opened] == ["ct3", "ct3"]
    assert ["mode" in one for one in opened] == [False, True]


def test_what_the_first_rank_asks_for_counts_as_read_and_no_more(made):
    first = shared(made)
    before = set(made.unread)

    assert "learning_rate" in first
    assert first.split_seed == 5

    assert before - set(made.unread) == {"learning_rate", "split_seed"}
