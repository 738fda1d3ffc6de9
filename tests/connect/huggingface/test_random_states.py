import pytest
from tests.connect.huggingface.pairs import Fit, Pairs, of_six, resumed, trained
from tests.runner.sample import end, rows


@pytest.fixture
def fit(request):
    """A training on data with or without augmentation, in workers or without."""
    augments, workers, accumulation = request.param
    arguments = {
        "dataloader_num_workers": workers,
        "gradient_accumulation_steps": accumulation,
        "per_device_train_batch_size": 2 // accumulation,
    }
    return Fit(arguments, train_dataset=Pairs(8, augments=augments))


@pytest.mark.rule("K2")
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize(
    "fit", [(False, 0, 1), (True, 0, 1), (True, 0, 2), (True, 2, 1)], indirect=True
)
def test_what_goes_on_equals_what_was_not_interrupted(fit, step, tmp_path):
    whole = of_six(tmp_path / "whole")
    events = trained(fit, whole)

    again = trained(fit, resumed(whole, events, step))

    assert fit.ends[1] == fit.ends[0]
    assert rows(again) == [row for row in rows(events) if row[0] > step]
    assert end(again).steps == 6
