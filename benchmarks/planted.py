"""Trainings whose trouble is planted: what a procedure is to answer, and how that is judged.

A plant is a folder in `plants/`: `train.py`, a workload as a user writes it, and `experiment.toml`.
`written` copies it with a seed, which draws its data and, through the experiment, every trial. What
is planted is shown by `planted_truths.py` in trainings by the plain loop, with seeds of its own;
the seeds that are judged are not those that the plants were made with.

A judge reads an answer in the JSON of `etude`, and the truth of that seed: `found`; `wrong` for
what contradicts the truth; `unclear` for all that claims neither. Nothing here runs a training.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from etude.train.recipe import recipe

FOLDER = Path(__file__).resolve().parent / "plants"
# The plants were made with these; no answer to them is judged.
BUILDING_SEEDS = (101, 102)
# 1 to 3, 11 to 13, ... 61 to 63 were seen before rules were changed.
JUDGED_SEEDS = (71, 72, 73)
ENOUGH_SEEDS = 2
# Of the two numbers: within a factor, or as near.
RATE_FACTOR, LENGTH_SHARE = 1.5, 0.2
# Survives: so much of direct trainings at the advised rate end their warmup and their hold.
SURVIVES = 0.8
# Tiny: the mean rate of the added steps, as a share of the base rate.
TINY = 0.1

Ruling: TypeAlias = Literal["found", "wrong", "unclear"]
Said: TypeAlias = Mapping[str, Any]
Truth: TypeAlias = Mapping[str, Any]
Judge: TypeAlias = Callable[[Said, Truth], Ruling]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A training with planted trouble.

    Args:
        name: Of its folder.
        planted: What is planted, in words.
        commands: Of `etude`, one after another; the last one's JSON is judged. `FILE` is the
            experiment's file, `NAME` its name.
        judge: Of an answer.
        truths: The numbers that direct training must show first: functions of
            `planted_truths.TRUTHS` by name.
        budget: In trials of the experiment's length.
    """

    name: str
    planted: str
    commands: tuple[tuple[str, ...], ...]
    judge: Judge
    truths: tuple[str, ...] = ()
    budget: int = 120

    @property
    def is_healthy(self) -> bool:
        return self.name.startswith("healthy")

    @property
    def file(self) -> Mapping[str, Any]:
        return tomllib.loads((FOLDER / self.name / "experiment.toml").read_text())

    @property
    def workload(self) -> str:
        """The name of the workload in `train.py`."""
        return str(self.file["experiment"]["train"]).partition(":")[2]

    @property
    def metric(self) -> str:
        return str(self.file["experiment"]["metric"])

    @property
    def max_steps(self) -> int:
        return int(self.file["experiment"]["max_steps"])

    @property
    def evaluations(self) -> int:
        return int(self.file["experiment"]["evaluations"])

    @property
    def fixed(self) -> dict[str, Any]:
        return dict(self.file["fixed"])

    @property
    def rates(self) -> tuple[float, float]:
        """The bounds of the learning rate."""
        domain = self.file["nuisance"]["learning_rate"]
        return float(domain["low"]), float(domain["high"])


def written(plant: Plant, seed: int, folder: Path) -> Path:
    """The experiment file of a plant with a seed, in a folder of its own."""
    for name, pattern in (("train.py", r"^SEED = 0$"), ("experiment.toml", r"^seed = 0$")):
        text = (FOLDER / plant.name / name).read_text()
        line = pattern.strip("^$").replace("0", str(seed))
        changed, times = re.subn(pattern, line, text, flags=re.MULTILINE)
        assert times == 1, f"{plant.name}/{name} needs one line `{pattern.strip('^$')}`."
        (folder / name).write_text(changed)
    return folder / "experiment.toml"


# --- reading an answer


def answer(said: Said) -> Mapping[str, Any]:
    return said.get("answer") or {}


def cure(said: Said) -> str | None:
    """The name of the cure that was chosen; None for none, or for one that is not better."""
    found = answer(said).get("cure") or {}
    return found.get("name") if found.get("compared") == "better" else None


def cure_settings(said: Said) -> Mapping[str, Any]:
    return (answer(said).get("cure") or {}).get("settings") or {}


def speaks_of(said: Said, *rules: str, statuses: Sequence[str] = ("notice", "problem")) -> bool:
    """Whether a finding of one of these statuses is by one of these rules."""
    return any(
        set(re.findall(r"[A-Z]\d+", str(finding.get("rule", "")))) & set(rules)
        and finding.get("status") in statuses
        for finding in said.get("findings") or ()
    )


# --- judges


def verdict(wanted: str, *, also: Sequence[str] = ()) -> Judge:
    """Of the verdict alone; those in `also` are true too, but do not tell what is planted."""

    def judge(said: Said, truth: Truth) -> Ruling:
        del truth
        given = answer(said).get("verdict")
        if given == wanted:
            return "found"
        return "unclear" if given in (None, "unclear", *also) else "wrong"

    return judge


def healthy(said: Said, truth: Truth) -> Ruling:
    """Stable, held down by nothing, and nothing to change."""
    del truth
    given = answer(said)
    is_alarm = given.get("held_down") or cure(said) or given.get("architecture")
    if is_alarm or given.get("verdict") not in (None, "unclear", "stable"):
        return "wrong"
    return "found" if given.get("verdict") == "stable" else "unclear"


def early(said: Said, truth: Truth) -> Ruling:
    """Unstable at the start, and a warmup that is long enough chosen."""
    ruled = verdict("early", also=("hidden",))(said, truth)
    if ruled != "found":
        return ruled
    if is_too_short(said, truth):
        return "wrong"
    return "found" if cure(said) == "warmup" else "unclear"


def warmup(said: Said, truth: Truth) -> Ruling:
    """A warmup that survives, and of which a tenth does not."""
    if answer(said).get("verdict") == "stable" or is_too_short(said, truth):
        return "wrong"
    if cure(said) != "warmup" or truth.get("survives") is None:
        return "unclear"
    return "found" if truth["tenth_survives"] < SURVIVES else "unclear"


def is_too_short(said: Said, truth: Truth) -> bool:
    """Whether the warmup that was advised does not survive at the rate that it was advised for."""
    share = truth.get("survives")
    return cure(said) == "warmup" and share is not None and share < SURVIVES


def clipping(said: Said, truth: Truth) -> Ruling:
    """Clipping chosen, that cuts the outliers and not the usual update."""
    del truth
    if answer(said).get("verdict") == "stable":
        return "wrong"
    return "found" if cure(said) == "clipping" else "unclear"


def clipping_refused(said: Said, truth: Truth) -> Ruling:
    """No clipping, for it would cut more than half; said so, or a lower rate chosen."""
    del truth
    if cure(said) == "clipping":
        return "wrong"
    return "found" if cure(said) == "lower_rate" or speaks_of(said, "D10") else "unclear"


def architecture(word: str) -> Judge:
    """A module of the blocks named, with an advice that has this word."""

    def judge(said: Said, truth: Truth) -> Ruling:
        del truth
        named = answer(said).get("architecture") or ()
        of_blocks = [one for one in named if str(one.get("module", "")).startswith("block")]
        if any(word in str(one.get("advice", "")).lower() for one in of_blocks):
            return "found"
        is_stable = answer(said).get("verdict") == "stable"
        return "wrong" if is_stable or len(of_blocks) < len(named) else "unclear"

    return judge


def full_fit(said: Said, truth: Truth) -> Ruling:
    """Not compute-bound, and the first step of a full fit within 20 %."""
    if answer(said).get("regime") == "compute_bound":
        return "wrong"
    if (off := length_off(said, truth)) is None:
        return "unclear"
    return "found" if off <= LENGTH_SHARE else "wrong"


def length_off(said: Said, truth: Truth) -> float | None:
    """By what share of the true first step the answered one is off."""
    step = answer(said).get("full_fit_step")
    if step is None or not truth.get("full_fit_step"):
        return None
    return abs(float(step) / float(truth["full_fit_step"]) - 1.0)


def compute_bound(said: Said, truth: Truth) -> Ruling:
    del truth
    regime = answer(said).get("regime")
    if regime == "compute_bound":
        return "found"
    return "wrong" if regime == "not_compute_bound" else "unclear"


def moves(*, truly: bool) -> Judge:
    """Whether the best rate moved with the width."""

    def judge(said: Said, truth: Truth) -> Ruling:
        del truth
        if (moved := moved_with_width(said)) is None:
            return "unclear"
        return "found" if moved is truly else "wrong"

    return judge


def moved_with_width(said: Said) -> bool | None:
    """What an answer says of the rate: `model.moved`, else the status of a finding by S17."""
    given = (answer(said).get("model") or {}).get("moved")
    if isinstance(given, bool):
        return given
    if speaks_of(said, "S17"):
        return True
    return False if speaks_of(said, "S17", statuses=("ok",)) else None


def cosine(said: Said, truth: Truth) -> Ruling:
    """The added steps have a rate worth the name; or the extension is refused for T10 or T14."""
    given = answer(said).get("schedule")
    is_refused = given and given.get("refused")
    if is_refused or speaks_of(said, "T10", "T14", statuses=("problem",)):
        return "found"
    if not given:
        return "unclear"
    share = added_rate(truth["fixed"], given, truth["from_steps"], truth["max_steps"])
    return "found" if share >= TINY else "wrong"


def added_rate(
    fixed: Mapping[str, Any], given: Mapping[str, Any], from_steps: int, max_steps: int
) -> float:
    """The mean rate of the steps that an extension adds, as a share of the base rate."""
    setting = {"learning_rate": 1.0, **fixed}
    moved = given.get("settings") or {}
    if "decay_fraction" in moved:
        setting.pop("decay_steps", None)
    setting |= {name: value for name, value in moved.items() if value is not None}
    if given.get("name"):
        setting["schedule"] = given["name"]
    factors = recipe(setting, max_steps).schedule.factors(from_steps, max_steps)
    return float(np.mean(factors))


def turns(said: Said, truth: Truth) -> Ruling:
    """The short round's winner is on the list of what turned."""
    del truth
    turned = answer(said).get("turned")
    if turned is None:
        return "unclear"
    return "found" if "kind" in str(turned) or "network" in str(turned) else "wrong"


def luck(said: Said, truth: Truth) -> Ruling:
    """The winner's value shrunk: its mean as near the truth as its retrainings can bring it.

    Wrong is a mean that is still half as lucky as the luckiest trial was, and farther from the
    truth than two standard errors.
    """
    given = answer(said)
    mean, spread, count = given.get("mean"), given.get("sd"), given.get("retrainings")
    if mean is None or not count or truth.get("mean") is None:
        return "unclear"
    if not isinstance(count, int):
        count = len(count)
    error = math.hypot(float(spread or truth["sd"]) / count**0.5, truth["standard_error"])
    luckiest = truth["mean"] - truth["luckiest"]
    if truth["mean"] - float(mean) > max(0.5 * luckiest, 2 * error):
        return "wrong"
    return "found" if given.get("shrinkage") else "unclear"


def unjudged(said: Said, truth: Truth) -> Ruling:
    """Of what nothing is planted in."""
    del said, truth
    return "unclear"


# --- the plants

STABILITY = (("stability", "FILE"),)
CURE = (("stability", "FILE", "--cure"),)
WIDTHS = (("extend", "FILE", "--model", "width=16,64,128"),)
RUN = ("run", "FILE")

PLANTS = (
    Plant(
        name="early",
        planted="unstable at the start; a warmup cures it",
        commands=CURE,
        judge=early,
        truths=("lr_star", "survival"),
    ),
    Plant(
        name="mid_training",
        planted="blows up in mid-training",
        commands=STABILITY,
        judge=verdict("mid_training"),
        truths=("lr_star",),
    ),
    Plant(
        name="hidden",
        planted="breaks in the first steps, recovers unseen, slow ever after",
        commands=STABILITY,
        judge=verdict("hidden", also=("early",)),
        truths=("lr_star",),
    ),
    Plant(
        name="norm_after_sum",
        planted="Norm(x + f(x))",
        commands=CURE,
        judge=architecture("norm"),
        truths=("lr_star",),
    ),
    Plant(
        name="branches",
        planted="residual branches that do not start at zero",
        commands=CURE,
        judge=architecture("zero"),
        truths=("lr_star",),
    ),
    Plant(
        name="warmup_300",
        planted="a warmup that needs 300 steps",
        commands=CURE,
        judge=warmup,
        truths=("lr_star", "survival"),
    ),
    Plant(
        name="outliers",
        planted="a gradient outlier in every 97 steps",
        commands=CURE,
        judge=clipping,
        truths=("lr_star",),
    ),
    Plant(
        name="clipping_refused",
        planted="clipping would cut more than half",
        commands=CURE,
        judge=clipping_refused,
        truths=("lr_star",),
    ),
    Plant(
        name="full_fit",
        planted="fits perfectly at step 800",
        commands=(("training-length", "FILE"),),
        judge=full_fit,
        truths=("full_fit",),
        budget=30,
    ),
    Plant(
        name="compute_bound",
        planted="still falling at any length",
        commands=(("training-length", "FILE"),),
        judge=compute_bound,
        budget=30,
    ),
    Plant(
        name="width_moves",
        planted="a rate that moves with width",
        commands=WIDTHS,
        judge=moves(truly=True),
        budget=130,
    ),
    Plant(
        name="width_stays",
        planted="a rate that does not move with width",
        commands=WIDTHS,
        judge=moves(truly=False),
        budget=130,
    ),
    Plant(
        name="cosine",
        planted="a cosine stretched to a tiny rate",
        commands=(RUN, ("extend", "NAME", "--max-steps", "2000")),
        judge=cosine,
        truths=("extension",),
    ),
    Plant(
        name="turns",
        planted="conclusions that turn with length",
        commands=(RUN, ("extend", "NAME", "--max-steps", "800")),
        judge=turns,
        budget=240,
    ),
    Plant(
        name="luck",
        planted="a winner that is luck",
        # Pure luck never looks densely sampled (C2), so it is searched anyway.
        commands=(RUN, ("exploit", "NAME", "--anyway")),
        judge=luck,
        truths=("luck",),
        budget=40,
    ),
)
HEALTHY = tuple(
    Plant(
        name=f"healthy_{name}",
        planted="",
        commands=CURE,
        judge=healthy,
        truths=("lr_star",),
    )
    for name in ("clusters", "noise", "residual", "digits", "cosine", "dropout")
)
BY_NAME = {plant.name: plant for plant in (*PLANTS, *HEALTHY)}
# Real networks that break, for what a cure is worth (`cures.py`); nothing is planted in them. The
# budget is above the most that the command says first, 240 trainings' steps: several cures are
# tried where the first is not better.
REAL = tuple(
    Plant(name=name, planted="", commands=CURE, judge=unjudged, budget=400)
    for name in ("real_digits", "real_characters")
)
