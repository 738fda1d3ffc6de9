"""The csv format: what a folder says arrives, and what it cannot mean is told."""

import pytest
from tests.connect.csv_folders import csv_folder, import_result, import_source

from etude.connect.base import ReadRequest
from etude.connect.csv import read
from etude.errors import ImportFileError

REQUEST = ReadRequest(metric="valid/error")
CURVES = "trial,step,metric,value\na,9,valid/error,0.5\na,19,valid/error,0.25\n"


@pytest.fixture
def written(tmp_path):
    def build(trials, curves=CURVES):
        return csv_folder(tmp_path / "source", trials, curves)

    return build


def trial(source, request=REQUEST):
    (study,) = read(source, request)
    return study.trials[0]


def test_a_column_is_one_type_by_all_of_its_cells(written):
    found = trial(written("trial,lr,layers,nesterov,norm\na,1,2,true,1\nb,0.5,3,False,layer\n"))

    assert found.setting == {"lr": 1.0, "layers": 2, "nesterov": True, "norm": "1"}


def test_an_empty_cell_is_no_value(written):
    assert trial(written("trial,lr,beta1\na,0.1,\nb,0.2,0.9\n")).setting == {"lr": 0.1}


def test_whole_numbers_that_pandas_wrote_beside_empty_cells_are_whole(written):
    found = trial(written("trial,width\na,16.0\nb,\n"))

    assert repr(found.setting["width"]) == "16"


def test_known_columns_are_no_hyperparameters(written):
    source = written(
        "trial,status,seed,max_steps,reason,detail,wall_s,lr\n"
        "a,infeasible,2735018057.0,10666.0,nan,at 3,1.5,0.1\n"
    )
    (study,) = read(source, REQUEST)
    found = study.trials[0]

    assert (found.name, found.status, found.seed, found.reason) == (
        "a", "infeasible", 2735018057, "nan",
    )  # fmt: skip
    assert (found.detail, found.wall_s, study.max_steps) == ("at 3", 1.5, 10666)
    assert found.setting == {"lr": 0.1}


def test_names_are_changed_and_left_out_as_asked(written):
    request = ReadRequest(
        metric="valid/error",
        renames={"run": "trial", "lr": "learning_rate", "acc": "valid/accuracy"},
        ignored_names=frozenset(["note", "mfu"]),
    )
    source = written(
        "run,lr,note\na,0.1,x\n",
        "trial,step,metric,value\na,1,acc,0.5\na,1,mfu,0.5\n",
    )
    found = trial(source, request)

    assert found.setting == {"learning_rate": 0.1}
    assert found.rows == ((1, "valid/accuracy", 0.5),)


def test_values_that_are_not_finite_arrive_and_missing_ones_do_not(written):
    source = written(
        "trial\na\n",
        "trial,step,metric,value\na,1,valid/error,inf\na,2,valid/error,\na,3.0,valid/error,-inf\n",
    )

    assert trial(source).rows == (
        (1, "valid/error", float("inf")),
        (3, "valid/error", float("-inf")),
    )


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,0.5,valid/error,1", "with a step that is no whole number"),
        ("a,-1,valid/error,1", "with a step that is no whole number"),
        ("a,1e30,valid/error,1", "with a step that is no whole number"),
        ("a,1,valid/error,good", "with a value that is no number"),
        ("b,1,valid/error,1", "of trials that trials.csv does not have"),
        ("a,1,valid/error", "without all columns"),
    ],
)
def test_what_is_no_point_is_left_out_and_told_with_its_line(written, row, why):
    (study,) = read(written("trial,lr\na,1\n", f"{CURVES}{row}\n"), REQUEST)

    assert len(study.trials[0].rows) == 2
    assert f"{why}" in study.left_out[0]
    assert study.left_out[0].endswith(": 1, the first in line 4.")


def test_every_mistake_of_both_files_is_told_at_once(written):
    source = written(
        "lr,lr,status\n0.1,0.2,done\n0.1,0.2\n", "trial,step,name,value\na,1,valid/error,1\n"
    )

    with pytest.raises(ImportFileError) as refusal:
        read(source, REQUEST)

    lines = str(refusal.value).splitlines()
    assert "column `lr` stands there 2 times" in lines[0]
    assert "no column `trial`" in lines[1]
    assert "line 3: 2 cells below 3 columns" in lines[2]
    assert "curves.csv has no column `metric`" in lines[3]
    assert "no status `done`" in lines[4]


def test_an_id_that_stands_twice_is_refused(written):
    with pytest.raises(ImportFileError, match="trial `a` stands in 2 rows"):
        read(written("trial,lr\na,1\na,2\n"), REQUEST)


@pytest.mark.parametrize("missing", ["trials.csv", "curves.csv"])
def test_a_folder_without_one_of_the_files_is_refused(written, missing):
    source = written("trial,lr\na,1\n")
    (source / missing).unlink()

    with pytest.raises(ImportFileError, match=f"There is no file `{missing}`"):
        read(source, REQUEST)


def test_statuses_arrive_as_what_they_are(written):
    curves = "trial,step,metric,value\n" + "".join(
        f"{name},4,valid/error,0.5\n{name},4,train/loss,{loss}\n"
        for name, loss in zip("abcdefg", [1, 1, 1, 1, 1, "nan", 1], strict=True)
    )
    source = written(
        "trial,status\na,completed\nb,stopped\nc,failed\nd,running\ne,infeasible\nf,\ng,\nh,\n",
        curves,
    )

    standing = [(one.status, one.reason) for one in import_result(source).records]

    assert standing == [
        ("completed", ""),
        ("stopped", "pruned"),
        ("infeasible", "error"),
        ("running", ""),
        ("infeasible", "unstated"),
        ("infeasible", "nan"),
        ("completed", ""),
        ("completed", ""),
    ]


def test_a_trial_without_the_metric_is_missing_it_and_counted(written):
    source = written(
        "trial,lr\na,0.1\nb,0.2\n", CURVES + "b,9,train/loss,0.5\nb,19,train/loss,0.4\n"
    )
    summary, _ = import_source(source)

    assert summary.statuses == {"completed": 2}
    assert summary.without_metric == 1


def test_unknown_seeds_stay_unknown(written):
    result = import_result(written("trial,seed\na,\nb,7\nc,x\n"))

    assert [one.seed for one in result.records] == [-1, 7, -1]
    assert result.trials["seed"].isna().tolist() == [True, False, True]


def test_two_metrics_under_one_name_are_told(written):
    request = ReadRequest(metric="valid/error", renames={"error": "valid/error"})
    (study,) = read(written("trial\na\n", f"{CURVES}a,29,error,0.1\n"), request)

    assert len(study.trials[0].rows) == 3
    assert "so that they are one: 1, the first in line 4 (`valid/error`)." in study.left_out[0]


def test_a_number_is_one_in_every_language(written):
    assert trial(written("trial,x\na,1_000\nb,7\n")).setting == {"x": "1_000"}


def test_the_next_round_does_not_wait_for_what_another_tool_left_running(tmp_path):
    trials = "trial,status,lr\n" + "".join(
        f"{at},{'completed' if at else 'running'},{0.001 * 1.1**at}\n" for at in range(50)
    )
    curves = "trial,step,metric,value\n" + "".join(
        f"{at},9,valid/error,{1 - at / 60}\n" for at in range(50)
    )

    assert import_result(csv_folder(tmp_path / "s", trials, curves)).next() is not None


def test_a_point_that_stands_twice_is_told_and_the_last_counts(tmp_path):
    (tmp_path / "trials.csv").write_text("trial,rate\na,0.1\n")
    (tmp_path / "curves.csv").write_text(
        "trial,step,metric,value\na,1,valid/loss,0.5\na,1,valid/loss,0.6\n"
    )

    (study,) = read(tmp_path, ReadRequest(metric="valid/loss"))

    assert study.left_out == (
        "rows of curves.csv that repeat a trial, step and metric, of which the last counts: 1, "
        "the first in line 3.",
    )


def test_metrics_in_columns_are_points_too(written):
    source = written(
        "trial,lr\na,0.1\n", "trial,step,train/loss,valid/error\na,1,,0.5\na,2,3,nan\n"
    )

    rows = trial(source).rows

    assert [(step, name) for step, name, _ in rows] == [
        (1, "valid/error"),
        (2, "train/loss"),
        (2, "valid/error"),
    ]


def test_a_list_of_layers_is_a_choice(written):
    header = "trial,layers,max_steps,wall_s\n"
    source = written(
        f'{header}a,"128,64","1,500","2,345"\nb,"512,256","1,500",7\n', "trial,step,metric,value\n"
    )
    (study,) = read(source, REQUEST)

    assert [dict(one.setting) for one in study.trials] == [
        {"layers": "128,64"},
        {"layers": "512,256"},
    ]
    assert (study.max_steps, study.trials[0].wall_s) == (1500, 2345)


def test_semicolons_and_decimal_commas_are_read_and_told(written):
    source = written("trial;lr;note\na;0,1;x,y\n", "trial;step;metric;value\na;1;valid/error;0,5\n")
    (study,) = read(source, REQUEST)

    assert study.trials[0].setting == {"lr": 0.1, "note": "x,y"}
    assert study.trials[0].rows == ((1, "valid/error", 0.5),)
    assert ["decimal commas" in sentence for sentence in study.left_out] == [True, True]
