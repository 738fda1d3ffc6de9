"""What another tool recorded becomes an experiment like any other."""

import csv

import pytest
from tests.connect.tables import brought, folder, imported, shared

from etude.connect import READERS, reader
from etude.connect.assembly.assemble import Target, assemble
from etude.connect.assembly.sanitize import sanitize
from etude.connect.base import SourceStudy, SourceTrial
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
    return folder(tmp_path / "source", TRIALS, CURVES)


def a_study(name="one", **given):
    trials = tuple(
        SourceTrial(name=f"{name}{at}", setting={"lr": 0.1 * (at + 1)}, rows=((9, "loss", 0.5),))
        for at in range(3)
    )
    return SourceStudy(name=name, **{"trials": trials, **given})


def together(*studies, **target):
    return assemble(sanitize(studies), Target(**{"name": "it", "metric": "loss", **target}))


def test_every_trial_keeps_its_name_its_seed_its_setting_and_its_values(source):
    records = sorted(imported(source).records, key=lambda one: int(one.name[1:]))

    assert [one.name for one in records] == [f"t{at}" for at in range(12)]
    assert [one.seed for one in records] == [at + 7 for at in range(12)]
    assert records[1].setting == {"optimizer": "adam", "learning_rate": 0.5, "beta1": 0.89}
    assert records[2].series("valid/error").values_P.tolist() == [
        0.2 + 1 / step for step in (9, 19, 29)
    ]


def test_the_experiment_is_one_that_a_file_can_hold(source):
    entry = imported(source).entry

    assert toml.loads(entry.text) == entry.experiment
    assert (entry.experiment.max_steps, entry.experiment.evaluations) == (30, 3)
    assert entry.experiment.observed == ("beta1", "learning_rate")
    assert entry.launches[0].commit == ""


def test_every_check_and_the_report_work_on_it(source):
    result = imported(source)

    assert {finding.check for finding in result.findings} >= {"boundary", "infeasible"}
    assert "learning_rate" in result.html()


def test_findings_about_bounds_from_the_data_say_so(source):
    bounds = [one for one in imported(source).findings if one.check == "boundary"]

    assert bounds
    assert [one for one in bounds if "outermost value" not in one.message] == []


def test_nothing_is_trained_from_here_but_the_next_round_can_be(source):
    result = imported(source)

    with pytest.raises(RunError, match=r"trained by another tool.*etude next it"):
        run(result.experiment, lambda trial: None)


def test_the_next_round_searches_here_under_a_name_of_its_own(tmp_path):
    curves = "trial,step,metric,value\n" + "".join(
        f"{at},{step},valid/error,{1 - at / 60}\n" for at in range(50) for step in (9, 19)
    )
    trials = "trial,learning_rate\n" + "".join(f"{at},{0.001 * 1.1**at}\n" for at in range(50))
    coming = imported(folder(tmp_path / "steep", trials, curves)).next()

    assert (coming.experiment.name, coming.experiment.search) == ("it-2", "quasi_random")
    assert coming.experiment.observed == ()
    assert coming.experiment.nuisance["learning_rate"].high > 0.001 * 1.1**49


def test_what_runs_elsewhere_still_runs_when_the_store_is_opened_again(tmp_path):
    source = folder(tmp_path / "s", "trial,status\na,running\nb,\n", CURVES.replace("t1,", "a,"))
    store = open_store(tmp_path / "etude.db")
    brought(source, store=store)
    store.close()

    records = load(tmp_path / "etude.db").records

    assert [(one.name, one.status) for one in records] == [("a", "running"), ("b", "completed")]


def test_a_name_that_is_taken_is_refused_with_all_that_is_wrong_beside_it(source):
    _, store = brought(source)

    with pytest.raises(ImportFileError) as told:
        brought(source, "valid/eror", store=store)

    taken, metric = str(told.value).splitlines()
    assert "`it` is in this store already" in taken
    assert "No trial has a value of `valid/eror`. Did you mean `valid/error`?" in metric


def test_an_import_that_was_killed_goes_on(source, monkeypatch):
    store = open_store("memory")
    with monkeypatch.context() as killed:
        killed.setattr(Memory, "append", lambda *_: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            brought(source, store=store)

    brought(source, store=store)

    records = store.records("it")
    assert (records.count(), records.count("completed")) == (12, 12)


def test_settings_do_not_depend_on_the_order_of_the_rows(source, tmp_path):
    head, *rows = TRIALS.splitlines()
    turned = folder(tmp_path / "turned", "\n".join([head, *reversed(rows)]), CURVES)

    one, other = imported(source), imported(turned)

    assert one.experiment == other.experiment
    assert {each.name: each.setting for each in one.records} == {
        each.name: each.setting for each in other.records
    }


# --- several studies, directions, lengths


def test_several_studies_are_compared_as_one_scientific_hyperparameter():
    whole = together(a_study("one"), a_study("two", max_steps=500))

    assert [study.name for study, _ in whole.studies] == ["study=one", "study=two"]
    assert whole.experiment.max_steps == 500
    assert [len(trials) for _, trials in whole.studies] == [3, 3]


def test_studies_of_one_name_are_told_apart():
    whole = together(a_study("one"), a_study("one"))

    assert [study.name for study, _ in whole.studies] == ["study=one", "study=one (2)"]


def test_a_stated_direction_needs_no_word():
    assert together(a_study(maximize=True)).experiment.maximize


def test_a_direction_against_the_stated_one_is_refused():
    with pytest.raises(ImportFileError, match="`one` minimizes, and --maximize says otherwise"):
        together(a_study(maximize=False), maximize=True)


def test_studies_of_both_directions_do_not_mix():
    with pytest.raises(ImportFileError, match=r"`up` maximize, `down` minimize.*--study"):
        together(a_study("up", maximize=True), a_study("down", maximize=False))


def test_a_study_without_trials_is_named():
    whole = together(a_study("one"), a_study("none", trials=()))

    assert whole.left_out == ("Study `none` has no trials.",)


def test_what_failed_before_it_told_anything_takes_no_axis_from_the_others():
    bare = SourceTrial(name="dead", setting={}, status="failed")
    whole = together(a_study(trials=(*a_study().trials, bare)))

    assert [(study.name, len(trials)) for study, trials in whole.studies] == [
        ("all", 3), ("no setting", 1),
    ]  # fmt: skip
    assert list(whole.studies[0][0].space.domains) == ["lr"]
    assert "neither a setting nor a value: 1, the first `dead`." in whole.left_out[0]


def test_a_source_without_trials_is_refused():
    with pytest.raises(ImportFileError, match="holds no trial"):
        together(a_study(trials=()))


def test_a_longer_curve_than_the_stated_length_makes_the_experiment_longer():
    trial = SourceTrial(name="a", setting={}, rows=((700, "loss", 0.5),))

    assert together(a_study(trials=(trial,), max_steps=500)).experiment.max_steps == 701


def test_a_curve_that_counts_from_one_has_the_stated_length():
    trial = SourceTrial(name="a", setting={}, rows=((500, "loss", 0.5),))

    assert together(a_study(trials=(trial,), max_steps=500)).experiment.max_steps == 500


# --- readers


def test_a_reader_is_found_by_name():
    assert reader("csv").__module__ == "etude.connect.csv"


def test_a_kind_without_a_reader_is_told_with_those_there_are():
    with pytest.raises(ImportFileError, match=r"no reader for `optna`. Did you mean `optuna`"):
        reader("optna")


@pytest.mark.parametrize("kind", READERS)
def test_a_source_that_is_not_there_is_told(kind, tmp_path):
    with pytest.raises(ImportFileError, match=r"There is no `.*nowhere`"):
        brought(tmp_path / "nowhere", kind=kind)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("SMAC3v2", "a SMAC3 run folder"),
        ("BOHB", "a BOHB run folder"),
        ("DeepCAVE", "a DeepCAVE run folder"),
        ("AMLTK", "an AMLTK run folder"),
        ("DataFrame", "a folder of tables for DeepCAVE"),
    ],
)
def test_tools_without_a_reader_are_refused_by_name(kind, tool, told):
    source = shared("originals", "other_tools_deepcave", tool)

    with pytest.raises(ImportFileError, match=f"is {told}, which Etude does not read; export it"):
        brought(source, kind=kind)


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
        for row in csv.DictReader((shared("curves") / "index.csv").read_text().splitlines())
        if row["folder"] == f"curves/{workload}"
    ]
    arrived, _ = brought(
        shared("curves", workload), row["metric"], maximize=row["maximize"] == "True"
    )
    return (
        sum(arrived.trials.values()),
        arrived.statuses.get("infeasible (nan)", 0),
        len(arrived.metrics),
        sum(arrived.metrics.values()),
        arrived.without_metric,
    )


@pytest.mark.parametrize("workload", CURVES_OF)
def test_a_workload_of_algoperf_arrives_whole(workload):
    assert counted(workload) == CURVES_OF[workload]
