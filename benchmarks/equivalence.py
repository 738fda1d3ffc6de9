"""Whether a trial in a stack is the trial that it is alone: three workloads, every optimizer.

In double precision, 200 steps, dropout and clipping on: the largest relative distance between the
loss curves of a stack and of the plain loop, and between the gradients of the first step.

Then, in single precision, the parameters of one trial after 50 steps of Adam: the same bits in
stacks of 2, 3, 8 and 16, and beside a trial that diverges; and how far from the trial alone.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import ROOT, Output

from etude.assignment import Assignment
from etude.runner.user_code import train_function
from etude.train.gate import probe_trial
from etude.train.optimizers import OPTIMIZERS
from etude.train.torch.loop import Learner, Loop
from etude.train.torch.member import Member
from etude.train.torch.vectorized import Stack

WORKLOADS = {
    "mlp": ("digits", "Mlp", {"width": 32}),
    "cnn": ("digits", "Cnn", {"width": 8}),
    "transformer": ("characters", "Characters", {"width": 32, "depth": 2, "heads": 4}),
}
RATES = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "rmsprop": 1e-3}
# What is asked of curves, and of the gradients of the first step.
CLOSE = {"rmsprop": 1e-7, "nadam": 1e-7}
GRADIENTS = 1e-10
COMMON: Mapping[str, Any] = {
    "batch_size": 16,
    "dropout": 0.1,
    "weight_decay": 1e-3,
    "gradient_clip": 1.0,
    "beta1": 0.9,
    "beta2": 0.99,
    "epsilon": 1e-8,
    "rmsprop_decay": 0.9,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 steps, nothing kept")
    quick = parser.parse_args().quick
    steps = 20 if quick else 200
    output = Output("equivalence", keep=not quick)
    output.say(f"PyTorch {torch.__version__}, double precision, {steps} steps, 3 trials a stack")
    output.say(f"{'workload':<12} {'optimizer':<9} {'curves':>8} {'allowed':>8} {'gradients':>10}")
    far, figures = [], {}
    for name, (folder, cls, given) in WORKLOADS.items():
        plain = train_function(f"workload.py:{cls}", ROOT / "examples" / folder)
        loop = Loop(plain.workload, double=True)
        for optimizer in OPTIMIZERS:
            begin = time.monotonic()
            settings = [_setting(optimizer, number, given) for number in range(3)]
            apart = curves_apart(loop, settings, steps)
            slopes = gradients_apart(loop, settings)
            allowed = CLOSE.get(optimizer, 1e-9)
            output.say(
                f"{name:<12} {optimizer:<9} {apart:8.1e} {allowed:8.0e} {slopes:10.1e}"
                f"   {time.monotonic() - begin:.0f} s"
            )
            figures |= {f"{name}.{optimizer}.digits": -math.log10(max(apart, 1e-17))}
            if apart > allowed or slopes > GRADIENTS:
                far.append(f"{name} {optimizer}")
    figures |= bits(output, 20 if quick else 50)
    output.say(f"Too far apart: {', '.join(far)}." if far else "All as close as asked.")
    output.end(figures)
    sys.exit(bool(far))


def curves_apart(loop: Loop, settings: list[dict[str, Any]], steps: int) -> float:
    trials = _trials(settings, steps)
    stack = Stack(loop, [Member(loop, probe_trial(one)) for one in trials])
    found_SxK = stack.rows_after(steps).losses_SxK.numpy()
    places = [member.trial.id for member in stack.members]
    learners = [Learner(loop, probe_trial(trials[at])) for at in places]
    alone_SxK = np.array(
        [[one.update(step)["train/loss"] for one in learners] for step in range(steps)]
    )
    return float(np.max(np.abs(found_SxK - alone_SxK) / np.abs(alone_SxK)))


def bits(output: Output, steps: int) -> dict[str, float]:
    """Whether who else is in a stack changes a bit of a trial."""
    output.say(f"{'workload':<12} {'stacks of 2 to 16':>18} {'diverging':>10} {'alone':>9}")
    figures: dict[str, float] = {}
    for name, (folder, cls, given) in WORKLOADS.items():
        plain = train_function(f"workload.py:{cls}", ROOT / "examples" / folder)
        loop = Loop(plain.workload)
        settings = [_setting("adam", number, given) for number in range(16)]
        wild = {**settings[1], "learning_rate": 1e30}
        pair, *wider = (_first_row(loop, settings[:count], steps) for count in (2, 3, 8, 16))
        beside = _first_row(loop, [settings[0], wild], steps)
        alone = _first_row(loop, settings[:1], steps)
        found = {
            "bits_in_any_stack": float(all(torch.equal(pair, other) for other in wider)),
            "bits_beside_diverging": float(torch.equal(pair, beside)),
            "alone_apart": float((pair - alone).abs().max() / alone.abs().max()),
        }
        same, beside_it, apart = found.values()
        told = ["same bits" if one else "differ" for one in (same, beside_it)]
        output.say(f"{name:<12} {told[0]:>18} {told[1]:>10} {apart:9.1e}")
        figures |= {f"{name}.{key}": value for key, value in found.items()}
    return figures


def _first_row(loop: Loop, settings: list[dict[str, Any]], steps: int) -> torch.Tensor:
    stack = Stack(loop, [Member(loop, probe_trial(one)) for one in _trials(settings, steps)])
    return stack.rows_after(steps).rows.x[0]


def gradients_apart(loop: Loop, settings: list[dict[str, Any]]) -> float:
    """Of trials 2 and 3, from one plain step of size 1."""
    dropped = ("momentum", "weight_decay", "gradient_clip")
    bare = [
        {**{name: value for name, value in one.items() if name not in dropped},
         "optimizer": "sgd", "learning_rate": 1.0}
        for one in settings
    ]  # fmt: skip
    trials = _trials(bare, 1)
    stack = Stack(loop, [Member(loop, probe_trial(one)) for one in trials])
    before = [member.row.x[0] for member in stack.members]
    after = stack.rows_after(1).rows.x
    apart = []
    for place, one in list(enumerate(trials))[1:]:
        learner = Learner(loop, probe_trial(one))
        learner.update(0)
        alone = torch.cat([part.detach().reshape(-1) for part in learner.module.parameters()])
        gradient = before[place] - alone
        error = (before[place] - after[place] - gradient).abs().max() / gradient.abs().max()
        apart.append(float(error))
    return max(apart)


def _setting(optimizer: str, number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    rate = RATES.get(optimizer, 1e-3) * (1 + number / 4)
    momentum = {"momentum": 0.9} if optimizer in ("momentum", "nesterov", "rmsprop") else {}
    return {**COMMON, **given, **momentum, "optimizer": optimizer, "learning_rate": rate}


def _trials(settings: list[dict[str, Any]], steps: int) -> list[Assignment]:
    folder = Path(tempfile.gettempdir()) / "etude-equivalence"
    return [
        Assignment(
            id=number,
            study="all",
            setting=setting,
            seed=number,
            max_steps=steps,
            evaluations=1,
            metric="valid/error",
            maximize=False,
            diverged_above=False,
            folder=folder,
            checkpoints=folder,
        )
        for number, setting in enumerate(settings)
    ]


if __name__ == "__main__":
    main()
