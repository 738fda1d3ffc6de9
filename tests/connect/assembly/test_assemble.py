"""Studies of another tool become one experiment."""

from dataclasses import replace

import pytest

from etude.connect.assembly.assemble import Target, assemble
from etude.connect.assembly.sanitize import sanitize
from etude.connect.base import SourceStudy, SourceTrial
from etude.errors import ImportFileError


def source_study(name="one", **given):
    trials = tuple(
        SourceTrial(name=f"{name}{at}", setting={"lr": 0.1 * (at + 1)}, rows=((9, "loss", 0.5),))
        for at in range(3)
    )
    return SourceStudy(name=name, **{"trials": trials, **given})


def together(*studies, **target):
    return assemble(sanitize(studies), Target(**{"name": "it", "metric": "loss", **target}))


def test_several_studies_are_compared_as_one_scientific_hyperparameter():
    whole = together(source_study("one"), source_study("two", max_steps=500))

    assert [study.name for study, _ in whole.studies] == ["study=one", "study=two"]
    assert whole.experiment.max_steps == 500
    assert [len(trials) for _, trials in whole.studies] == [3, 3]


def test_studies_of_one_name_are_told_apart():
    whole = together(source_study("one"), source_study("one"))

    assert [study.name for study, _ in whole.studies] == ["study=one", "study=one (2)"]


def test_a_stated_direction_needs_no_word():
    assert together(source_study(maximize=True)).experiment.maximize


def test_a_direction_against_the_stated_one_is_refused():
    with pytest.raises(ImportFileError, match="`one` minimizes, and --maximize says otherwise"):
        together(source_study(maximize=False), maximize=True)


def test_studies_of_both_directions_do_not_mix():
    with pytest.raises(ImportFileError, match=r"`up` maximize, `down` minimize.*--study"):
        together(source_study("up", maximize=True), source_study("down", maximize=False))


UP = "`valid/acc` is judged as lower is better: add `--maximize` if higher is."
DOWN = "`valid/loss` is judged as higher is better: leave `--maximize` out if lower is."


def judged_by(metric, *directions, **target):
    studies = [
        source_study(
            f"study {at}",
            maximize=direction,
            trials=tuple(
                replace(trial, rows=((9, metric, 0.5),)) for trial in source_study().trials
            ),
        )
        for at, direction in enumerate(directions or [None])
    ]
    return together(*studies, metric=metric, **target).warnings


@pytest.mark.parametrize(
    ("metric", "maximize", "said"),
    [
        ("valid/acc", False, (UP,)),
        ("valid/loss", True, (DOWN,)),
        ("valid/error", True, (DOWN.replace("loss", "error"),)),
        ("valid/acc", True, ()),
        ("valid/loss", False, ()),
        ("value", False, ()),
        ("value", True, ()),
        ("neg_mean_squared_error", True, ()),
        ("neg_log_loss", True, ()),
        ("negative_reward", False, ()),
    ],
)
def test_a_direction_that_the_metrics_name_contradicts_is_told_with_what_to_type(
    metric, maximize, said
):
    assert judged_by(metric, maximize=maximize) == said


def test_a_direction_that_several_studies_leave_open_is_told_once():
    assert judged_by("valid/acc", None, None) == (UP,)


@pytest.mark.parametrize(("metric", "direction"), [("valid/acc", False), ("valid/loss", True)])
def test_a_direction_that_the_source_states_is_not_doubted(metric, direction):
    assert judged_by(metric, direction) == ()


@pytest.mark.parametrize("direction", ["true", "false"])
def test_a_direction_that_a_written_space_states_is_not_doubted(tmp_path, direction):
    space = tmp_path / "space.toml"
    space.write_text(
        f"[experiment]\nmaximize = {direction}\n[nuisance]\nlr = {{ low = 0.1, high = 1.0 }}\n"
    )

    assert judged_by("valid/acc", space=space) == ()


def test_a_written_space_that_states_no_direction_leaves_it_to_be_told(tmp_path):
    space = tmp_path / "space.toml"
    space.write_text("[nuisance]\nlr = { low = 0.1, high = 1.0 }\n")

    assert judged_by("valid/acc", space=space) == (UP,)


def test_a_study_without_trials_is_named():
    whole = together(source_study("one"), source_study("none", trials=()))

    assert whole.left_out == ("Study `none` has no trials.",)


def test_what_failed_before_it_told_anything_takes_no_axis_from_the_others():
    bare = SourceTrial(name="dead", setting={}, status="failed")
    whole = together(source_study(trials=(*source_study().trials, bare)))

    assert [(study.name, len(trials)) for study, trials in whole.studies] == [
        ("all", 3), ("no setting", 1),
    ]  # fmt: skip
    assert list(whole.studies[0][0].space.domains) == ["lr"]
    assert "neither a setting nor a value: 1, the first `dead`." in whole.left_out[0]


def test_what_failed_before_its_study_was_known_is_kept_apart():
    whole = [
        SourceTrial(name=f"{at}", setting={"opt": opt, name: value}, rows=((9, "loss", 0.5),))
        for at, (opt, name, value) in enumerate(
            [("adam", "b", 0.8), ("adam", "b", 0.9), ("sgd", "m", 0.5), ("sgd", "m", 0.9)]
        )
    ]
    dead = SourceTrial(name="dead", setting={"width": 8}, status="failed")
    wide = [replace(trial, setting={**trial.setting, "width": 8}) for trial in whole]
    alone = SourceTrial(name="early", setting={"width": 8, "opt": "adam"}, status="failed")

    found = together(source_study(trials=(*wide, dead, alone)))

    assert [(study.name, len(trials)) for study, trials in found.studies] == [
        ("opt=adam", 3), ("opt=sgd", 2), ("no setting", 1),
    ]  # fmt: skip
    assert "without a value or what says which study is theirs: 1, the first" in found.left_out[0]


def test_a_source_without_trials_is_refused():
    with pytest.raises(ImportFileError, match="holds no trial"):
        together(source_study(trials=()))


def test_a_longer_curve_than_the_stated_length_makes_the_experiment_longer():
    trial = SourceTrial(name="a", setting={}, rows=((700, "loss", 0.5),))

    assert together(source_study(trials=(trial,), max_steps=500)).experiment.max_steps == 701


def test_a_curve_that_counts_from_one_has_the_stated_length():
    trial = SourceTrial(name="a", setting={}, rows=((500, "loss", 0.5),))

    assert together(source_study(trials=(trial,), max_steps=500)).experiment.max_steps == 500
