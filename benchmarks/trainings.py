"""Trainings of our own whose cause is known: digits, a small network, one thing gone wrong in each.

Labels come from the cause, and each kind was looked at: where a cause did not show as it should,
it is not labelled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from labelled import Workload, record_of, study_of
from sklearn.datasets import load_digits
from torch import nn

from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

STEPS = 600
METRIC = "valid/error"
Curves = dict[str, tuple[list[int], list[float]]]


@dataclass(frozen=True)
class Cause:
    """What one kind of training does, and what the checks should say; None is not scored.

    Args:
        examples: How many of the training set it sees.
        flipped: The share of training labels that are wrong.
        rate: The learning rate; `schedule` says what becomes of it.
        peak: By how much the rate jumps for 15 steps at `peak_at` of the length.
    """

    name: str
    examples: int = 1000
    flipped: float = 0.0
    dropout: float = 0.0
    smoothing: float = 0.0
    optimizer: str = "adam"
    rate: float = 1e-3
    schedule: str = "constant"
    peak: float = 1.0
    peak_at: tuple[float, ...] = ()
    evaluations: int = 40
    outcome: str = "ok"
    by_loss: bool | None = False
    by_metric: bool | None = False
    improving: bool | None = None


CAUSES = (
    Cause("100 examples", 100, rate=1e-2, by_loss=True),
    Cause("100 examples, high rate", 100, rate=3e-2, by_loss=True, by_metric=None),
    Cause(
        "100 examples, label smoothing",
        100,
        smoothing=0.2,
        rate=1e-2,
        by_loss=None,
        by_metric=None,
    ),
    Cause("400 examples, 40 % wrong", 400, 0.4, rate=1e-2, by_loss=True, by_metric=True),
    Cause("200 examples, 40 % wrong", 200, 0.4, rate=1e-2, by_loss=True, by_metric=True),
    Cause("300 examples, 30 % wrong", 300, 0.3, rate=1e-2, by_loss=True, by_metric=True),
    Cause("strong dropout", dropout=0.5, schedule="cosine", improving=False),
    Cause("label smoothing", smoothing=0.1, schedule="cosine", improving=False),
    Cause("cosine ends flat", rate=3e-3, schedule="cosine", improving=False),
    Cause("small rate", optimizer="sgd", rate=5e-4, improving=True),
    Cause("smaller rate", optimizer="sgd", rate=2e-4, improving=True, evaluations=20),
    Cause(
        "rate breaks numbers",
        optimizer="sgd",
        rate=1e12,
        outcome="nan_diverged",
        improving=False,
    ),
    Cause(
        "rate too high to learn",
        rate=3.0,
        outcome="never_learned",
        by_loss=None,
        by_metric=None,
        improving=False,
    ),
    Cause("rate jumps once", peak=100.0, peak_at=(0.5,), outcome="diverged_recovered"),
    Cause(
        "rate jumps four times",
        peak=100.0,
        peak_at=(0.2, 0.4, 0.6, 0.8),
        outcome="repeated_instability",
    ),
)
SEEDS = 4
Data = tuple[torch.Tensor, torch.Tensor]


def workload(seeds: int = SEEDS) -> Workload:
    """All trainings as one study."""
    torch.set_num_threads(1)
    study = study_of("own trainings", METRIC, STEPS, maximize=False)
    records, ends = [], {}
    truths: dict[str, dict[int, bool]] = {
        check: {}
        for check in (
            "stability",
            "overfitting_by_loss",
            "overfitting_by_metric",
            "still_improving",
        )
    }
    for trial, (cause, seed) in enumerate(_plan(seeds)):
        records.append(record_of(study, trial, train(cause, seed), learning_rate=cause.rate))
        ends[trial] = cause.outcome
        truths["stability"][trial] = cause.outcome != "ok"
        for check, truth in (
            ("overfitting_by_loss", cause.by_loss),
            ("overfitting_by_metric", cause.by_metric),
            ("still_improving", cause.improving),
        ):
            if truth is not None:
                truths[check][trial] = truth
    return Workload(study.name, study, trial_curves(study, outcomes(study, records)), ends, truths)


def _plan(seeds: int) -> Iterator[tuple[Cause, int]]:
    for cause in CAUSES:
        for seed in range(seeds):
            yield cause, seed


def train(cause: Cause, seed: int) -> Curves:
    """The curves of one training: every step's loss, and what evaluations see."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    seen, held = _data(cause, generator)
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(cause.dropout), nn.Linear(128, 10)
    )
    curves: Curves = {name: ([], []) for name in ("train/loss", "valid/loss", METRIC)}
    optimizer = (
        torch.optim.Adam(model.parameters(), lr=cause.rate)
        if cause.optimizer == "adam"
        else torch.optim.SGD(model.parameters(), lr=cause.rate, momentum=0.9)
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=cause.smoothing)
    every = STEPS // cause.evaluations
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = cause.rate * _factor(cause, step)
        batch = torch.randint(len(seen[0]), (64,), generator=generator)
        optimizer.zero_grad()
        loss = loss_of(model(seen[0][batch]), seen[1][batch])
        loss.backward()
        optimizer.step()
        _log(curves, "train/loss", step, loss.item())
        if (step + 1) % every == 0:
            _evaluate(model, held, curves, step)
        if not math.isfinite(loss.item()):
            break
    return curves


def _data(cause: Cause, generator: torch.Generator) -> tuple[Data, Data]:
    digits = load_digits()
    inputs = torch.tensor(digits.data / 16.0, dtype=torch.float32)
    targets = torch.tensor(digits.target)
    order = torch.randperm(len(inputs), generator=generator)
    inputs, targets = inputs[order], targets[order]
    wrong = torch.rand(cause.examples, generator=generator) < cause.flipped
    noisy = torch.randint(10, (cause.examples,), generator=generator)
    seen = torch.where(wrong, noisy, targets[: cause.examples])
    return (inputs[: cause.examples], seen), (inputs[1000:], targets[1000:])


def _factor(cause: Cause, step: int) -> float:
    done = step / STEPS
    if any(at <= done < at + 15 / STEPS for at in cause.peak_at):
        return cause.peak
    return 0.5 * (1.0 + math.cos(math.pi * done)) if cause.schedule == "cosine" else 1.0


def _evaluate(model: nn.Sequential, held: Data, curves: Curves, step: int) -> None:
    model.eval()
    with torch.no_grad():
        outputs = model(held[0])
        _log(curves, "valid/loss", step, nn.functional.cross_entropy(outputs, held[1]).item())
        wrong = (outputs.argmax(dim=1) != held[1]).double().mean().item()
    _log(curves, METRIC, step, wrong)
    model.train()


def _log(curves: Curves, name: str, step: int, value: float) -> None:
    curves[name][0].append(step)
    curves[name][1].append(value)
