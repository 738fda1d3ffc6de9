"""The reader of Lightning's CSVLogger: values as they were logged, settings beside them."""

import math

import pytest

from etude.connect.base import ReadRequest
from etude.connect.lightning import read
from etude.errors import ImportFileError

REQUEST = ReadRequest(metric="val_loss")
METRICS = "epoch,step,train_loss,val_loss\n0,49,2.0,\n0,49,,2.5\n1,99,1.0,\n1,99,,nan\n"


@pytest.fixture
def logs(tmp_path):
    """The study of a folder with these files."""

    def written(**texts):
        for path, text in texts.items():
            place = tmp_path / path.replace("__", "/").replace("_csv", ".csv")
            place = place.with_name(place.name.replace("_yaml", ".yaml"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        (study,) = read(tmp_path, REQUEST)
        return study

    return written


def test_cells_that_are_empty_were_not_logged_and_nan_was(logs):
    (one,) = logs(v0__metrics_csv=METRICS, v0__hparams_yaml="lr: 0.1\nnet:\n  width: 8\n").trials

    assert one.setting == {"lr": 0.1, "net.width": 8}
    assert [row for row in one.rows if row[1] == "train_loss"] == [
        (49, "train_loss", 2.0),
        (99, "train_loss", 1.0),
    ]
    assert [step for step, name, value in one.rows if name == "val_loss"] == [49, 99]
    assert math.isnan(one.rows[-1][2])
    assert [row for row in one.rows if row[1] == "epoch"] == [(49, "epoch", 0), (99, "epoch", 1)]


def test_a_setting_with_an_object_of_python_keeps_its_other_values(logs):
    text = "lr: 0.1\nact: !!python/name:torch.nn.functional.relu ''\nwidth: 8\n"

    study = logs(v0__metrics_csv=METRICS, v0__hparams_yaml=text)

    assert study.trials[0].setting == {"lr": 0.1, "width": 8}
    assert "v0/hparams.yaml`, line 2: the value of `act` is not read" in study.left_out[0]
    assert not any("save_hyperparameters" in sentence for sentence in study.left_out)


def test_a_setting_that_cannot_be_read_is_not_told_as_one_that_was_never_saved(logs):
    study = logs(v0__metrics_csv=METRICS, v0__hparams_yaml="lr: 0.1\njust words\n")

    assert not any("save_hyperparameters" in sentence for sentence in study.left_out)


def test_runs_of_several_folders_are_told_apart(logs):
    study = logs(a__version_0__metrics_csv=METRICS, b__version_0__metrics_csv=METRICS)

    assert [one.name for one in study.trials] == ["a/version_0", "b/version_0"]
    assert "have no setting in `hparams.yaml`" in study.left_out[-1]


def test_a_job_of_hydra_has_the_setting_of_its_job(logs, tmp_path):
    config = tmp_path / "0" / ".hydra" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("optim:\n  lr: 0.1\n")

    (one,) = logs(**{"0__csv__version_0__metrics_csv": METRICS}).trials

    assert one.setting == {"optim.lr": 0.1}


def test_a_run_that_logged_nothing_is_told(logs):
    study = logs(v0__metrics_csv=METRICS, v1__hparams_yaml="lr: 0.1\n")

    assert len(study.trials) == 1
    assert any("which logged nothing: 1 (`v1`" in sentence for sentence in study.left_out)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "has no column `step`"),
        ("", "has no column `step`"),
        ("step,val_loss,val_loss\n1,2,3\n", "has columns of the same name: `val_loss`"),
        ("step,val_loss\n1,good\nx,1\n2\n", "passed over 3 values"),
    ],
)
def test_what_is_no_log_is_named(logs, text, told):
    study = logs(v0__metrics_csv=METRICS, v1__metrics_csv=text)

    assert any(told in sentence for sentence in study.left_out)


def test_a_log_that_was_saved_anew_with_decimal_commas_is_read(logs):
    (one,) = logs(v0__metrics_csv="step;val_loss\n9;0,5\n19;1,25\n").trials

    assert one.rows == ((9, "val_loss", 0.5), (19, "val_loss", 1.25))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ImportFileError, match="no run of Lightning"):
        read(tmp_path, REQUEST)
