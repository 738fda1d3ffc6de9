"""Training length: the regime, the fewest steps to a full fit, and refusals in words."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.form import words
from torch import nn
from torch.nn import functional as F

import etude
from etude.advise.ending import REASON_WORDS
from etude.errors import RunError
from etude.experiment import Experiment
from etude.procedure.length.full_fit import declared_full_fit
from etude.procedure.length.unregularized import unregularized
from etude.procedure.opening import Training, answered, known_of
from etude.procedure.player import Budget, Outcome
from etude.procedure.training_length import TrainingLength
from etude.store import open_store
from etude.store.base import Store
from etude.train.workload import Workload
from etude.wording import HEADLINE_WORDS

Train = Callable[[etude.Trial], None]
FITS_AFTER = 320
FASTEST = 0.1


def base(**given: Any) -> Experiment:
    return Experiment(
        **{
            "name": "base",
            "metric": "valid/error",
            "max_steps": 600,
            "trials": 6,
            "nuisance": {"lr": etude.Real(1e-3, 1.0, log=True)},
            **given,
        }
    )


def fits_at(steps: int, *, luck: float = 0.15, metric: str = "train/error") -> Train:
    """Fits fully after so many steps at a rate of 0.1, later at others, and breaks far above."""

    def train(trial: etude.Trial) -> None:
        distance = math.log(float(trial["lr"]) / FASTEST)
        breaks = distance > math.log(5)
        drawn = math.exp(random.Random(trial.seed).gauss(0, luck))
        first = steps * drawn * math.cosh(distance)
        for step in trial.steps():
            if breaks:
                trial.log(step, {"train/loss": math.nan})
            if trial.evaluates(step):
                wrong = max(0.0, 1 - (step + 1) / first)
                trial.report(step, {"valid/error": 0.1 + wrong, metric: wrong})

    return train


def falls_by(train_loss: Callable[[float], float]) -> Train:
    """A training loss by the share of the steps, whose error never becomes 0."""

    def train(trial: etude.Trial) -> None:
        noise = random.Random(trial.seed)
        worse = abs(math.log(float(trial["lr"]) / FASTEST))
        for step in trial.steps():
            if trial.evaluates(step):
                loss = train_loss((step + 1) / trial.max_steps) + 0.1 * worse
                loss += noise.gauss(0, 0.003)
                error = 0.2 + 0.1 * loss
                values = {"train/loss": loss, "train/error": error, "valid/error": error}
                trial.report(step, values)

    return train


@pytest.fixture
def store() -> Store:
    return open_store("memory")


def played(
    store: Store,
    train: Any,
    experiment: Experiment | None = None,
    *,
    budget: int | None = None,
    own_loop: bool = False,
    **given: Any,
) -> Outcome:
    training = Training(store=store, folder=Path.cwd(), train=train, runner="inline")
    known = known_of(experiment or base(), training)
    # Which loop trains it is read of the file's `train`, which a function has not.
    known = known if not own_loop else etude_loop(known)
    return answered(TrainingLength(**given), known, training, budget=Budget(steps=budget))


def etude_loop(known: Any) -> Any:
    from dataclasses import replace

    return replace(known, own_loop=True)


def texts(outcome: Outcome) -> str:
    return " ".join(reason.text for reason in outcome.answer.reasons)


# --- planted lengths


def fits_once(trial: etude.Trial) -> None:
    """Fits fully in the sweep alone: what its shorter trainings near it do not bear out."""
    fits_at(150 if trial.max_steps >= 600 else 10_000)(trial)


def test_a_fit_that_other_seeds_refute_gives_no_length(store: Store) -> None:
    answer = played(store, fits_once).answer

    assert (answer.word, answer.values["max_steps"]) == ("UNCLEAR", None)
    assert answer.line.startswith("One training fits after")
    assert answer.lines == ()


@pytest.mark.rule("S12", "T7")
@pytest.mark.parametrize("seed", range(3))
def test_the_first_length_is_within_a_fifth_of_the_true_one(store: Store, seed: int) -> None:
    answer = played(store, fits_at(FITS_AFTER), base(seed=seed)).answer

    assert answer.values["regime"] == "not_compute_bound"
    assert answer.values["max_steps"] == pytest.approx(FITS_AFTER, rel=0.2)
    assert answer.values["learning_rate"] == pytest.approx(FASTEST, rel=1.2)
    assert answer.values["at_edge"] is False


def test_a_fit_far_below_the_affordable_length_is_timed_as_finely(store: Store) -> None:
    answer = played(store, fits_at(25), base()).answer

    assert answer.values["full_fit_step"] == pytest.approx(25, rel=0.2)


@pytest.mark.rule("T11")
def test_the_fewest_steps_are_said_to_ask_for_a_well_tuned_decay(store: Store) -> None:
    outcome = played(store, fits_at(25), base())

    assert [one.rules for one in outcome.answer.reasons].count(("T11",)) == 1


@pytest.mark.rule("T7")
def test_a_best_rate_at_the_edge_of_the_sweep_extends_it(store: Store) -> None:
    outcome = played(store, fits_at(120), base(fixed={"lr": FASTEST / 90}, nuisance={}, trials=1))

    assert "higher-1" in [one.part for one in outcome.known.rounds]
    assert outcome.answer.values["at_edge"] is False
    assert outcome.answer.values["full_fit_step"] == pytest.approx(120, rel=0.2)


def test_where_no_extension_gets_away_from_the_edge_it_is_said(store: Store) -> None:
    outcome = played(
        store, fits_at(3), base(fixed={"lr": 1e-7}, nuisance={}, trials=1, max_steps=20)
    )

    assert [one.part for one in outcome.known.rounds][:3] == ["rates", "higher-1", "higher-2"]
    assert outcome.answer.values["at_edge"] is True
    assert "edge of the sweep" in texts(outcome)


def test_the_cost_said_first_is_an_upper_bound_within_half_as_much_again(store: Store) -> None:
    outcome = played(store, fits_at(FITS_AFTER))

    cost = TrainingLength().cost(outcome.known)
    assert outcome.known.spent_steps <= cost.steps <= 1.5 * outcome.known.spent_steps
    assert sum(len(list(one.records)) for one in outcome.known.rounds) <= cost.trials


def test_a_budget_that_ends_after_the_sweep_answers_from_it(store: Store) -> None:
    outcome = played(store, fits_at(FITS_AFTER), budget=7 * 600)

    assert outcome.answer.values["regime"] == "not_compute_bound"
    assert outcome.known.spent_steps <= 7 * 600
    assert "one training a rate" in texts(outcome)


def test_asked_again_it_answers_the_same_without_training(store: Store) -> None:
    first = played(store, fits_at(FITS_AFTER))

    def untrained(trial: etude.Trial) -> None:
        raise AssertionError("It trains again.")

    assert played(store, untrained).answer == first.answer


# --- no full fit


@pytest.mark.rule("T1")
def test_a_loss_that_still_falls_is_compute_bound_and_gets_no_length(store: Store) -> None:
    outcome = played(store, falls_by(lambda share: 1.0 - 0.5 * share))

    assert outcome.answer.values["regime"] == "compute_bound"
    assert outcome.answer.values["max_steps"] is None
    assert "rounds of growing length" in outcome.answer.steps[0].text
    assert "scarce budget of steps may demand a perfectly tuned decay" in texts(outcome)


@pytest.mark.rule("T13", "T7")
def test_a_training_set_that_cannot_be_fitted_is_refused_in_words(store: Store) -> None:
    outcome = played(store, falls_by(lambda share: 0.5 + math.exp(-12 * share)))

    assert outcome.answer.values["regime"] == "not_compute_bound"
    assert outcome.answer.values["max_steps"] is None
    assert "expect little from regularization" in texts(outcome)
    assert "refused" in texts(outcome)


def test_rates_that_all_break_are_unclear(store: Store) -> None:
    def breaks(trial: etude.Trial) -> None:
        for step in trial.steps():
            trial.log(step, {"train/loss": math.nan})

    outcome = played(store, breaks)

    assert outcome.answer.values == {
        "regime": "unclear",
        "max_steps": None,
        "learning_rate": None,
        "full_fit_step": None,
        "at_edge": None,
    }
    assert outcome.answer.line.startswith("7 of 7 trainings broke")


def test_a_loop_that_does_not_read_the_rate_is_asked_about(store: Store) -> None:
    def deaf(trial: etude.Trial) -> None:
        for step in trial.steps():
            if trial.evaluates(step):
                trial.report(step, {"valid/error": 0.3, "train/error": float(step < 200)})

    outcome = played(store, deaf)

    assert outcome.answer.values["at_edge"] is False
    assert "does your loop read it?" in texts(outcome)


def test_without_a_metric_of_the_training_set_nothing_is_trained_on(store: Store) -> None:
    def silent(trial: etude.Trial) -> None:
        for step in trial.steps():
            if trial.evaluates(step):
                trial.report(step, {"valid/error": 0.3})

    outcome = played(store, silent)

    assert [one.part for one in outcome.known.rounds] == ["rates"]
    assert outcome.answer.values["regime"] == "unclear"
    assert "Report `train/error`" in texts(outcome)


def test_a_file_without_a_rate_is_refused(store: Store) -> None:
    with pytest.raises(RunError, match="has no learning rate"):
        played(store, fits_at(9), base(nuisance={}, fixed={"width": 3}, trials=1))


# --- targets, names, and what is switched off


def test_a_declared_loss_of_single_batches_counts_by_its_mean_between_evaluations(
    store: Store,
) -> None:
    def jumpy(trial: etude.Trial) -> None:
        for step in trial.steps():
            level = 0.0 if step >= 250 else 0.05
            trial.log(step, {"train/loss": level + 0.05 * (step % 2)})
            if trial.evaluates(step):
                trial.report(step, {"valid/error": level})

    target = declared_full_fit("train/loss=0.04")

    answer = played(store, jumpy, full_fit=target).answer

    assert answer.values["full_fit_step"] == pytest.approx(250, rel=0.1)


def test_a_loop_of_ones_own_is_swept_by_the_name_that_names_says(store: Store) -> None:
    def train(trial: etude.Trial) -> None:
        for step in trial.steps():
            if trial.evaluates(step):
                error = max(0.0, 1 - (step + 1) * trial["eta"] / 50)
                trial.report(step, {"valid/error": error, "train/accuracy": 1 - error})

    experiment = base(
        nuisance={"eta": etude.Real(0.01, 1.0, log=True)},
        names={"eta": "learning_rate"},
    )

    outcome = played(store, train, experiment)

    assert outcome.answer.table[0][0] == "eta"
    assert outcome.answer.values["regime"] == "not_compute_bound"


def test_known_regularization_is_off_in_every_round(store: Store) -> None:
    experiment = base(
        nuisance={
            "lr": etude.Real(1e-2, 1.0, log=True),
            "weight_decay": etude.Real(1e-6, 1e-2, log=True),
        },
        fixed={"dropout": 0.3, "augmentation": True, "cutmix": 0.5},
    )

    outcome = played(store, fits_at(FITS_AFTER), experiment, without={"cutmix": None})

    settings = [one.setting for played in outcome.known.rounds for one in played.records]
    off = {"weight_decay": 0.0, "dropout": 0.0, "augmentation": False, "cutmix": 0.0}
    assert all({name: one[name] for name in off} == off for one in settings)
    assert "it takes more steps" in texts(outcome)


@pytest.mark.parametrize(
    ("without", "message"),
    [({"cutmx": None}, "Did you mean `cutmix`"), ({"policy": None}, "--without policy=none")],
)
def test_what_cannot_be_switched_off_is_refused(
    store: Store, without: dict[str, None], message: str
) -> None:
    experiment = base(fixed={"cutmix": 0.5, "policy": "strong"})

    with pytest.raises(RunError, match=message):
        played(store, fits_at(9), experiment, without=without)


def test_a_schedule_of_ones_own_loop_stays_where_its_constant_value_is_not_known(
    store: Store,
) -> None:
    experiment = base(fixed={"schedule": "cosine", "warmup_steps": 20})
    known = known_of(experiment, Training(store=store, folder=Path.cwd(), train=fits_at(9)))

    switched = unregularized(known, {})

    assert switched.left == ("schedule",)
    assert switched.setting["warmup_steps"] == 0


@pytest.mark.parametrize("text", ["train/loss", "=3", "train/loss=low", "train/loss=nan"])
def test_a_target_without_a_number_is_refused(text: str) -> None:
    with pytest.raises(RunError, match="METRIC=VALUE"):
        declared_full_fit(text)


# --- what the file becomes


def test_the_lines_lower_the_length_and_reach_the_fastest_rate(store: Store) -> None:
    experiment = base(nuisance={"lr": etude.Real(1e-4, 1e-2, log=True)})

    lines = played(store, fits_at(FITS_AFTER, luck=0.0), experiment).answer.lines

    assert [line.path for line in lines] == ["experiment.max_steps", "nuisance.lr"]
    assert lines[0].new == pytest.approx(FITS_AFTER, rel=0.2)
    assert lines[1].part == "high"
    assert lines[1].new > FASTEST


@pytest.mark.rule("T5", "T3")
def test_a_study_that_was_best_late_asks_for_more_than_a_full_fit(store: Store) -> None:
    def late(trial: etude.Trial) -> None:
        noise = random.Random(trial.seed)
        for step in trial.steps():
            if trial.evaluates(step):
                share = (step + 1) / trial.max_steps
                value = 1 - 0.8 * share + noise.gauss(0, 0.002)
                trial.report(step, {"valid/error": value, "train/error": max(0.0, 0.5 - share)})

    etude.run(base(), late, store=store)

    answer = played(store, late).answer

    assert answer.values["full_fit_step"] < 600
    assert answer.values["max_steps"] == 1200
    assert answer.lines[0].rule == "T5"


def test_a_schedule_follows_the_new_length_and_is_to_be_retuned(store: Store) -> None:
    experiment = base(fixed={"schedule": "linear", "decay_steps": 600, "batch_size": 8})

    outcome = played(store, fits_at(FITS_AFTER), experiment, own_loop=True)

    assert "retune it" in texts(outcome)
    assert "decay_steps" in " ".join(line.path for line in outcome.answer.lines)


# --- the length by the trials of the file


WIDTHS = {64: 372, 1024: 72}


def fits_by_width(steps: dict[int, int]) -> Train:
    """Fits fully after so many steps a width, at a rate of 0.1; the narrower one is the better."""

    def train(trial: etude.Trial) -> None:
        worse = 0.1 if trial["width"] == max(steps) else 0.0
        first = steps[int(trial["width"])] * math.cosh(math.log(float(trial["lr"]) / FASTEST))
        for step in trial.steps():
            if trial.evaluates(step):
                wrong = max(0.0, 1 - (step + 1) / first)
                trial.report(step, {"valid/error": 0.1 + wrong + worse, "train/error": wrong})

    return train


def compared(**given: Any) -> Experiment:
    rates = etude.Real(0.08, 0.12, log=True)
    widths = {"width": list(WIDTHS)}
    return base(**{"trials": 8, "scientific": widths, "nuisance": {"lr": rates}, **given})


@pytest.mark.rule("T7")
def test_the_length_is_that_of_the_configuration_that_is_swept(store: Store) -> None:
    etude.run(compared(), fits_by_width(WIDTHS), store=store)

    outcome = played(store, fits_by_width(WIDTHS), compared())

    assert outcome.known.setting["width"] == 64
    assert outcome.known.rounds[0].experiment.max_steps == 600
    assert outcome.answer.word == "NOT COMPUTE-BOUND"
    assert outcome.answer.values["full_fit_step"] == pytest.approx(372, rel=0.1)


def test_trials_of_the_same_configuration_shorten_the_sweep(store: Store) -> None:
    """Whatever their rate and what is switched off."""
    decay = etude.Real(1e-6, 1e-2, log=True)
    experiment = compared(
        scientific={"width": [64, 1024]},
        nuisance={"lr": etude.Real(0.08, 0.12, log=True), "weight_decay": decay},
    )
    steps = {64: 100, 1024: 72}
    etude.run(experiment, fits_by_width(steps), store=store)

    outcome = played(store, fits_by_width(steps), experiment)

    first = outcome.known.rounds[0].experiment.max_steps
    assert 200 <= first <= 220
    assert outcome.known.spent_steps <= TrainingLength().cost(outcome.known).steps


def fits_with_decay(trial: etude.Trial) -> None:
    """Fits early with weight decay alone, so that the sweep, without it, needs far longer."""
    steps = {64: 60 if trial["weight_decay"] else 400}
    fits_by_width({**steps, 1024: 9})(trial)


def with_decay() -> Experiment:
    return base(
        nuisance={"lr": etude.Real(0.08, 0.12, log=True)},
        fixed={"weight_decay": 1e-4, "width": 64},
    )


@pytest.mark.rule("T1", "T7")
def test_a_sweep_shorter_than_one_can_afford_calls_nothing_compute_bound(store: Store) -> None:
    etude.run(with_decay(), fits_with_decay, store=store)

    outcome = played(store, fits_with_decay, with_decay(), without={"weight_decay": 0.0})

    first = outcome.known.rounds[0].experiment.max_steps
    (again,) = outcome.answer.steps
    assert first < 200
    assert outcome.answer.word == "UNCLEAR"
    assert outcome.answer.values["regime"] == "unclear"
    assert words(outcome.answer.line) <= HEADLINE_WORDS
    assert all(words(one.text) <= REASON_WORDS for one in outcome.answer.reasons)
    assert again.command == (
        "etude training-length FILE --without weight_decay=0.0 --max-steps 600"
    )


def test_a_typed_length_is_that_of_the_sweep(store: Store) -> None:
    etude.run(with_decay(), fits_with_decay, store=store)

    outcome = played(store, fits_with_decay, with_decay(), max_steps=600)

    assert outcome.known.rounds[0].experiment.max_steps == 600
    assert outcome.answer.word == "NOT COMPUTE-BOUND"


# --- accuracies


@pytest.mark.parametrize(("whole", "metric"), [(100.0, "train/accuracy"), (1.0, "train/acc")])
def test_a_full_fit_of_an_accuracy_is_all_of_it_in_the_unit_that_is_logged(
    store: Store, whole: float, metric: str
) -> None:
    def train(trial: etude.Trial) -> None:
        first = 200 * math.cosh(math.log(float(trial["lr"]) / FASTEST))
        for step in trial.steps():
            if trial.evaluates(step):
                right = whole * min(1.0, 0.1 + 0.9 * (step + 1) / first)
                trial.report(step, {"valid/error": 1 - right / whole, metric: right})

    etude.run(base(), train, store=store)

    answer = played(store, train).answer

    assert answer.values["full_fit_step"] == pytest.approx(200, rel=0.2)


@pytest.mark.rule("T7")
def test_an_accuracy_in_percent_that_is_never_whole_is_no_full_fit(store: Store) -> None:
    def train(trial: etude.Trial) -> None:
        worse = abs(math.log(float(trial["lr"]) / FASTEST))
        for step in trial.steps():
            if trial.evaluates(step):
                right = 10 + 85 * (step + 1) / trial.max_steps - worse
                trial.report(step, {"valid/error": 1 - right / 100, "train/accuracy": right})

    outcome = played(store, train)

    assert outcome.answer.values["full_fit_step"] is None
    assert outcome.answer.values["regime"] == "compute_bound"
    assert "a `train/accuracy` of 100" in texts(outcome)


# --- without a training error


def losses_alone(train_loss: Callable[[float], float]) -> Train:
    """Logs losses alone, with noise of a tenth of themselves, as single batches have it."""

    def train(trial: etude.Trial) -> None:
        noise = random.Random(trial.seed)
        worse = math.cosh(math.log(float(trial["lr"]) / FASTEST) / 4)
        for step in trial.steps():
            if trial.evaluates(step):
                loss = train_loss((step + 1) / trial.max_steps) * worse
                values = {name: loss * (1 + noise.gauss(0, 0.1)) for name in ("train", "valid")}
                trial.report(step, {f"{name}/loss": value for name, value in values.items()})

    return train


@pytest.mark.parametrize(
    ("curve", "regimes"),
    [
        (lambda share: (200 * share) ** -0.75, {"compute_bound"}),
        (lambda share: 1 + 20 * math.exp(-30 * share), {"not_compute_bound", "unclear"}),
    ],
    ids=["a power of the steps", "a floor"],
)
def test_without_a_training_error_the_loss_tells_the_regime_and_no_length(
    store: Store, curve: Callable[[float], float], regimes: set[str]
) -> None:
    outcome = played(store, losses_alone(curve), base(metric="valid/loss"))

    assert outcome.answer.values["regime"] in regimes
    assert outcome.answer.values["max_steps"] is None
    assert "declare a fit, --full-fit" in texts(outcome)


# --- real trainings in Etude's loop


def workload(*, examples: int, width: int, label_noise: float, tasks: int = 2) -> Workload:
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(examples + 64, 6, generator=generator)
    labels = (inputs[:, :tasks].sum(1) > 0).long()
    flips = torch.rand(len(labels), generator=generator) < label_noise
    labels = torch.where(flips, 1 - labels, labels)

    def metrics(predict: Any, batch: Any) -> dict[str, torch.Tensor]:
        logits = predict(batch[0])
        wrong = (logits.argmax(-1) != batch[1]).double()
        return {"error": wrong, "loss": F.cross_entropy(logits, batch[1])}

    return Workload(
        model=lambda setting: nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 2)),
        loss=lambda predict, batch, setting: F.cross_entropy(predict(batch[0]), batch[1]),
        metrics=metrics,
        training=(inputs[:examples], labels[:examples]),
        validation=(inputs[examples:], labels[examples:]),
    )


OWN = {"optimizer": "momentum", "momentum": 0.9, "batch_size": 16, "learning_rate": 0.1}


def test_a_real_training_that_fits_gets_the_length_of_its_fit(store: Store) -> None:
    experiment = base(nuisance={}, fixed=OWN, trials=1, max_steps=300)

    outcome = played(
        store, workload(examples=48, width=16, label_noise=0.0), experiment, own_loop=True
    )

    values = outcome.answer.values
    assert values["regime"] == "not_compute_bound"
    fitting = outcome.known.rounds[-1].records
    assert any(one.best("train/error", maximize=False).value == 0.0 for one in fitting)
    assert values["max_steps"] < 150


def test_label_noise_and_a_small_network_are_refused(store: Store) -> None:
    experiment = base(nuisance={}, fixed=OWN, trials=1, max_steps=200)

    outcome = played(
        store, workload(examples=256, width=1, label_noise=0.4), experiment, own_loop=True
    )

    assert outcome.answer.values["max_steps"] is None
    assert outcome.answer.values["regime"] in {"not_compute_bound", "unclear"}
    assert "refused" in texts(outcome)


def test_a_training_that_hardly_begins_is_not_taken_for_one_that_cannot_fit(store: Store) -> None:
    crawling = {**OWN, "optimizer": "sgd", "learning_rate": 1e-3}
    del crawling["momentum"]
    experiment = base(nuisance={}, fixed=crawling, trials=1, max_steps=60)

    outcome = played(
        store,
        workload(examples=500, width=8, label_noise=0.0),
        experiment,
        own_loop=True,
        rates=3,
    )

    assert outcome.answer.values["regime"] == "unclear"
    assert outcome.answer.values["max_steps"] is None
