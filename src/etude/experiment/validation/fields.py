"""What one key of an experiment may hold: a sentence about what is wrong, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from ...errors import Mistake
from ...playbook.problems import problems
from ...space import is_number, plain
from ...wording import did_you_mean
from ..hyperparameter import key_path
from ..methods import Check, whole

StudyDesign: TypeAlias = Literal["split", "merged"]

STUDY_DESIGNS: tuple[StudyDesign, ...] = ("split", "merged")
# The rules that speak of a design, before a step is trained; a test holds them to `design`.
DESIGN_RULES = (
    *(
        "K1",
        "L2",
        "Q11",
        "Q9",
        "R10",
        "R12",
        "R13",
        "R15",
        "R16",
        "R3",
        "R4",
        "R6",
        "R7",
        "R8",
        "R9",
        "S10",
        "S17",
        "S3",
        "S8",
        "T4",
        "T8",
        "W4",
        "W7",
        "X3",
    ),
)
# Heuristic: above what anybody trains, below what no longer fits into memory.
MAX_TRIALS, MAX_EVALUATIONS, MAX_STEPS = 1_000_000, 1_000_000, 10**12
# Heuristic: a file's name has 255 bytes, and a lock's has the store's name and ours in it.
MAX_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TRAIN = re.compile(r".+\.py:[A-Za-z_][A-Za-z0-9_]*")


def mistake_at(keys: Iterable[object], message: str) -> Mistake:
    """A mistake at a key of a file, given by the steps to it."""
    return Mistake(where=key_path([str(key) for key in keys]), message=message)


def field_mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """One mistake for each key of [experiment] that holds what it may not."""
    return [
        Mistake(where=f"experiment.{key}", message=message)
        for key, check in FIELD_CHECKS.items()
        if key in given
        and not (key == "trials" and given.get("configurations"))
        and (message := check(given[key]))
    ]


def _whole(low: int, example: int, high: float = 2**63 - 1) -> Check:
    """A check of whole numbers from `low` to `high`, by default what a store can hold."""
    too_small = whole(low, example)

    def check(given: object) -> str:
        value = plain(given)
        if message := too_small(value):
            return message
        way_out = f"Write for example {example}."
        return "" if value <= high else f"takes {high:,} at most, found {value:,}. {way_out}"

    return check


def _text(value: object) -> str:
    return "" if isinstance(value, str) else f"needs text, found {value!r}. Put it in quotes."


def _flag(value: object) -> str:
    if isinstance(value, bool):
        return ""
    return f"needs true or false, found {value!r}. Write true or false, without quotes."


def _name(value: object) -> str:
    if isinstance(value, str) and len(value) > MAX_NAME:
        return (
            f"names a folder too, so it has {MAX_NAME} characters at most, found {len(value):,}. "
            "Write a shorter one."
        )
    if isinstance(value, str) and _NAME.fullmatch(value):
        return ""
    return (
        f"names a folder too, so it takes letters, digits, `.`, `_` and `-`, found {value!r}. "
        'Write for example "optimizer-2".'
    )


def _metric(value: object) -> str:
    if isinstance(value, str) and value:
        return ""
    return f'needs the name of a reported metric, found {value!r}. Write for example "valid/error".'


def _train(value: object) -> str:
    if value is None or (isinstance(value, str) and _TRAIN.fullmatch(value)):
        return ""
    return f'needs "file.py:function", found {value!r}. Write for example "train.py:train".'


def _studies(value: object) -> str:
    if value in STUDY_DESIGNS:
        return ""
    way_out = did_you_mean(str(value), list(STUDY_DESIGNS))
    return f"needs the way that studies are made (R13, R14), found {value!r}. {way_out}"


def _examples(value: object) -> str:
    return "" if value is None else _whole(1, 10_000)(value)


def _chance(value: object) -> str:
    if value is None or is_number(value):
        return ""
    return (
        f"needs the value of the metric that chance reaches (S11), found {value!r}. Write for "
        "example 0.9, the error of a guess among ten classes; leave it out where it is not known."
    )


def _seconds(value: object) -> str:
    if value is None or (is_number(value) and value > 0):
        return ""
    return f"needs seconds above 0, found {value!r}. Leave it out for no limit."


def _threshold(value: object) -> str:
    if value is False or (is_number(value) and value > 0):
        return ""
    return (
        f"needs a number above 0 (times the first loss) or false, found {value!r}. "
        "Write for example 100, or false to switch the rule off."
    )


def _parent(value: object) -> str:
    return "" if value is None else _name(value)


def _kind(value: object) -> str:
    if value is None or (isinstance(value, str) and value in problems()):
        return ""
    way_out = did_you_mean(str(value), list(problems()))
    return (
        f"needs a kind of problem whose usual hyperparameters are known, found {value!r}. {way_out}"
    )


def _baseline(value: object) -> str:
    return "" if value is None else _text(value)


def _acknowledge(value: object) -> str:
    if not isinstance(value, list | tuple):
        return f'needs a list of rule ids, found {value!r}. Write for example ["S3"].'
    unknown = [rule for rule in value if rule not in DESIGN_RULES]
    if not unknown:
        return ""
    near = did_you_mean(str(unknown[0]).upper(), DESIGN_RULES)
    return f"names rules that speak of a design, found {unknown[0]!r}. {near}"


def _observed(value: object) -> str:
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return ""
    return f'needs a list of names, found {value!r}. Write for example ["learning_rate"].'


FIELD_CHECKS: Mapping[str, Check] = {
    "name": _name,
    "question": _text,
    "notes": _text,
    "kind": _kind,
    "metric": _metric,
    "maximize": _flag,
    "max_steps": _whole(1, 2000, MAX_STEPS),
    "trials": _whole(1, 20, MAX_TRIALS),
    "evaluations": _whole(1, 50, MAX_EVALUATIONS),
    "train": _train,
    "studies": _studies,
    "seed": _whole(0, 0),
    "validation_examples": _examples,
    "chance": _chance,
    "max_trial_s": _seconds,
    "diverged_above": _threshold,
    "keep_checkpoints": _whole(1, 1),
    "evaluate_training": _whole(0, 4096),
    "parent": _parent,
    "baseline": _baseline,
    "acknowledge": _acknowledge,
    "observed": _observed,
}
