"""Small trainings that break, each for one reason: gradient descent on a few parameters.

They read warmup, clipping and rate as a person's own loop does, and log what it should: the loss
and the unclipped norm of the gradient at every step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

import etude
from etude.experiment import Experiment
from etude.procedure.base import Answer, Known, Step
from etude.procedure.cost import Cost
from etude.procedure.cures import CureOutcomes, cure, most
from etude.procedure.cures.answer import with_cures
from etude.procedure.opening import Training, answered, known_of
from etude.procedure.player import Budget, Outcome
from etude.procedure.rates.diagnosis import Diagnosis
from etude.store.base import Store

Train = Callable[[etude.Trial], None]
Gradient = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
Loss = Callable[[np.ndarray], float]

STEPS = 200
# Directions along which nothing ever breaks, and that only a high rate gets down in time.
SLOW = np.array([0.3, 0.1, 0.03, 0.01])


class Cures:
    """The cures by themselves, after a diagnosis that is given."""

    name = "cures"

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.cured = CureOutcomes()

    def cost(self, known: Known) -> Cost:
        return most(known)

    def step(self, known: Known) -> Step | Answer:
        coming = cure(known, self.diagnosis)
        if isinstance(coming, Step):
            return coming
        self.cured = coming
        plain = Answer(word="EARLY", line="It breaks", values={"cure": None, "architecture": None})
        return with_cures(plain, known, self.diagnosis, coming)


def base(**given: object) -> Experiment:
    """A loop of a person's own, with a warmup and a limit to the norm that it can be told."""
    settings = {
        "name": "base",
        "metric": "valid/loss",
        "max_steps": STEPS,
        "evaluations": 20,
        "trials": 4,
        "nuisance": {"lr": etude.Real(1e-3, 1.0, log=True)},
        "fixed": {"warmup": 0, "clip": 0.0},
        "names": {"warmup": "warmup_steps", "clip": "gradient_clip"},
    }
    return Experiment(**{**settings, **given})


def cured(
    store: Store,
    train: object,
    diagnosis: Diagnosis,
    *,
    experiment: Experiment | None = None,
    budget: Budget | None = None,
    **known: object,
) -> tuple[Outcome, CureOutcomes]:
    """How the cures end, and what came of each."""
    training = Training(store=store, folder=Path.cwd(), train=train, runner="inline")
    before = replace(known_of(experiment or base(), training), **known)
    procedure = Cures(diagnosis)
    outcome = answered(procedure, before, training, budget=budget or Budget())
    return outcome, procedure.cured


def descent(loss: Loss, gradient: Gradient, start: np.ndarray) -> Train:
    """A loop that follows a gradient, with a warmup before a constant rate, and clipping."""

    def train(trial: etude.Trial) -> None:
        rng = np.random.default_rng(trial.seed)
        x = start * np.exp(0.1 * rng.standard_normal(len(start)))
        warmup, clip = int(trial["warmup"]), float(trial["clip"])
        for step in trial.steps():
            before = min(loss(x), 1e300)
            slope = gradient(x, step, rng)
            norm = float(np.linalg.norm(slope))
            trial.log(step, {"train/loss": before, "grad_norm": norm})
            rate = float(trial["lr"]) * min(1.0, (step + 1) / max(warmup, 1))
            limit = clip or math.inf
            x = x - rate * slope * min(1.0, limit / max(norm, 1e-300))
            if trial.evaluates(step):
                value = loss(x)
                trial.report(step, {"valid/loss": value if math.isfinite(value) else math.inf})

    return train


def _steep_loss(x: np.ndarray) -> float:
    u, v, *z = x
    return float(0.5 * (1 + 200 * u * u) * v * v + 1.5 * u * u + 0.5 * (SLOW * np.square(z)).sum())


def _steep_gradient(x: np.ndarray, step: int, rng: np.random.Generator) -> np.ndarray:
    u, v, *z = x
    slope = [u * (3 + 200 * v * v), (1 + 200 * u * u) * v, *(SLOW * z)]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(slope) + 0.01 * rng.standard_normal(len(x))


# Steep where it begins (a curvature of 200), flat where it leads (of 3): small steps first.
EARLY = descent(_steep_loss, _steep_gradient, np.array([1.0, 0.3, *[1.0] * len(SLOW)]))


def _plain_loss(x: np.ndarray) -> float:
    return float(0.5 * (SLOW * np.square(x)).sum())


def _outlier_gradient(x: np.ndarray, step: int, rng: np.random.Generator) -> np.ndarray:
    outlier = 300.0 if step % 97 == 50 else 0.0
    return np.asarray(SLOW * x + (0.02 + outlier) * rng.standard_normal(len(x)))


# Every 97 steps a gradient points anywhere, and is thousands of times as large as the others.
OUTLIERS = descent(_plain_loss, _outlier_gradient, np.ones(len(SLOW)))


_ONE_STEEP = np.array([1.0, *[0.02] * 7])


def _noisy_gradient(x: np.ndarray, step: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(len(x))
    return np.asarray(_ONE_STEEP * x + noise / np.linalg.norm(noise))


def _noisy_loss(x: np.ndarray) -> float:
    return float(0.5 * (_ONE_STEEP * np.square(x)).sum())


# Every gradient is as large as the others: noise of one length, and a limit that cuts one cuts all.
NOISE = descent(_noisy_loss, _noisy_gradient, np.ones(8))
