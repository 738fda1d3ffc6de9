from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.connect import encoders
from tests.connect.csv_folders import shared_data
from tests.connect.encoders import wandb_config, wandb_exit, wandb_history, wandb_log
from tests.connect.hostile_files import memory_below, zeros

from etude.connect import wandb
from etude.connect.base import ReadRequest, SourceStudy
from etude.errors import ImportFileError

REQUEST = ReadRequest(metric="valid/loss")


def read(source: Path, request: ReadRequest = REQUEST) -> SourceStudy:
    (study,) = wandb.read(source, request)
    return study


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def local_run(place: Path, config: str, summary: dict[str, Any]) -> Path:
    written(place / "files/config.yaml", config)
    written(place / "files/wandb-summary.json", json.dumps(summary))
    return place


# --- the originals


def test_every_run_of_the_original_chart_arrives_with_all_its_points():
    study = read(shared_data("originals", "wandb_chart_export"))

    points = {trial.name: len(trial.rows) for trial in study.trials}
    assert points == {
        "gpt2_last_char_to_char1729642919.4054031": 51,
        "gpt2_augmented_char_to_token1729630560.5729918": 57,
        "gpt2_last_char_token_to_char1729587337.8266432": 166,
        "gpt2_char_to_token1729578574.2848036": 150,
        "gpt2_char_to_token1729534595.422701": 128,
        "gpt2": 386,
        "gpt2_last_char_token_to_token1729493675.529459": 118,
        "gpt2_char_to_token1729491541.2756786": 128,
    }
    assert {name for trial in study.trials for _, name, _ in trial.rows} == {"train/loss"}
    assert {trial.status for trial in study.trials} == {"unknown"}
    assert study.trials[5].rows[-1] == (385, "train/loss", 3.2849113941192627)


def test_every_local_run_of_the_original_arrives_with_what_is_known_of_it():
    study = read(shared_data("originals", "wandb_local_runs"))

    points = {trial.name: len(trial.rows) for trial in study.trials}
    assert points == {"jnyhr7aj": 5, "jqe8zy9r": 5, "18kjtmnl": 0, "u1pue59s": 0}
    assert {trial.status for trial in study.trials} == {"unknown"}
    assert (10, "val/loss", 4.266106605529785) in study.trials[0].rows
    assert [len(trial.setting) for trial in study.trials] == [33, 33, 36, 36]
    assert study.trials[0].setting["min_lr"] == 6e-05
    assert [trial.wall_s for trial in study.trials] == [539.711665184, 873.956043105, 4.0, 95.0]


def test_what_the_original_local_runs_lack_is_named_folder_by_folder():
    left_out = read(shared_data("originals", "wandb_local_runs")).left_out

    assert ["only the last value" in one for one in left_out] == [True, True, False, False]
    assert ["no values" in one for one in left_out] == [False, False, True, True]


# --- exports


CHART = """\
"Step","a - b - valid/loss","a - b - valid/loss__MIN","a - b - valid/loss__MAX","c - valid/loss"
"0","3.5","3","4","NaN"
"10","","","","Infinity"
"20","1","1","1",""
"""


def test_a_chart_gives_a_curve_a_run(tmp_path):
    study = read(written(tmp_path / "chart.csv", CHART))

    first, second = study.trials
    assert (first.name, first.rows) == ("a - b", ((0, "valid/loss", 3.5), (20, "valid/loss", 1.0)))
    assert second.rows[1] == (10, "valid/loss", math.inf)
    assert math.isnan(second.rows[0][2])
    assert any("1 values are means of several steps" in one for one in study.left_out)


def test_two_runs_of_one_name_stay_two_trials(tmp_path):
    chart = written(tmp_path / "chart.csv", "Step,a - loss,a - loss\n0,1,2\n")

    trials = read(chart).trials

    assert [(trial.name, trial.rows[0][2]) for trial in trials] == [("a", 1.0), ("a (2)", 2.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Relative Time (Wall),a - loss\n0.5,1\n", "should be a step"),
        ("Step,a - loss\n0,one\n", "line 2: `one` is no number"),
        ("Step,loss\n0,1\n", "is no export of W&B"),
        ("", "is no export of W&B"),
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path, text, message):
    chart = written(tmp_path / "chart.csv", text)

    with pytest.raises(ImportFileError, match=message):
        read(chart)


TABLE = """\
"Name","State","Notes","Created","Runtime","Sweep","lr","layers","opt","train/loss","val_acc","_step"
"one","finished","","2026-01-01","12","","0.1","2","adam","0.5","0.9","100"
"two","crashed","","2026-01-01","13","","1","3","","NaN","","50"
"three","failed","","2026-01-01","14","","0.01","4","sgd","","",""
"four","killed","","2026-01-01","15","","0.01","4","sgd","1","0.1","7"
"five","running","","2026-01-01","16","","0.01","4","sgd","2","0.1","8"
"""


def test_a_table_gives_settings_ends_and_last_values(tmp_path):
    trials = read(written(tmp_path / "table.csv", TABLE)).trials

    assert [(trial.status, trial.reason) for trial in trials] == [
        ("completed", ""),
        ("infeasible", ""),
        ("failed", ""),
        ("stopped", "by hand"),
        ("running", ""),
    ]
    assert trials[0].setting == {"lr": 0.1, "layers": 2, "opt": "adam"}
    assert trials[0].rows == ((100, "train/loss", 0.5), (100, "val_acc", 0.9))
    assert trials[1].setting == {"lr": 1.0, "layers": 3}
    assert math.isnan(trials[1].rows[0][2])
    assert trials[2].rows == ()
    assert [trial.wall_s for trial in trials] == [12, 13, 14, 15, 16]


def test_what_a_table_does_not_say_is_told_with_the_way_out(tmp_path):
    (message,) = read(written(tmp_path / "table.csv", TABLE)).left_out

    assert "Read as metrics: `train/loss`, `val_acc`" in message
    assert "as settings: `lr`, `layers`, `opt`" in message
    assert "--rename" in message


def test_a_renamed_column_of_a_table_can_become_a_metric(tmp_path):
    request = ReadRequest(metric="valid/score", renames={"layers": "valid/score"})

    (first, *_) = read(written(tmp_path / "table.csv", TABLE), request).trials

    assert (100, "valid/score", 2.0) in first.rows
    assert first.setting == {"lr": 0.1, "opt": "adam"}


def test_a_chart_and_a_table_in_one_folder_complete_each_other(tmp_path):
    written(tmp_path / "chart.csv", "Step,one - train/loss\n0,9\n50,0.7\n")
    written(tmp_path / "table.csv", TABLE)
    written(tmp_path / "notes.csv", "some,thing\n1,2\n")

    study = read(tmp_path)

    one = next(trial for trial in study.trials if trial.name == "one")
    assert one.rows == ((0, "train/loss", 9.0), (50, "train/loss", 0.7), (100, "val_acc", 0.9))
    assert (one.status, one.setting["lr"]) == ("completed", 0.1)
    assert any("notes.csv` is no export" in sentence for sentence in study.left_out)


# --- local runs


def test_a_log_gives_the_whole_history_the_setting_and_the_end(tmp_path):
    setting = {"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "none": None, "_wandb": {}}
    first = {"train/loss": "2.5", "deep.er": "1", "_runtime": "3.5", "_step": "0"}
    second = {"train/loss": "NaN", "other": "-Infinity", "_runtime": "7.5"}
    log = [wandb_config(setting), wandb_history(0, first), wandb_history(10, second)]
    wandb_log(tmp_path / "wandb/offline-run-2026-abc/run-abc.wandb", [*log, wandb_exit(0)])

    study = read(tmp_path)

    (trial,) = study.trials
    assert (trial.name, trial.status, trial.wall_s) == ("abc", "completed", 7.5)
    assert trial.setting == {"lr": 0.1, "opt.name": "adam", "opt.betas": "[0.9, 0.99]"}
    assert trial.rows[:2] == ((0, "train/loss", 2.5), (0, "deep.er", 1.0))
    assert trial.rows[3] == (10, "other", -math.inf)
    assert math.isnan(trial.rows[2][2])
    assert study.left_out == ()


@pytest.mark.parametrize(
    ("code", "end"),
    [(0, ("completed", "")), (1, ("failed", "")), (255, ("stopped", "by hand"))],
)
def test_the_exit_code_says_how_a_run_ended(tmp_path, code, end):
    wandb_log(tmp_path / "run-1-abc/run-abc.wandb", [wandb_config({"lr": 1}), wandb_exit(code)])

    (trial,) = read(tmp_path).trials

    assert (trial.status, trial.reason) == end


def test_a_log_without_an_end_is_a_run_that_goes_on(tmp_path):
    wandb_log(tmp_path / "run-1-abc/run-abc.wandb", [wandb_config({"lr": 1})])

    assert read(tmp_path).trials[0].status == "running"


def test_records_that_cross_blocks_arrive_whole(tmp_path):
    history = [wandb_history(at, {"loss": f"{at}.5", "text": f'"{"x" * 20_000}"'}) for at in (1, 2)]
    long = wandb_config({"note": "y" * 100_000})
    wandb_log(tmp_path / "run-1-abc/run-abc.wandb", [long, *history, wandb_exit(0)])

    study = read(tmp_path)

    assert study.trials[0].rows == ((1, "loss", 1.5), (2, "loss", 2.5))
    assert study.trials[0].setting == {"note": "y" * 100_000}
    assert "passed over 2 logged values" in study.left_out[0]


def test_a_picture_is_no_metric(tmp_path):
    picture = {"image._type": '"image-file"', "image.width": "640", "loss": "1"}
    wandb_log(tmp_path / "run-1-abc/run-abc.wandb", [wandb_history(0, picture), wandb_exit(0)])

    assert read(tmp_path).trials[0].rows == ((0, "loss", 1.0),)


@pytest.mark.parametrize(
    ("damage", "message"), [(b"\xff", "damaged at byte"), (b"", "ends inside")]
)
def test_a_torn_log_gives_what_stands_before_and_is_named(tmp_path, damage, message):
    records = [wandb_config({"lr": 1}), wandb_history(0, {"loss": "1"}), wandb_exit(0)]
    path = wandb_log(tmp_path / "run-1-abc/run-abc.wandb", records)
    path.write_bytes(path.read_bytes()[:-1] + damage)

    study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert f"`{path}` " in study.left_out[0]
    assert message in study.left_out[0]


def test_a_resumed_run_is_one_trial(tmp_path):
    begin = [wandb_config({"lr": 1}), wandb_history(0, {"loss": "2"}), wandb_exit(255)]
    end = [wandb_config({"lr": 1}), wandb_history(1, {"loss": "1"}), wandb_exit(0)]
    wandb_log(tmp_path / "run-20260101_000000-abc/run-abc.wandb", begin)
    wandb_log(tmp_path / "run-20260102_000000-abc/run-abc.wandb", end)

    (trial,) = read(tmp_path).trials

    assert trial.rows == ((0, "loss", 2.0), (1, "loss", 1.0))
    assert trial.status == "completed"


def test_a_run_without_a_log_has_its_last_values_at_its_last_step(tmp_path):
    summary = {"_step": 9, "_runtime": 3.0, "loss": 0.5, "bad": "NaN", "text": "x", "_wandb": {}}
    local_run(tmp_path / "run-1-abc", "lr:\n  desc: null\n  value: 0.1\n", summary)

    study = read(tmp_path)

    assert study.trials[0].rows[0] == (9, "loss", 0.5)
    assert math.isnan(study.trials[0].rows[1][2])
    assert study.trials[0].wall_s == 3.0
    assert "only the last value is known" in study.left_out[0]


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("<<: {a: 1}\n", "a merge"),
        ("lr: 0.1\n", "has no `value`"),
        ("x:" * 3 + "\n" + "".join(f"{' ' * d}a:\n" for d in range(100)), "deep"),
    ],
)
def test_a_config_that_is_not_plain_is_named_and_its_run_left_out(tmp_path, config, named):
    local_run(tmp_path / "run-1-good", "lr:\n  value: 0.1\n", {"loss": 1.0})
    local_run(tmp_path / "run-1-bad", config, {"loss": 1.0})

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["good"]
    message = next(sentence for sentence in study.left_out if "run-1-bad" in sentence)
    assert named in message
    assert "left out" in message


@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.system ['touch harm']", "&a [x]", "*a"]
)
def test_a_value_that_is_not_plain_is_named_and_the_others_of_its_run_are_kept(tmp_path, value):
    config = f"lr:\n  value: 0.1\nbad:\n  value: {value}\n"
    local_run(tmp_path / "run-1-abc", config, {"loss": 1.0})

    study = read(tmp_path)

    assert study.trials[0].setting == {"lr": 0.1}
    assert any("`bad.value` is not read" in sentence for sentence in study.left_out)
    assert not (tmp_path / "harm").exists()


def test_a_log_that_knows_the_setting_makes_up_for_a_config_that_is_not_plain(tmp_path):
    place = local_run(tmp_path / "run-1-abc", "lr:\n  value: !!python/name:x\n", {"loss": 2.0})
    wandb_log(place / "run-abc.wandb", [wandb_config({"lr": 1}), wandb_exit(0)])

    study = read(tmp_path)

    assert (study.trials[0].setting, study.trials[0].status) == ({"lr": 1}, "completed")
    assert study.trials[0].rows == ((0, "loss", 2.0),)
    assert "no history in its log: of each metric, only the last value" in study.left_out[0]


@pytest.mark.parametrize("summary", ["[" * 100_000, '{"loss": 1' + "0" * 5000 + "}", "[]", "{"])
def test_a_summary_that_is_no_summary_is_named(tmp_path, summary):
    local_run(tmp_path / "run-1-good", "lr:\n  value: 0.1\n", {"loss": 1.0})
    bad = local_run(tmp_path / "run-1-bad", "lr:\n  value: 0.1\n", {})
    path = written(bad / "files/wandb-summary.json", summary)

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["good"]
    assert any(f"`{path}`" in sentence for sentence in study.left_out)


# --- harm


@given(st.binary(max_size=60))
def test_no_record_breaks_the_reader(content):
    with TemporaryDirectory() as place:
        path = Path(place) / "run-1-abc/run-abc.wandb"
        wandb_log(path, [wandb_config({"lr": 1}), encoders.bytes_field(2, content)])

        study = read(Path(place))

    assert study.trials[0].setting["lr"] == 1


@pytest.mark.parametrize("begin", [b"", b":W&B\xe1\xbe\x00"])
def test_a_gigabyte_of_zeros_as_a_log_ends_at_once_in_little_memory(tmp_path, begin):
    zeros(tmp_path / "run-1-abc/run-abc.wandb", begin)

    with memory_below(1 << 20), pytest.raises(ImportFileError, match=r"run-abc\.wandb"):
        read(tmp_path)


def test_a_gigabyte_of_zeros_as_an_export_is_refused(tmp_path):
    path = zeros(tmp_path / "chart.csv", b"Step,a - loss\n0,1\n")

    with (
        memory_below(64 << 20),
        pytest.raises(ImportFileError, match="line 3, is longer than 16 MB"),
    ):
        read(path)


def test_names_are_text_and_nothing_more(tmp_path):
    chart = "Step,<b onload=x>run</b> - ../../x\n0,1\n"

    (trial,) = read(written(tmp_path / "in/chart.csv", chart)).trials

    assert (trial.name, trial.rows) == ("<b onload=x>run</b>", ((0, "../../x", 1.0),))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["chart.csv", "in"]


def test_links_out_of_the_folder_are_named_and_not_followed(tmp_path):
    outside = wandb_log(tmp_path / "out/run-9-zzz/run-zzz.wandb", [wandb_config({"secret": 1})])
    log = [wandb_config({"lr": 1}), wandb_history(0, {"loss": "1"})]
    wandb_log(tmp_path / "in/run-1-abc/run-abc.wandb", log)
    folder, file = tmp_path / "in/run-9-zzz", tmp_path / "in/run-1-abc/files/config.yaml"
    folder.symlink_to(outside.parent)
    file.parent.mkdir()
    file.symlink_to(written(tmp_path / "out/config.yaml", "secret:\n  value: 1\n"))

    study = read(tmp_path / "in")

    assert [trial.setting for trial in study.trials] == [{"lr": 1}]
    assert study.left_out == (
        f"`{file}` is a link out of the folder, and was not followed.",
        f"`{folder}` is a link out of the folder, and was not followed.",
    )


def test_a_folder_without_runs_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ImportFileError, match=r"neither runs of W&B .* nor an export"):
        read(tmp_path)


def test_what_stands_below_a_name_of_weights_and_biases_is_theirs(tmp_path):
    panels = {"lr": 0.1, "_wandb.visualize.x.title": "a", "_wandb/panel": 1}
    wandb_log(tmp_path / "run-1-abc/run-abc.wandb", [wandb_config(panels), wandb_exit(0)])

    assert read(tmp_path).trials[0].setting == {"lr": 0.1}


def test_each_job_of_a_sweep_has_its_runs(tmp_path):
    for job in ("0", "1"):
        local_run(
            tmp_path / "multirun/2026-01-01/10-00-00" / job / f"wandb/run-1-r{job}",
            f"lr:\n  value: 0.{job}1\n",
            {"loss": 1.0},
        )

    trials = read(tmp_path / "multirun").trials

    assert [(one.name, one.setting) for one in trials] == [
        ("r0", {"lr": 0.01}),
        ("r1", {"lr": 0.11}),
    ]


def test_a_run_without_a_setting_has_that_of_its_job_of_hydra(tmp_path):
    written(tmp_path / "0/.hydra/config.yaml", "optim:\n  lr: 0.1\n")
    written(tmp_path / "0/wandb/run-1-abc/files/wandb-summary.json", '{"loss": 1.0}')

    assert read(tmp_path).trials[0].setting == {"optim.lr": 0.1}
