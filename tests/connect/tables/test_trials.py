"""Tables that people and tools export: what a row and a column of them are."""

import math
import random
import time

import pytest
from tests.connect.csv_folders import import_result, import_source

from etude.connect import csv, wandb
from etude.connect.base import ReadRequest
from etude.errors import ImportFileError

RATES = (0.1, 0.01, 0.001, 0.0001)
ENDS = ("FINISHED", "FAILED", "KILLED", "RUNNING")


@pytest.fixture
def table(tmp_path):
    """The study of a table with this text."""

    def read(text, metric="acc", reader=csv, **options):
        path = tmp_path / "results.csv"
        path.write_text(text, encoding="utf-8")
        (study,) = reader.read(path, ReadRequest(metric=metric, **options))
        return study

    return read


def settings(study):
    return [dict(trial.setting) for trial in study.trials]


def metrics(study):
    return {name for trial in study.trials for _, name, _ in trial.rows}


def values(study, metric="acc"):
    return [value for trial in study.trials for _, name, value in trial.rows if name == metric]


# --- what tools export


def test_a_table_of_mlflow_has_the_settings_that_it_marks(table):
    rows = "".join(
        f"r{at},{end},2026-01-01 10:00:00.1+00:00,{rate / 2},{0.5 + at / 10},{rate},me,train.py\n"
        for at, (rate, end) in enumerate(zip(RATES, ENDS, strict=True))
    )
    header = "run_id,status,start_time,metrics.lr,metrics.acc,params.lr,tags.mlflow.user"

    study = table(f"{header},tags.mlflow.source.name\n{rows}")

    assert settings(study) == [{"lr": rate} for rate in RATES]
    assert metrics(study) == {"lr", "acc"}
    assert [(one.name, one.status, one.reason) for one in study.trials] == [
        ("r0", "completed", ""),
        ("r1", "failed", ""),
        ("r2", "stopped", "by hand"),
        ("r3", "running", ""),
    ]


def test_a_metric_may_be_called_with_its_mark(table):
    study = table("run_id,metrics.acc,params.lr\na,0.5,0.1\n", metric="metrics.acc")

    assert values(study, "metrics.acc") == [0.5]


def test_a_table_of_optuna_has_its_states_and_durations(table):
    rows = "".join(
        f"{at},{at},{0.5 if state == 'COMPLETE' else ''},2026-01-01 10:00:00.1,"
        f"0 days 00:01:30.5,{RATES[at]},host-1,{state}\n"
        for at, state in enumerate(("COMPLETE", "PRUNED", "FAIL", "RUNNING"))
    )
    header = ",number,value,datetime_start,duration,params_lr,user_attrs_host,state"

    study = table(f"{header}\n{rows}", metric="value")

    assert settings(study) == [{"lr": rate} for rate in RATES]
    assert metrics(study) == {"value"}
    assert [one.status for one in study.trials] == ["completed", "stopped", "failed", "running"]
    assert [one.wall_s for one in study.trials] == [90.5] * 4


def test_a_table_of_ray_tune_has_results_at_their_iteration(table):
    header = "acc,done,training_iteration,trial_id,date,time_total_s,pid,hostname,config/lr,logdir"
    rows = "".join(
        f"0.5,True,10,t{at},2026-01-01_10-00-00,12.5,1,h,{rate},/x/{at}\n"
        for at, rate in enumerate(RATES)
    )

    study = table(f"{header}\n{rows}")

    assert settings(study) == [{"lr": rate} for rate in RATES]
    assert study.trials[0].rows == ((10, "acc", 0.5),)
    assert [one.name for one in study.trials] == ["t0", "t1", "t2", "t3"]


def test_a_table_of_scikit_learn_is_a_score_a_setting(table):
    study = table(
        ",mean_fit_time,param_C,params,split0_test_score,mean_test_score,rank_test_score\n"
        "0,0.1,1,\"{'C': 1}\",0.8,0.81,2\n1,0.1,10,\"{'C': 10}\",0.8,0.85,1\n",
        metric="mean_test_score",
    )

    assert settings(study) == [{"C": 1}, {"C": 10}]
    assert metrics(study) == {"mean_test_score"}


@pytest.mark.parametrize(
    ("header", "ids"),
    [
        ("trial_index,arm_name,trial_status,generation_node,acc,lr", "0,{0}_0,COMPLETED,Sobol"),
        ("sys/id,sys/owner,metrics/acc,parameters/lr", "X-{0},me"),
        ("Start Time,Run ID,Name,Source Name,User,Status,acc,lr", "x 1,r{0},n{0},a.py,me,FINISHED"),
        ("Date,Notes,User,Tags,URL,Git Commit,acc,lr", "2026-01-0{0},x,me,a,http://x,abc"),
    ],
)
def test_bookkeeping_is_neither_a_setting_nor_a_metric(table, header, ids):
    rows = "".join(f"{ids.format(at)},0.5,{rate}\n" for at, rate in enumerate(RATES))

    study = table(f"{header}\n{rows}")

    assert settings(study) == [{"lr": rate} for rate in RATES]
    assert metrics(study) == {"acc"}


# --- W&B


def runs(states, sweep=""):
    rows = "".join(
        f'"r{at}","{state}","2026-01-01T00:00:00.000Z","5","{sweep}","0.{at + 1}","0.5"\n'
        for at, state in enumerate(states)
    )
    return f'"Name","State","Created","Runtime","Sweep","learning_rate","acc"\n{rows}'


@pytest.mark.parametrize("reader", [csv, wandb])
def test_states_of_runs_stay_what_they_are(table, reader):
    states = ("finished", "crashed", "killed", "preempted", "failed", "running")

    study = table(runs(states), reader=reader)

    assert [(one.status, one.reason) for one in study.trials] == [
        ("completed", ""),
        ("infeasible", ""),
        ("stopped", "by hand"),
        ("stopped", "preempted"),
        ("failed", ""),
        ("running", ""),
    ]


def test_a_run_that_a_sweep_killed_was_pruned(table):
    (one,) = table(runs(["killed"], sweep="s1"), reader=wandb).trials

    assert (one.status, one.reason) == ("stopped", "")


def test_names_that_begin_anew_are_results_also_where_both_have_the_same(table):
    header = "Name,State,Created,batch_size,lr,momentum,best_epoch,lr,model_path,speed,acc"
    sorted_header = header.replace("speed,acc", "speed,val_acc")
    rows = "".join(
        f"r{at},finished,2026,32,{rate},0.9,3,1e-6,/x/{at},7,0.5\n" for at, rate in enumerate(RATES)
    )

    study = table(f"{sorted_header}\n{rows}", metric="val_acc", reader=wandb)

    assert [one["lr"] for one in settings(study)] == list(RATES)
    assert set(settings(study)[0]) == {"batch_size", "lr", "momentum"}
    assert metrics(study) == {"best_epoch", "lr", "speed", "val_acc"}


def test_what_a_trainer_logs_by_place_is_a_result(table):
    header = "Name,State,Created,learning_rate,weight_decay,eval/loss,train/epoch"
    rows = "".join(f"r{at},finished,2026,{rate},0,0.5,3,1e-9,7\n" for at, rate in enumerate(RATES))

    study = table(
        f"{header},train/learning_rate,train/global_step\n{rows}", "eval/loss", reader=wandb
    )

    assert settings(study)[0] == {"learning_rate": 0.1, "weight_decay": 0}
    assert study.trials[0].rows == (
        (7, "eval/loss", 0.5),
        (7, "train/epoch", 3.0),
        (7, "train/learning_rate", 1e-9),
    )


def test_a_choice_among_results_is_no_order_of_weights_and_biases(table):
    header = "Name,State,lr,width,activation,acc"
    rows = "".join(f"r{at},finished,0.{at + 1},8,{'ab'[at % 2]},0.5\n" for at in range(4))

    study = table(f"{header}\n{rows}", reader=wandb)

    assert set(settings(study)[0]) == {"lr", "width", "activation"}


@pytest.mark.parametrize(
    "order",
    ["lr,weight_decay,batch_size,val_acc", "lr,batch_size,val_acc", "lr,momentum,dropout,val_acc"],
)
def test_an_order_that_a_person_made_is_none_of_weights_and_biases(table, order):
    names = order.split(",")[:-1]
    rows = "".join(f"r{at},finished{f',0.{at + 1}' * (len(names) + 1)}\n" for at in range(4))

    study = table(f"Name,State,{order}\n{rows}", "val_acc", reader=wandb)

    assert set(settings(study)[0]) == set(names)


@pytest.mark.parametrize("reader", [csv, wandb])
def test_cells_with_whole_dictionaries_are_columns(table, reader):
    rows = "".join(
        f"{at},\"{{'acc': 0.{at}, 'loss': nan, '_wandb': {{'runtime': 3}}}}\","
        f"\"{{'lr': {rate}, 'model': {{'depth': 2}}, 'seed': None}}\",r{at}\n"
        for at, rate in enumerate(RATES)
    )

    study = table(f",summary,config,name\n{rows}", reader=reader)

    assert settings(study) == [{"lr": rate, "model.depth": 2} for rate in RATES]
    assert (metrics(study), values(study)) == ({"acc", "loss"}, [0.0, 0.1, 0.2, 0.3])


def test_a_column_of_json_is_its_settings(table):
    study = table('run,config,acc\na,"{""lr"": 0.1}",0.5\nb,"{""lr"": 0.2}",0.6\n')

    assert settings(study) == [{"lr": 0.1}, {"lr": 0.2}]


@pytest.mark.parametrize("text", ["{" * 9_000, "{'a': " + "[" * 9_000, "{" + "'a\\" * 9_000, "{'a"])
def test_a_cell_that_is_no_whole_dictionary_stays_text(table, text):
    begin = time.process_time()
    study = table(f'run,config,acc\na,"{text}",0.5\n')

    assert list(settings(study)[0]) == ["config"]
    assert time.process_time() - begin < 2


# --- what people write


def test_results_begin_where_the_first_of_them_stands(table):
    study = table("Method,lr,wd,Val acc,time (s)\na,0.1,0,0.5,60\nb,0.2,0,0.6,70\n", "Val acc")

    assert settings(study)[1] == {"Method": "b", "lr": 0.2, "wd": 0}
    assert metrics(study) == {"Val acc", "time (s)"}
    assert "Read as metrics: `Val acc`, `time (s)`" in study.left_out[0]


def test_a_person_says_what_is_a_setting_and_what_a_metric(table):
    text = "x1,x2,acc,x3\n1,2,0.5,3\n2,3,0.6,4\n"
    study = table(text, renames={"x3": "params.x3", "x1": "train/x1"})

    assert settings(study)[0] == {"x2": 2, "params.x3": 3}
    assert metrics(study) == {"acc", "train/x1"}


def test_what_a_space_names_is_a_setting(tmp_path):
    table, space = tmp_path / "results.csv", tmp_path / "space.toml"
    table.write_text("x1,x2,acc,x3,date\n1,2,0.5,3,1\n2,3,0.6,4,2\n")
    space.write_text(
        "[nuisance]\nx1 = { low = 1, high = 2 }\nx2 = { low = 2, high = 3 }\n"
        "x3 = { low = 3, high = 4 }\ndate = { low = 1, high = 2 }\n"
    )

    summary, _ = import_source(table, "acc", space=space)

    names = {one.name for one in summary.experiment.hyperparameters}
    assert names == {"x1", "x2", "x3", "date"}
    assert set(summary.metrics) == {"acc"}


def test_repeats_of_a_setting_have_their_seeds(table):
    study = table("lr,Seed,acc\n0.1,1,0.5\n0.1,2,0.6\n", renames={"Seed": "seed"})

    assert [one.seed for one in study.trials] == [1, 2]


@pytest.mark.parametrize(
    ("text", "values_read"),
    [
        ("\ufefflr;acc\n0,1;0,5\n0,2;1.000,25\n", [0.5, 1000.25]),
        ("sep=;\nlr;acc\n0,1;0,5\n", [0.5]),
        ("lr\tacc\n0.1\t0.5\n", [0.5]),
        ("lr|acc\n0.1|0.5\n", [0.5]),
        ('lr,acc\n0.1,"1,024.5"\n', [1024.5]),
        ('lr,acc\n0.1,"0,5"\n', [0.5]),
        ("lr,acc\n0.1,93.5%\n0.2,N/A\n0.3,-\n", [0.935]),
        ("lr,acc\n0.1,\u22120.5\n", [-0.5]),
        ("lr;acc\n0,1;12\u00a0000\n", [12000.0]),
        ("lr,acc,,\n0.1,0.5,,\n,,,\n", [0.5]),
    ],
)
def test_numbers_are_read_as_spreadsheets_write_them(table, text, values_read):
    assert values(table(text)) == values_read


@pytest.mark.parametrize(
    "layers", [("128,64", "512,256"), ("512,256", "256,128,64"), ("512,256,128", "128,128,128")]
)
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_lists_of_layers_are_no_numbers(table, sign, layers):
    rows = "".join(f'"{cell}"{sign}1.250{sign}0.{at + 5}\n' for at, cell in enumerate(layers))

    study = table(f"hidden{sign}rate{sign}acc\n{rows}")

    assert settings(study) == [{"hidden": cell, "rate": 1.25} for cell in layers]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("1,024", "16,384"), [1024, 16384]),
        (("0,25", "0,5"), [0.25, 0.5]),
        (("12,5%", "7,5%"), [0.125, 0.075]),
        (("1,250.5", "2,500"), [1250.5, 2500.0]),
    ],
)
def test_a_comma_of_a_setting_is_read_where_no_list_has_it(table, cells, numbers):
    study = table("x,acc\n" + "".join(f'"{cell}",0.5\n' for cell in cells))

    assert settings(study) == [{"x": number} for number in numbers]


@pytest.mark.parametrize("cell", ["-nan", "1.#IND", "-1.#QNAN", "#DIV/0!", "#NUM!", "\u221e"])
def test_a_value_that_is_not_finite_is_one_however_it_is_spelt(table, cell):
    (value,) = values(table(f"lr,acc\n0.1,{cell}\n"))

    assert not math.isfinite(value)


@pytest.mark.parametrize(
    "text",
    [
        "# made by hand\nlr,acc\n0.1,0.5\n",
        "# lr,acc\n0.1,0.5\n",
        "lr,acc\r0.1,0.5\r",
        "| lr | acc |\n|---|:---:|\n| 0.1 | 0.5 |\n",
    ],
)
def test_what_stands_around_a_table_is_no_part_of_it(table, text):
    study = table(text)

    assert (settings(study), values(study)) == ([{"lr": 0.1}], [0.5])


def test_a_row_that_sums_up_others_is_no_trial_and_told(table):
    study = table("run,lr,acc\na,0.1,0.5\nb,0.2,0.6\nMean,,0.55\nstd.,,0.05\n")

    assert [one.name for one in study.trials] == ["a", "b"]
    assert "sum up others are no trials, and left out: 2." in study.left_out[-1]


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (("Yes", "no", "yes"), ["yes", "no", "yes"]),
        (("TRUE", "false", "True"), [True, False, True]),
        (("Adam", "adam", "yes"), ["Adam", "adam", "yes"]),
    ],
)
def test_one_answer_in_several_spellings_is_one_value(table, cells, read):
    rows = "".join(f"{cell},0.{at}\n" for at, cell in enumerate(cells, start=1))

    assert [setting["ema"] for setting in settings(table(f"ema,acc\n{rows}"))] == read


def test_cells_that_say_that_there_is_no_number_are_not_told_as_mistakes(table):
    with pytest.raises(ImportFileError, match="no number: `diverged`"):
        table("lr,acc\n0.1,n/a\n0.2,-\n0.3,diverged\n0.4,93%\n")


MEANS = ("0.790 ± 0.00", "0.843 ± 0.01", "0.760 ± 0.06")


@pytest.mark.parametrize(
    "cells",
    [
        ("94%", "93.1", "91"),
        MEANS,
        ("-0.1 (best)", "+0.2", ".3"),
        ("\u22120.5 ± 0.1", "~0.4", "N/A"),
        ("7/10", "nan", ""),
    ],
)
@pytest.mark.parametrize("where", ["lr,val_acc,acc", "val_acc,lr,acc"])
def test_a_result_whose_cells_are_no_plain_numbers_is_no_setting_and_is_told(table, where, cells):
    rows = {"lr": RATES, "val_acc": cells, "acc": (0.5, 0.6, 0.7)}
    lines = zip(*(rows[name] for name in where.split(",")), strict=False)

    study = table(f"{where}\n" + "".join(f"{','.join(map(str, one))}\n" for one in lines))

    assert settings(study) == [{"lr": rate} for rate in RATES[:3]]
    assert metrics(study) == {"acc"}
    assert study.left_out[1].endswith(
        f"results whose cells are no plain numbers, and left out: `val_acc` (`{cells[0]}`)."
    )


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("loss", ("mse", "ce", "mse")),
        ("loss", ("l1", "2-norm", "l1")),
        ("precision", ("16-mixed", "32", "16-mixed")),
        ("loss_weight", ("1:2", "1:3", "1:2")),
    ],
)
def test_a_choice_by_the_name_of_a_measure_stays_a_setting(table, name, cells):
    study = table(f"lr,{name},acc\n" + "".join(f"0.1,{cell},0.5\n" for cell in cells))

    assert [one[name] for one in settings(study)] == list(cells)


def test_a_person_may_make_a_setting_of_a_result_with_text(table):
    text = "lr,val_acc,acc\n0.1,1/2,0.5\n0.2,1/3,0.6\n"

    study = table(text, renames={"val_acc": "params.target"})

    assert [one["params.target"] for one in settings(study)] == ["1/2", "1/3"]


@pytest.mark.parametrize("cells", [("91", "93.1", "94%"), ("94%", "91", "93.1", "N/A", "nan")])
def test_a_metric_in_percent_and_without_is_refused_by_its_cells(table, cells):
    plain = next(cell for cell in cells if "%" not in cell)
    why = f"`acc` .* has `94%` beside `{plain}`: write all with percent or none"

    with pytest.raises(ImportFileError, match=why):
        table("lr,acc\n" + "".join(f"0.1,{cell}\n" for cell in cells))


def test_a_metric_of_numbers_in_several_spellings_is_refused_by_them(table):
    text = 'lr,acc\n0.1,0.5\n0.2,"1,25"\n0.3,"1,024.5"\n'

    with pytest.raises(
        ImportFileError, match=r"written in several ways: `1,25`, `1,024.5`, `0.5`\. Write"
    ):
        table(text)


def test_means_with_their_spread_are_refused_as_a_metric_by_their_cells(table):
    with pytest.raises(ImportFileError, match=r"holds what is no number: `0\.790 ± 0\.00`, "):
        table("lr,acc\n" + "".join(f"0.1,{cell}\n" for cell in MEANS))


def test_a_seed_by_another_name_is_the_seed_of_its_trial(table):
    study = table("lr,random_state,acc\n0.1,1,0.5\n0.1,2,0.6\n")

    assert [one.seed for one in study.trials] == [1, 2]
    assert settings(study) == [{"lr": 0.1}] * 2


def test_ends_of_a_cluster_are_no_hyperparameter(table):
    ends = ("COMPLETED", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED by 1000", "FAILED", "In Progress")
    rows = "".join(f"{at},{end},0.1,0.5\n" for at, end in enumerate(ends))

    study = table(f"JobID,State,lr,acc\n{rows}")

    assert [(one.status, one.reason) for one in study.trials] == [
        ("completed", ""),
        ("stopped", "time_limit"),
        ("infeasible", ""),
        ("stopped", "by hand"),
        ("failed", ""),
        ("running", ""),
    ]
    assert settings(study) == [{"lr": 0.1}] * 6


def test_an_end_that_nobody_knows_is_told_and_is_no_hyperparameter(table):
    study = table("run,status,lr,acc\na,done,0.1,0.5\nb,done,0.1,0.5\nc,hexed,0.1,0.5\n")

    assert [one.status for one in study.trials] == ["completed", "completed", "unknown"]
    assert settings(study) == [{"lr": 0.1}] * 3
    assert "judged by their values: `hexed`." in study.left_out[1]


def test_other_signs_are_told(table):
    study = table("lr;acc\n0,1;50%\n")

    assert study.left_out[-1].endswith(
        "has cells parted by semicolons, decimal commas, percent, and was read so."
    )


@pytest.mark.parametrize("key", ["run,", ""])
def test_rows_that_are_steps_are_curves(table, key):
    rows = "".join(
        f"{f'r{run},' if key else ''}{rate},{step},{1 / (step + 1)},{step + run}\n"
        for run, rate in enumerate(RATES)
        for step in range(5)
    )

    study = table(f"{key}lr,epoch,loss,gnorm\n{rows}", metric="loss")

    assert settings(study) == [{"lr": rate} for rate in RATES]
    assert [len(one.rows) for one in study.trials] == [10] * 4
    assert study.trials[0].rows[2:4] == ((1, "loss", 0.5), (1, "gnorm", 1.0))


def test_one_name_with_several_seeds_is_several_trials(table):
    rows = "".join(
        f"r{run},{seed},{rate},{step},0.{step}\n"
        for run, rate in enumerate(RATES)
        for seed in (0, 1)
        for step in range(5)
    )

    study = table(f"run,seed,lr,step,acc\n{rows}")

    assert [one.seed for one in study.trials] == [0, 1] * 4
    assert [len(one.rows) for one in study.trials] == [5] * 8


RESUMED = "".join(
    f"{run},{step},{rate},{loss}\n"
    for run, rate, steps in (("a", 0.1, (0, 1)), ("b", 0.2, (0, 1, 2, 2, 3)), ("c", 0.3, (0, 1)))
    for loss, step in enumerate(steps, start=1)
)


def test_a_step_that_a_resumed_run_logged_again_counts_as_logged_last(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(f"trial,step,lr,val_loss\n{RESUMED}")

    resumed = import_result(path, "val_loss").records[1]

    assert resumed.series("val_loss").steps_P.tolist() == [0, 1, 2, 3]
    assert resumed.series("val_loss").values_P.tolist() == [1.0, 2.0, 4.0, 5.0]


def test_a_step_that_stands_there_again_makes_no_trial_of_each_row_and_is_told(table):
    study = table(f"trial,step,lr,val_loss\n{RESUMED}", "val_loss")

    assert [one.name for one in study.trials] == ["a", "b", "c"]
    assert settings(study) == [{"lr": rate} for rate in (0.1, 0.2, 0.3)]
    assert study.left_out[-1].endswith(
        "rows that repeat a trial and step, of which the last counts: 1, the first in trial `b` "
        "at step `2`."
    )


def test_a_resumed_run_of_several_seeds_is_a_trial_a_seed(table):
    rows = "".join(
        f"{run},{seed},{step},0.{step}\n"
        for run, seed in (("a", 0), ("a", 1), ("b", 0))
        for step in (0, 1, 2, 3, 3)
    )

    study = table(f"run,seed,step,acc\n{rows}")

    assert [one.seed for one in study.trials] == [0, 1, 0]


@pytest.mark.parametrize(
    "rows",
    [
        ["a,0.1,3", "a,0.2,3", "a,0.3,5", "b,0.1,4", "b,0.2,6", "b,0.3,7"],  # the best epochs
        ["a,0.1,0", "a,0.1,1", "a,0.1,0", "a,0.1,1", "b,0.1,0", "b,0.1,1"],  # trained twice
    ],
)
def test_rows_of_one_name_that_are_no_steps_are_a_trial_each(table, rows):
    study = table("run,lr,epoch,acc\n" + "".join(f"{row},0.5\n" for row in rows))

    assert len(study.trials) == len(rows)


# --- what is refused


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("epoch,loss,acc\n0,1,2\n1,1,2\n2,1,2\n", "holds curves, a row a step"),
        ("Wall time,Step,acc\n1.5,0,1\n2.5,1,1\n3.5,2,1\n", "holds curves, a row a step"),
        ("Step,a - acc,b - acc\n0,1,2\n", "a chart that W&B exported"),
        ("lr,acc,acc\n0.1,0.5,0.6\n", "`acc` stands there 2 times"),
        ("lr,accuracy\n0.1,0.5\n", "no column `acc` to judge .* Known: `lr`, `accuracy`"),
        ("lr,acc\n0.1,good\n", "holds what is no number: `good`"),
        ("lr,acc\n0.1,0.5,0.6\n", "line 2, has 3 cells, and the header 2"),
        ("lr,acc\n", "holds no row below its header"),
        ("some text\n", "nor a table with a row a trial"),
        ("", "is empty"),
        ("March\n\nlr,acc\n0.1,0.5\n", "its header, with `acc`, in line 3. Remove the lines above"),
        ("set,got\nlr,acc\n0.1,0.5\n", "its header, with `acc`, in line 2. Remove the lines above"),
        ("PK\x03\x04", "a workbook of Excel"),
        ('[{"acc": 1}]', "is JSON, and no table of cells"),
    ],
)
def test_what_is_no_table_of_trials_is_refused_by_name(table, text, why):
    with pytest.raises(ImportFileError, match=why):
        table(text)


# --- harm

TABLES = (
    "run_id,status,start_time,metrics.acc,params.lr\nr0,FINISHED,2026-01-01 10:00,0.5,0.1\n",
    ",number,value,duration,params_lr,state\n0,0,0.5,0 days 00:00:01,0.1,COMPLETE\n",
    'Name,State,Runtime,Sweep,lr,width,acc\na,killed,5,s,0.1,8,"1,5"\nb,crashed,6,,0.2,8,nan\n',
    "lr;acc;note\n0,1;50%;x\n1.000,5;N/A;y\n",
    "run,lr,epoch,acc\na,0.1,0,1\na,0.1,1,2\nb,0.2,0,1\nb,0.2,1,2\n",
    "Step,a - acc,a - acc__MIN,a - acc__MAX\n0,1,1,2\n5,2,2,2\n",
)
ODD = (
    *("", "nan", "-", '"', "\ufeff", "\x1b[2J", "\u202e", "1e999", "9" * 400, "=1+1", "\n", "\r"),
    *(
        "\t",
        ";",
        "|",
        ",",
        "params.",
        "Name",
        "step",
        "acc",
        "1,2",
        "1.000,5",
        "5%",
        "%",
        "x" * 400,
    ),
)


def shaken(seed):
    """A table of these in which a few stretches are replaced by what should not be there."""
    chance = random.Random(seed)
    text = chance.choice(TABLES)
    for _ in range(chance.randint(1, 3)):
        begin = chance.randint(0, len(text))
        odd = chance.choice(ODD) * chance.choice((1, 1, 50))
        text = text[:begin] + odd + text[begin + chance.randint(0, 9) :]
    return text


def study_or_refusal(table, text, reader):
    try:
        return table(text, reader=reader)
    except ImportFileError as refusal:
        return refusal


@pytest.mark.parametrize("reader", [csv, wandb])
def test_a_shaken_table_is_read_or_refused(table, reader):
    results = [study_or_refusal(table, shaken(seed), reader) for seed in range(200)]

    refused = [str(one) for one in results if isinstance(one, ImportFileError)]
    assert 20 < len(refused) < 200
    assert all("results.csv" in one for one in refused)


SHAPES = {
    "columns": lambda size: f"lr,{'c,' * size}acc\n{'1,' * (size + 1)}2\n",
    "rows": lambda size: "lr,acc\n" + "1,2\n" * size,
    "steps": lambda size: "run,step,acc\n" + "".join(f"a,{at},1\n" for at in range(size)),
    "names": lambda size: "acc,run\n" + "1,r\n" * size,
    "blank lines": lambda size: "lr,acc\n" + "\n" * size + "1,2\n",
    "digits": lambda size: f"lr;acc\n{'1.111' * min(size, 20_000)};2,5\n",
    "blanks": lambda size: f"{' ' * size}lr,acc\n1,2\n",
    "quotes": lambda size: f"{chr(34) * 2 * min(size, 60_000)},acc\n1,2\n",
    "date": lambda size: f"lr,d,acc\n1,2026-01-01 10:00{'x' * min(size, 99_000)},2\n",
}


def seconds_of(table, text):
    begin = time.process_time()
    study_or_refusal(table, text, csv)
    return time.process_time() - begin


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_of_a_table_follows_its_length(table, shape):
    short, long = (seconds_of(table, SHAPES[shape](size)) for size in (1_000, 8_000))

    assert long < 0.25 + 24 * short  # eight times as long; the square would take 64 times
