"""What another tool recorded becomes an experiment like any other."""

import csv

import pytest
from tests.connect.csv_folders import csv_folder, import_result, import_source, shared_data

from etude.errors import ImportFileError, RunError
from etude.experiment import toml
from etude.round.result import load
from etude.round.run import run
from etude.store import open_store
from etude.store.memory import Memory

TRIALS = "trial,status,seed,optimizer,learning_rate,beta1\n" + "".join(
    f"t{at},completed,{at + 7},{'adam' if at % 2 else 'sgd'},{0.5**at},"
    f"{0.9 - at / 100 if at % 2 else ''}\n"
    for at in range(12)
)
CURVES = "trial,step,metric,value\n" + "".join(
    f"t{at},{step},valid/error,{0.1 * at + 1 / step}\n" for at in range(12) for step in (9, 19, 29)
)


@pytest.fixture
def source(tmp_path):
    return csv_folder(tmp_path / "source", TRIALS, CURVES)


def test_every_trial_keeps_its_name_its_seed_its_setting_and_its_values(source):
    records = sorted(import_result(source).records, key=lambda one: int(one.name[1:]))

    assert [one.name for one in records] == [f"t{at}" for at in range(12)]
    assert [one.seed for one in records] == [at + 7 for at in range(12)]
    assert records[1].setting == {"optimizer": "adam", "learning_rate": 0.5, "beta1": 0.89}
    assert records[2].series("valid/error").values_P.tolist() == [
        0.2 + 1 / step for step in (9, 19, 29)
    ]


def test_the_experiment_is_one_that_a_file_can_hold(source):
    entry = import_result(source).entry

    assert toml.loads(entry.text) == entry.experiment
    assert (entry.experiment.max_steps, entry.experiment.evaluations) == (30, 3)
    assert entry.experiment.observed == ("beta1", "learning_rate")
    assert entry.launches[0].commit == ""


def test_every_check_and_the_report_work_on_it(source):
    result = import_result(source)

    assert {finding.check for finding in result.findings} >= {"boundary", "infeasible"}
    assert "learning_rate" in result.html()


def test_findings_about_bounds_from_the_data_say_so(source):
    bounds = [one for one in import_result(source).findings if one.check == "boundary"]

    assert bounds
    assert [one for one in bounds if "value tried" not in one.message] == []


def test_nothing_is_trained_from_here_but_the_next_round_can_be(source):
    result = import_result(source)

    with pytest.raises(RunError, match=r"trained by another tool.*etude next it"):
        run(result.experiment, lambda trial: None)


def test_the_next_round_searches_here_under_a_name_of_its_own(tmp_path):
    curves = "trial,step,metric,value\n" + "".join(
        f"{at},{step},valid/error,{1 - at / 60}\n" for at in range(50) for step in (9, 19)
    )
    trials = "trial,learning_rate\n" + "".join(f"{at},{0.001 * 1.1**at}\n" for at in range(50))
    coming = import_result(csv_folder(tmp_path / "steep", trials, curves)).next()

    assert (coming.experiment.name, coming.experiment.search) == ("it-2", "quasi_random")
    assert coming.experiment.observed == ()
    assert coming.experiment.nuisance["learning_rate"].high > 0.001 * 1.1**49


def test_what_runs_elsewhere_still_runs_when_the_store_is_opened_again(tmp_path):
    source = csv_folder(
        tmp_path / "s", "trial,status\na,running\nb,\n", CURVES.replace("t1,", "a,")
    )
    store = open_store(tmp_path / "etude.db")
    import_source(source, store=store)
    store.close()

    records = load(tmp_path / "etude.db").records

    assert [(one.name, one.status) for one in records] == [("a", "running"), ("b", "completed")]


def test_a_name_that_is_taken_is_refused_with_all_that_is_wrong_beside_it(source):
    _, store = import_source(source)

    with pytest.raises(ImportFileError) as refusal:
        import_source(source, "valid/eror", store=store)

    taken, metric = str(refusal.value).splitlines()
    assert "`it` is in this store already" in taken
    assert "No trial has a value of `valid/eror`. Did you mean `valid/error`?" in metric


def test_an_import_that_was_killed_goes_on(source, monkeypatch):
    store = open_store("memory")
    with monkeypatch.context() as killed:
        killed.setattr(Memory, "append", lambda *_: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            import_source(source, store=store)

    import_source(source, store=store)

    records = store.records("it")
    assert (records.count(), records.count("completed")) == (12, 12)


@pytest.fixture(params=["memory", "etude.db"])
def store(request, tmp_path):
    """Both kinds of store, the one on disk as empty as the other."""
    place = request.param if request.param == "memory" else tmp_path / request.param
    opened = open_store(place)
    yield opened
    opened.close()


def half_running(folder, **changes):
    """Two trials that ended, with a NaN among their values, and one that runs on elsewhere."""
    end = {"trials": "", "value": "0.4", **changes}
    return csv_folder(
        folder,
        f"trial,status,learning_rate\na,completed,0.1\nb,,0.2\nc,running,0.3\n{end['trials']}",
        "trial,step,metric,value\na,3,valid/error,0.5\na,3,train/loss,nan\nb,3,valid/error,nan\n"
        f"c,1,valid/error,{end['value']}\n",
    )


def states(store):
    """All that is known of each trial, texts in place of numbers that are none."""
    return [
        (one.name, one.status, one.reason, str(one.points.rows_P.tolist()), len(one.stretches))
        for one in store.records("it")
    ]


def test_an_import_that_is_typed_again_changes_nothing(store, tmp_path):
    source = half_running(tmp_path / "old")
    import_source(source, store=store)
    before = states(store)

    again, _ = import_source(source, store=store)

    assert again.is_repeated
    assert states(store) == before
    assert len(store.entries()[0].launches) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"value": "0.3"}, "trial `c` is not the same"),
        ({"trials": "d,failed,0.25\n"}, "it has 3 trials of study `all`, these are 4"),
    ],
)
def test_an_import_of_other_results_under_the_same_name_is_refused(store, tmp_path, changes, why):
    import_source(half_running(tmp_path / "old"), store=store)
    before = states(store)

    with pytest.raises(ImportFileError, match=why):
        import_source(half_running(tmp_path / "new", **changes), store=store)

    assert states(store) == before


@pytest.mark.parametrize("commits", [0, 1])
def test_an_import_that_was_killed_between_its_commits_ends_as_if_it_had_not(
    store, tmp_path, monkeypatch, commits
):
    source = half_running(tmp_path / "old")
    append, done = type(store).append, list[None]()

    def killed(*given):
        if len(done) == commits:
            pytest.exit("killed")
        done.append(append(*given))

    with monkeypatch.context() as before:
        before.setattr(type(store), "append", killed)
        with pytest.raises(pytest.exit.Exception):
            import_source(source, store=store)

    summary, _ = import_source(source, store=store)

    assert not summary.is_repeated
    assert [(name, status) for name, status, *_ in states(store)] == [
        ("a", "completed"),
        ("b", "infeasible"),
        ("c", "running"),
    ]


def test_settings_do_not_depend_on_the_order_of_the_rows(source, tmp_path):
    head, *rows = TRIALS.splitlines()
    turned = csv_folder(tmp_path / "turned", "\n".join([head, *reversed(rows)]), CURVES)

    one, other = import_result(source), import_result(turned)

    assert one.experiment == other.experiment
    assert {each.name: each.setting for each in one.records} == {
        each.name: each.setting for each in other.records
    }


# --- real curves: counted in the files by a few lines of their own

CURVES_OF = {
    # trials, infeasible (nan), metrics, points, completed without the metric
    "criteo1tb": (30, 1, 3, 3651, 10),
    "fastmri": (30, 0, 5, 10878, 0),
    "imagenet_resnet": (30, 0, 5, 33754, 0),
    "imagenet_vit": (30, 1, 5, 45622, 0),
    "librispeech_conformer": (30, 1, 5, 16916, 0),
    "librispeech_deepspeech": (30, 1, 5, 12031, 0),
    "ogbg": (45, 0, 5, 19030, 0),
    "ogbg_again": (45, 0, 5, 18069, 0),
    "wmt": (30, 1, 5, 25233, 0),
    "wmt_again": (30, 1, 5, 25720, 0),
}


def counted(workload):
    (row,) = [
        row
        for row in csv.DictReader((shared_data("curves") / "index.csv").read_text().splitlines())
        if row["folder"] == f"curves/{workload}"
    ]
    summary, _ = import_source(
        shared_data("curves", workload), row["metric"], maximize=row["maximize"] == "True"
    )
    return (
        sum(summary.trials.values()),
        summary.statuses.get("infeasible (nan)", 0),
        len(summary.metrics),
        sum(summary.metrics.values()),
        summary.without_metric,
    )


@pytest.mark.parametrize("workload", CURVES_OF)
def test_a_workload_of_algoperf_arrives_whole(workload):
    assert counted(workload) == CURVES_OF[workload]
