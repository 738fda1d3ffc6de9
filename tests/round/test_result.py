import math

import pytest
from tests.factories import minimal, rates
from tests.runner import loops
from tests.store.sample import begun, finished

import etude
from etude.errors import RunError, StoreError
from etude.event import Began, Ended, Logged
from etude.round.hidden_metrics import looks
from etude.round.result import load
from etude.space import Real
from etude.store.memory import Memory


@pytest.fixture
def store():
    """Three trials: a fair one, an infeasible one with the lowest value, a stopped one."""
    held = Memory()
    begun(held)
    lowest = Logged(1, ((0, "valid/loss", 0.01), (1, "valid/loss", math.nan)))
    halted = Logged(2, ((0, "valid/loss", 0.3),))
    held.append("rates", finished(0, 0.5))
    held.append("rates", [Began(1, 0), lowest, Ended(1, "infeasible", "nan", "at 1", 2)])
    held.append("rates", [Began(2, 0), halted, Ended(2, "stopped", "time_limit", steps=1)])
    return held


def test_the_best_trial_is_feasible(store):
    best = load(store).best

    assert best is not None
    assert best.id == 2


def test_the_best_of_a_maximized_metric_is_the_highest():
    held = Memory()
    begun(held, maximize=True)
    held.append("rates", finished(0, 0.5) + finished(1, 0.7))

    assert load(held).best == held.records("rates")[1]


def test_without_a_feasible_trial_there_is_no_best():
    held = Memory()
    begun(held)

    assert load(held).best is None
    assert load(held).best_checkpoint == []


@pytest.mark.rule("K1")
def test_the_best_checkpoint_is_that_of_the_best_value():
    result = etude.run(
        rates(trials=2, keep_checkpoints=2),
        loops.train,
    )

    (folder,) = result.best_checkpoint

    assert folder.name == "7"
    assert float((folder / "weight").read_text()) == result.trials["best"].min()


def test_trials_are_a_data_frame(store):
    frame = load(store).trials

    assert frame["status"].tolist() == ["completed", "infeasible", "stopped"]
    assert frame["reason"].tolist() == ["", "nan", "time_limit"]
    assert frame["best"].tolist() == [0.5, 0.01, 0.3]
    assert frame["learning_rate"].between(1e-3, 1.0).all()


def test_a_hyperparameter_called_like_a_column_keeps_out_of_its_way():
    held = Memory()
    begun(held, fixed={"seed": 99, "steps": "many"})

    frame = load(held).trials

    assert frame["setting.seed"].tolist() == [99] * 3
    assert 99 not in frame["seed"].tolist()
    assert frame["steps"].tolist() == [0] * 3


def test_curves_are_a_data_frame(store):
    frame = load(store).curves

    assert frame.columns.tolist() == ["trial", "step", "metric", "value"]
    assert frame["trial"].tolist() == [0, 0, 1, 1, 2]
    assert frame["metric"].tolist()[0] == "train/loss"
    assert math.isnan(frame["value"][3])


def test_curves_of_nothing_are_an_empty_frame():
    held = Memory()
    begun(held)

    assert load(held).curves.columns.tolist() == ["trial", "step", "metric", "value"]
    assert load(held).curves.empty


def test_a_result_shows_itself_in_a_notebook(store):
    assert "<table" in load(store)._repr_html_()


def test_without_a_name_the_newest_is_loaded(store):
    begun(store, name="later")

    assert load(store).experiment.name == "later"
    assert load(store, "rates").experiment.name == "rates"


def test_a_path_is_read_whole_and_closed(tmp_path):
    place = tmp_path / "etude.db"
    etude.run(rates(trials=2), loops.train, store=place)

    result = etude.load(place)

    assert result.records.count() == len(result.trials)
    assert len(result.curves) > 0


def test_an_unknown_name_gets_did_you_mean(store):
    with pytest.raises(StoreError, match=r"no experiment `rate` .* Did you mean `rates`\?"):
        load(store, "rate")


def test_an_empty_store_says_how_to_begin():
    with pytest.raises(StoreError, match=r"holds no experiment yet.*etude run FILE"):
        load(Memory())


def reads_its_color(trial):
    assert trial["color"]
    loops.train(trial)


@pytest.fixture
def alike():
    """Two scientific values between which few trials decide nothing."""
    return etude.run(
        minimal(
            metric="valid/loss",
            max_steps=4,
            scientific={"color": ["red", "blue"]},
            nuisance={"learning_rate": etude.Real(0.1, 0.5)},
        ),
        reads_its_color,
        store=Memory(),
    )


def test_more_trials_are_the_same_experiment_and_train_none_twice(alike):
    longer = alike.next()

    again = etude.run(longer.experiment, reads_its_color, store=alike.store)

    assert longer.experiment.name == alike.experiment.name
    assert longer.file == "experiment-16-trials.toml"
    assert list(again.trials["seed"][:16]) == list(alike.trials["seed"])
    assert len(again.trials) == 32


def two_metrics(trial):
    """The lower `valid/loss`, the higher `valid/accuracy` is not the same trial."""
    rate = trial["learning_rate"]
    trial.report(7, {"valid/loss": rate, "valid/accuracy": rate, "test/loss": 1 - rate})


@pytest.mark.rule("Q2")
def test_a_result_is_judged_by_another_metric_that_was_recorded():
    result = etude.run(rates(), two_metrics)

    judged = result.judged_by("valid/accuracy", maximize=True)

    best = result.trials["learning_rate"].idxmax()
    assert judged.best is not None
    assert judged.best.id == best
    assert judged.experiment.objective.maximize
    assert result.best is not None
    assert result.best.id != best


def test_what_was_infeasible_stays_so_by_any_metric(store):
    store.append("rates", [Logged(1, ((0, "other", 0.0),)), Logged(0, ((0, "other", 9.0),))])

    judged = load(store).judged_by("other")

    assert judged.best is not None
    assert judged.best.id == 0


def test_a_metric_that_nobody_recorded_is_refused_with_those_that_were():
    result = etude.run(rates(), two_metrics)

    with pytest.raises(RunError, match=r"No trial.*Did you mean `valid/accuracy`\?.*`test/loss`"):
        result.judged_by("valid/acuracy")


def test_to_judge_by_test_data_is_a_look_that_is_kept():
    result = etude.run(rates(), two_metrics)

    result.judged_by("test/loss")

    assert [look["experiment"] for look in looks(result.store.files.test_looks)] == ["rates"]


def test_the_next_round_has_the_metric_that_judged_and_a_name_of_its_own():
    question = rates(trials=20, nuisance={"learning_rate": Real(0.01, 0.5, log=True)})
    judged = etude.run(question, two_metrics).judged_by("valid/accuracy", maximize=True)

    coming = judged.next()

    assert coming is not None
    assert (coming.experiment.metric, coming.experiment.maximize) == ("valid/accuracy", True)
    assert (coming.experiment.name, coming.experiment.parent) == ("rates-2", "rates")


def test_a_search_that_adapted_to_another_metric_says_so():
    result = etude.run(rates(schedule="asha"), two_metrics)

    judged = result.judged_by("valid/accuracy", maximize=True)

    assert not [one for one in result.findings if one.check == "another_metric"]
    assert any(doubt.startswith("Q2: `asha` stopped") for doubt in judged.verdict.doubts)


def test_what_nothing_read_is_said_once_and_asked_no_more_of():
    question = minimal(
        trials=5,
        nuisance={"learning_rate": Real(1e-4, 1e-1, log=True), "dropout": Real(0.0, 0.5)},
        fixed={"label_smoothing": 0.1},
    )

    def train(trial):
        trial.report(trial.max_steps - 1, {question.metric: trial["learning_rate"]})

    result = etude.run(question, train)
    about = {
        (one.subject["hyperparameter"], one.check)
        for one in result.findings
        if one.subject.get("hyperparameter") in ("dropout", "label_smoothing")
    }

    assert about == {("dropout", "unread"), ("label_smoothing", "unread")}
