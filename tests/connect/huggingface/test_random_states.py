import shutil
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.connect.huggingface.pairs import Fit, Pairs, of_six, resumed, trained
from tests.runner.sample import end, rows

# Whether data is drawn anew when it is read, workers of the loader, batches a step.
KINDS = [(False, 0, 1), (True, 0, 1), (True, 0, 2), (True, 2, 1)]


@pytest.fixture(scope="module", params=KINDS)
def whole(request, tmp_path_factory):
    """A training that was not interrupted: its function, its assignment and its events."""
    augments, workers, accumulation = request.param
    arguments = {
        "dataloader_num_workers": workers,
        "gradient_accumulation_steps": accumulation,
        "per_device_train_batch_size": 2 // accumulation,
    }
    fit = Fit(arguments, train_dataset=Pairs(8, augments=augments))
    given = of_six(tmp_path_factory.mktemp("whole"))
    return fit, given, trained(fit, given)


@pytest.mark.rule("K2")
@pytest.mark.parametrize("step", [1, 3])
def test_what_goes_on_equals_what_was_not_interrupted(whole, step, tmp_path):
    fit, given, events = whole
    checkpoints = shutil.copytree(given.checkpoints, tmp_path / "checkpoints")

    again = trained(fit, resumed(replace(given, checkpoints=checkpoints), events, step))

    assert fit.ends[-1] == fit.ends[0]
    assert rows(again) == [row for row in rows(events) if row[0] > step]
    assert end(again).steps == 6


WORKER = {"dataloader_num_workers": 1}


class Stream(torch.utils.data.IterableDataset[dict[str, Any]]):
    """Pairs, some of whose words are drawn when they are read; without a length."""

    def __iter__(self):
        pairs = Pairs(8, augments=True)
        return (pairs[row] for row in range(8))


@pytest.mark.rule("W4")
def test_a_fork_with_another_batch_size_passes_over_as_many_batches_as_its_trainer(tmp_path):
    parent = of_six(tmp_path)
    events = trained(Fit(WORKER), parent)
    fork = Fit({**WORKER, "per_device_train_batch_size": 4})

    forked = trained(fork, resumed(parent, events, 1))

    assert (end(forked).status, end(forked).steps) == ("completed", 6)


def test_a_stream_is_gone_on_with_where_a_worker_draws(tmp_path):
    given = of_six(tmp_path, max_steps=4, evaluations=2)
    fit = Fit(WORKER, train_dataset=Stream())
    events = trained(fit, given)

    again = trained(fit, resumed(given, events, 1))

    assert rows(again) == [row for row in rows(events) if row[0] > 1]


def test_a_stream_that_draws_is_told_of_at_the_rehearsal(tmp_path, capsys):
    given = of_six(tmp_path, rehearsal=True, max_steps=1, evaluations=1, whole_steps=6)

    trained(Fit(train_dataset=Stream()), given)

    assert "`IterableDataset` that draws" in capsys.readouterr().err


class Short(torch.utils.data.IterableDataset[dict[str, Any]]):
    """Three batches of pairs, which differ from pass to pass as `set_epoch` says."""

    def __init__(self) -> None:
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self):
        pairs = Pairs(12)
        return (pairs[(row + 2 * self.epoch) % 12] for row in range(6))


@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_stream_is_gone_on_with_where_its_pass_was(tmp_path, step):
    given = of_six(tmp_path, max_steps=8, evaluations=4)
    fit = Fit(train_dataset=Short())
    events = trained(fit, given)

    again = trained(fit, resumed(given, events, step))

    assert rows(again) == [row for row in rows(events) if row[0] > step]
    assert (end(again).status, fit.ends[-1]) == ("completed", fit.ends[0])
