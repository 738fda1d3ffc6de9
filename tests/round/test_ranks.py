"""What is refused and what is not where several ranks play one round."""

from dataclasses import replace

import pytest
from tests.train.imbalanced import Imbalanced

from etude.errors import RunError
from etude.round.ranks import together
from etude.round.source import Source
from etude.runner.inline import Inline
from etude.runner.processes import Processes


@pytest.fixture
def source(monkeypatch, tmp_path):
    """Of a first rank that torchrun started."""
    for name, value in {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2", "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    return Source("train.py:train", tmp_path, None)


@pytest.mark.parametrize("runner", [None, "inline", "auto"])
def test_ranks_train_in_the_processes_of_torchrun(runner, source):
    with together(source, runner) as first_rank:
        assert isinstance(first_rank, Inline)


def test_a_workload_is_refused_among_ranks(source):
    workload = replace(source, reference=None, function=Imbalanced)

    with pytest.raises(RunError, match="start it without torchrun"), together(workload, None):
        pass


def test_a_runner_that_trains_elsewhere_is_refused_among_ranks(source, tmp_path):
    with (
        pytest.raises(RunError, match="the runner is `Processes`"),
        together(source, Processes("train.py:train", tmp_path, workers=1)),
    ):
        pass
