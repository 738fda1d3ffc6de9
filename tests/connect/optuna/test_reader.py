"""Optuna's own files, written here by Optuna, arrive value for value."""

from __future__ import annotations

import json
import math
import pickle
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from tests.connect.csv_folders import import_source, shared_data
from tests.connect.hostile_files import malicious_pickle, zeros

from etude.connect.base import ReadRequest
from etude.connect.optuna import read
from etude.connect.optuna.space import parsed_distribution, value
from etude.errors import ImportFileError
from etude.space import Choice, Integer, Real

# The names of objectives are an experiment of Optuna's, and of choices it likes plain ones.
pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Choices for a categorical:UserWarning"),
]

LOSS = ReadRequest(metric="valid/loss")
FLOAT = json.dumps(
    {
        "name": "FloatDistribution",
        "attributes": {"step": None, "low": 1e-5, "high": 0.1, "log": True},
    }
)
STUDY = {"op_code": 0, "worker_id": "w", "study_name": "rates", "directions": [1]}
TRIAL = {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": "2026-01-01T00:00:00"}
RATE = {
    "op_code": 5,
    "worker_id": "w",
    "trial_id": 0,
    "param_name": "rate",
    "param_value_internal": 0.01,
    "distribution": FLOAT,
}
END = {
    "op_code": 6,
    "worker_id": "w",
    "trial_id": 0,
    "state": 1,
    "values": [0.5],
    "datetime_complete": "2026-01-01T00:00:02",
}


@pytest.fixture(params=["database", "journal"], scope="module")
def stored(request, tmp_path_factory):
    """A file of Optuna, and its studies as Optuna itself holds them."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path_factory.mktemp("optuna") / request.param
    storage = storage_at(path, request.param)
    search_rates(storage)
    search_two(storage)
    optuna.create_study(storage=storage, study_name="gone")
    optuna.delete_study(study_name="gone", storage=storage)
    return path, {one.study_name: one for one in optuna.get_all_study_summaries(storage)}, storage


def storage_at(path: Path, kind: str):
    if kind == "database":
        return RDBStorage(f"sqlite:///{path}", engine_kwargs={"creator": lambda: hurried(path)})
    return JournalStorage(JournalFileBackend(str(path)))


def hurried(path: Path) -> sqlite3.Connection:
    """A connection that does not wait for the disk after each of hundreds of writes."""
    db = sqlite3.connect(path, check_same_thread=False)
    db.execute("pragma synchronous = off")
    return db


def search_rates(storage) -> None:
    study = optuna.create_study(
        storage=storage,
        study_name="<script>alert(1)</script>",
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    study.optimize(train, n_trials=7, catch=(ValueError,))
    study.enqueue_trial({"rate": 1e-3})
    study.ask().suggest_float("rate", 1e-5, 1e-1, log=True)
    study.enqueue_trial({"rate": 1e-2})


def train(trial: optuna.Trial) -> float:
    """Trial 2 is pruned, 3 returns NaN, 4 raises, 5 returns what it never reported."""
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    trial.suggest_int("depth", 1, 9, step=2)
    trial.suggest_int("width", 8, 512, log=True)
    trial.suggest_float("fixed", 2.0, 2.0)
    trial.suggest_categorical("norm", ["batch", None, [1, 2], True, 3, 0.5])
    if trial.number % 2:
        trial.suggest_float("momentum", 0.5, 0.99)
    trial.set_user_attr("note", {"by": "hand"})
    for step, reported in enumerate([rate, math.nan, math.inf, 3 * rate]):
        trial.report(reported, step)
        if (trial.number, step) == (2, 2):
            raise optuna.TrialPruned
    if trial.number == 4:
        raise ValueError
    return {3: math.nan, 5: -math.inf}.get(trial.number, 3 * rate)


def search_two(storage) -> None:
    study = optuna.create_study(
        storage=storage, study_name="two", directions=["minimize", "maximize"]
    )
    study.set_metric_names(["loss", "accuracy"])
    study.optimize(lambda trial: (trial.suggest_float("rate", 0, 1), 2.0), n_trials=2)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A database that Optuna wrote."""
    path = tmp_path_factory.mktemp("optuna") / "optuna.db"
    search_two(storage_at(path, "database"))
    return path


@pytest.fixture
def database(written, tmp_path):
    """A copy of it, to do harm to."""
    return Path(shutil.copy(written, tmp_path))


def the_study(path: Path, request: ReadRequest = LOSS):
    (found,) = read(path, request)
    return found


def rates(stored):
    path, _, storage = stored
    name = "<script>alert(1)</script>"
    return (
        the_study(path, ReadRequest(metric="valid/loss", study=name)),
        optuna.load_study(study_name=name, storage=storage).trials,
    )


def plain(setting):
    return {
        name: each if isinstance(each, int | float) else str(each) for name, each in setting.items()
    }


def reported(trial):
    return [(step, "valid/loss", each) for step, each in sorted(trial.intermediate_values.items())]


def journal(path: Path, *records: object) -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_settings_arrive_value_for_value(stored):
    study, optuna_trials = rates(stored)

    assert [one.setting for one in study.trials] == [plain(one.params) for one in optuna_trials[:8]]


def test_reported_values_arrive_value_for_value_nan_and_infinite_ones_too(stored):
    study, optuna_trials = rates(stored)

    rows = [[row for row in one.rows if row[2] != -math.inf] for one in study.trials]

    assert repr(rows) == repr([reported(one) for one in optuna_trials[:8]])


def test_what_was_returned_but_never_reported_stands_at_the_last_step_and_is_told(stored):
    study, _ = rates(stored)

    assert study.trials[5].rows[-1] == (3, "valid/loss", -math.inf)
    assert any("Trial 5 returned a value that was never reported" in one for one in study.left_out)


def test_each_state_arrives_as_what_it_is(stored):
    study, _ = rates(stored)

    assert [one.status for one in study.trials] == [
        "completed", "completed", "stopped", "failed",
        "failed", "completed", "completed", "running",
    ]  # fmt: skip


def test_a_waiting_trial_is_left_out_and_told(stored):
    study, _ = rates(stored)

    assert "Trial 8 had not begun; left out." in study.left_out


def test_distributions_become_domains(stored):
    study, _ = rates(stored)

    assert study.domains == {
        "rate": Real(1e-5, 0.1, log=True),
        "depth": Integer(1, 9),
        "width": Integer(8, 512, log=True),
        "fixed": Choice([2.0]),
        "norm": Choice(["batch", "None", "[1, 2]", True, 3, 0.5]),
        "momentum": Real(0.5, 0.99),
    }


@pytest.mark.parametrize(
    "lost", ["The step of `depth`", "Choices of `norm` are no plain values", "`note`"]
)
def test_what_has_no_counterpart_here_is_told(stored, lost):
    study, _ = rates(stored)

    assert any(lost in one for one in study.left_out)


def test_the_wall_time_of_a_trial_is_known(stored):
    study, optuna_trials = rates(stored)

    assert study.trials[0].wall_s == pytest.approx(optuna_trials[0].duration.total_seconds())


def test_markup_in_a_name_is_text(stored):
    study, _ = rates(stored)

    assert study.name == "<script>alert(1)</script>"


@pytest.mark.parametrize(("metric", "maximize"), [("loss", False), ("accuracy", True)])
def test_the_direction_is_that_of_the_wanted_objective(stored, metric, maximize):
    study = the_study(stored[0], ReadRequest(metric=metric, study="two"))

    assert study.maximize is maximize
    assert {name for one in study.trials for _, name, _ in one.rows} == {"loss", "accuracy"}


def test_an_objective_can_be_renamed_and_another_ignored(stored):
    request = ReadRequest(
        metric="valid/error",
        renames={"loss": "valid/error", "rate": "learning_rate"},
        ignored_names=frozenset({"accuracy"}),
        study="two",
    )

    study = the_study(stored[0], request)

    assert {name for one in study.trials for _, name, _ in one.rows} == {"valid/error"}
    assert list(study.domains) == list(study.trials[0].setting) == ["learning_rate"]


def test_a_metric_that_is_no_objective_is_refused_with_the_objectives(stored):
    with pytest.raises(ImportFileError, match="2 objectives, `loss`, `accuracy`"):
        read(stored[0], ReadRequest(metric="valid/loss", study="two"))


def test_a_usual_study_beside_one_of_two_objectives_is_told_how_to_import(tmp_path):
    storage = storage_at(tmp_path / "two.db", "database")
    for name, directions in (("usual", ["minimize"]), ("a b", ["minimize", "maximize"])):
        study = optuna.create_study(storage=storage, study_name=name, directions=directions)
        study.add_trial(optuna.trial.create_trial(values=[0.5] * len(directions)))

    with pytest.raises(ImportFileError) as refusal:
        read(tmp_path / "two.db", LOSS)

    first, second = str(refusal.value).splitlines()
    assert first.startswith("Study `a b` of ")
    assert "has 2 objectives" in first
    assert second.startswith("Study `usual` has what you ask for: `--study usual` imports")


def test_every_study_of_a_file_arrives_but_deleted_ones(stored):
    names = [one.name for one in read(stored[0], ReadRequest(metric="accuracy"))]

    assert names == ["<script>alert(1)</script>", "two"]


def test_a_study_that_is_not_there_is_refused_with_those_that_are(stored):
    with pytest.raises(ImportFileError, match=r"no study `three`.*`two`"):
        read(stored[0], ReadRequest(metric="loss", study="three"))


def test_values_of_another_quantity_stand_under_a_name_of_their_own(tmp_path):
    storage = storage_at(tmp_path / "log", "journal")
    study = optuna.create_study(storage=storage)
    study.optimize(report_another, n_trials=3)

    found = the_study(tmp_path / "log")

    assert found.trials[0].rows == (
        (0, "intermediate", 10.0),
        (5, "intermediate", 11.0),
        (5, "valid/loss", 0.5),
    )
    assert found.trials[2].rows == ((0, "intermediate", 10.0), (5, "intermediate", 11.0))


def report_another(trial: optuna.Trial) -> float:
    trial.report(10.0, 0)
    trial.report(11.0, 5)
    if trial.number == 2:
        raise optuna.TrialPruned
    return 0.5


def test_the_original_journal_arrives_whole():
    study = the_study(shared_data("originals", "optuna_journal", "unet3d_journal.log"))

    assert study.name == "3D_UNet_Optimization"
    assert study.maximize is False
    assert Counter(one.status for one in study.trials) == {"completed": 2, "failed": 3}
    assert Counter(name for one in study.trials for _, name, _ in one.rows) == {"valid/loss": 14}
    assert study.trials[3].rows[-1] == (4, "valid/loss", 0.012303508424347635)
    assert study.left_out == ()


# --- journals as they are found


def test_a_last_line_that_was_cut_off_is_told_and_the_rest_counts(tmp_path):
    path = journal(tmp_path / "log", STUDY, TRIAL, RATE, END)
    path.write_text(path.read_text() + '{"op_code": 4, "worker_id": "w", "stu')

    study = the_study(path)

    assert study.trials[0].rows == ((0, "valid/loss", 0.5),)
    assert study.trials[0].wall_s == 2.0
    assert study.left_out == ("`log`: line 5 left out: it is half a record, or none.",)


def test_a_failed_trial_that_reported_nan_diverged(tmp_path):
    reports = [
        {"op_code": 7, "trial_id": 0, "step": step, "intermediate_value": loss}
        for step, loss in enumerate([1.0, math.nan, math.nan])
    ]
    path = journal(
        tmp_path / "log", STUDY, TRIAL, RATE, *reports, {**END, "state": 3, "values": None}
    )

    summary, _ = import_source(path, "valid/loss", "optuna")

    assert summary.statuses == {"infeasible (nan)": 1}


def test_half_a_line_before_a_whole_one_costs_only_the_half(tmp_path):
    half = json.dumps(RATE)[:40] + json.dumps(RATE)

    study = the_study(journal(tmp_path / "log", STUDY, TRIAL, half, END))

    assert study.trials[0].setting == {"rate": 0.01}
    assert len(study.left_out) == 1


def test_a_study_is_made_once(tmp_path):
    study = the_study(journal(tmp_path / "log", STUDY, STUDY, TRIAL, RATE, END))

    assert len(study.trials) == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"op_code": 99}, "`op_code` is unknown"),
        ({"op_code": True}, "`op_code` is unknown"),
        ({"op_code": "../../etc/passwd"}, "`op_code` is unknown"),
        ({**TRIAL, "study_id": 7}, "a study that is not there"),
        ({**RATE, "trial_id": 7}, "a trial that is not there"),
        ({**RATE, "trial_id": -1}, "has no `trial_id`"),
        (RATE, "a trial that had ended"),
        ({**STUDY, "study_name": "b", "directions": [9]}, "unknown `directions`"),
        ({**TRIAL, "intermediate_values": {"x": 1}}, "no whole number as a step"),
        ({**TRIAL, "params": []}, "has no table `params`"),
        ({**TRIAL, "values": [10**400]}, "no number in `values`"),
        ([], "half a record"),
        ("[" * 100_000, "half a record"),
        ("9" * 5_000, "half a record"),
    ],
)
def test_a_record_that_makes_no_sense_is_told_with_its_line(tmp_path, record, reason):
    study = the_study(journal(tmp_path / "log", STUDY, TRIAL, RATE, END, record))

    assert len(study.trials) == 1
    assert len(study.left_out) == 1
    assert "line 5" in study.left_out[0]
    assert reason in study.left_out[0]


def test_a_value_that_its_distribution_does_not_know_is_told(tmp_path):
    broken = {**RATE, "distribution": "__import__('os').abort()"}

    study = the_study(journal(tmp_path / "log", STUDY, TRIAL, broken, END))

    assert study.trials[0].setting == {}
    assert study.left_out == ("Trial 0: the value of `rate` cannot be read.",)


def test_a_range_without_end_is_no_range(tmp_path):
    endless = {**RATE, "distribution": FLOAT.replace("0.1", "Infinity")}

    study = the_study(journal(tmp_path / "log", STUDY, TRIAL, endless, END))

    assert study.domains == {}
    assert study.left_out == ("Trial 0: the value of `rate` cannot be read.",)


def test_a_range_that_changed_holds_all_its_ranges(tmp_path):
    wider = {**RATE, "trial_id": 1, "distribution": FLOAT.replace("0.1", "1.0")}

    study = the_study(journal(tmp_path / "log", STUDY, TRIAL, RATE, TRIAL, wider))

    assert study.domains == {"rate": Real(1e-5, 1.0, log=True)}
    assert study.left_out == ("`rate` has 2 ranges there; here it has one that holds them all.",)


@pytest.mark.parametrize(
    ("name", "attributes", "number", "expected"),
    [
        ("UniformDistribution", {"low": 0, "high": 1}, 0.5, 0.5),
        ("LogUniformDistribution", {"low": 0.1, "high": 1}, 0.5, 0.5),
        ("DiscreteUniformDistribution", {"low": 0, "high": 1, "q": 0.5}, 0.5, 0.5),
        ("IntUniformDistribution", {"low": 0, "high": 9, "step": 1}, 3.0, 3),
        ("IntLogUniformDistribution", {"low": 1, "high": 9, "step": 1}, 3.0, 3),
        ("CategoricalDistribution", {"choices": ["None", None]}, 1.0, "1: None"),
        ("CategoricalDistribution", {"choices": ["a"]}, 7.0, None),
        ("CategoricalDistribution", {"choices": ["\ud800\x1b[2J"]}, 0.0, "\ufffd\ufffd[2J"),
        ("FloatDistribution", {"low": 0, "high": 1}, math.nan, None),
    ],
)
def test_a_number_stands_for_what_its_distribution_says(name, attributes, number, expected):
    distribution = parsed_distribution(json.dumps({"name": name, "attributes": attributes}))

    found = value(distribution, number)

    assert (found, type(found)) == (expected, type(expected))


# --- files that want to do harm


def test_a_pickle_in_an_attribute_is_not_opened(database, tmp_path):
    attribute = malicious_pickle(tmp_path / "sprung")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("insert into trial_user_attributes values (99, 1, 'model', ?)", (attribute,))
        db.execute("update study_system_attributes set value_json = ?", (attribute,))
        db.execute("update trial_params set distribution_json = ?", (attribute,))

    study = the_study(database, ReadRequest(metric="objective_0"))

    assert len(study.trials) == 2
    assert not (tmp_path / "sprung").exists()
    pickle.loads(attribute)
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("start", [b"", b"SQLite format 3\0", b'{"op_code": 0', b"{}\n"])
def test_a_gigabyte_of_zeros_is_refused_at_once(tmp_path, start):
    path = zeros(tmp_path / "optuna.db", start)
    began = time.process_time()

    with pytest.raises(ImportFileError):
        read(path, LOSS)

    assert time.process_time() - began < 2


def test_rows_of_a_database_that_make_no_sense_are_told(database):
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("update trial_values set objective = -1 where objective = 0")
        db.execute("update trial_params set param_value = 'high' where trial_id = 1")

    study = the_study(database, ReadRequest(metric="accuracy"))

    assert {name for one in study.trials for _, name, _ in one.rows} == {"accuracy"}
    assert [len(one.setting) for one in study.trials] == [0, 1]
    assert [one.split("`")[1] for one in study.left_out] == ["trial_params", "trial_values"]


def test_a_database_of_another_tool_is_refused_with_its_tables(tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table runs (id integer)")

    with pytest.raises(ImportFileError, match=r"lacks the table `studies`\. Its tables: `runs`"):
        read(path, LOSS)


def test_a_view_that_never_ends_is_not_read(database):
    endless = "with recursive n(i) as (select 1 union all select i from n) select i as study_id"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("drop table studies")
        db.execute(f"create view studies as {endless}, 'x' as study_name from n")

    with pytest.raises(ImportFileError, match="lacks the table `studies`"):
        read(database, LOSS)


def test_a_journal_without_a_record_is_refused(tmp_path):
    path = journal(tmp_path / "log", {"loss": 0.5})

    with pytest.raises(ImportFileError, match="no Optuna journal"):
        read(path, LOSS)


def test_a_folder_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ImportFileError, match="Name the SQLite file or the journal file"):
        read(tmp_path, LOSS)
