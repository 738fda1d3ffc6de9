import shutil
from dataclasses import replace

import pytest
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
