"""The metrics that checks ask for by name, and the usual names that they go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from ..text.signs import storable, text_of
from .catalogue import NO_NAMES, Names
from .words import runs, word_lists, words

TRAIN_LOSS: Final = "train/loss"
VALID_LOSS: Final = "valid/loss"
TEST_LOSS: Final = "test/loss"
GRADIENT_NORM: Final = "grad_norm"
EPOCH: Final = "epoch"
# The fewest examples behind a batch norm statistic, which a loop logs once (B1, B2).
BATCH_NORM_EXAMPLES: Final = "batch_norm/examples"
# What is known of the evaluation data, logged once a trial: no metric of training, and not drawn.
DATA: Final = "data/"
# How many examples of a rare class are right, and how many there are.
RIGHT_OF: Final = "valid/right_of_"
EXAMPLES_OF: Final = f"{DATA}examples_of_"
RARE_CLASSES: Final = f"{DATA}rare_classes"
# How many classes there are, where the labels of training are whole numbers of few kinds.
CLASSES: Final = f"{DATA}classes"
# How many examples there are to validate and to train on; how many of the former are copies of the
# latter, and how many of the latter have a copy among themselves; how far labels and inputs of the
# two differ, and how often fair ones would by chance.
EXAMPLES: Final = f"{DATA}examples"
TRAINING_EXAMPLES: Final = f"{DATA}training_examples"
COPIES: Final = f"{DATA}copies"
TRAINING_COPIES: Final = f"{DATA}training_copies"
DISTANCE_OF: Final = f"{DATA}distance_of_"
CHANCE_OF: Final = f"{DATA}chance_of_"
METRICS: Final = (TRAIN_LOSS, VALID_LOSS, TEST_LOSS, GRADIENT_NORM, EPOCH)

# The longest name of a metric: a path of modules has about a hundred characters.
MAX_NAME: Final = 1000
_PARTS: Final = ("train", "valid", "test")
_CROSS_ENTROPY: Final = frozenset({"cross", "entropy"})
# Of the gradient, whole.
_GRADIENT: Final = (
    frozenset({"grad", "norm"}),
    frozenset({"gradient", "norm"}),
    frozenset({"gnorm"}),
)

_RATE: Final = (frozenset({"lr"}), frozenset({"learning", "rate"}))


@lru_cache(maxsize=4096)
def more_is_better(name: str) -> bool:
    """Whether a metric's name says that more of it is better.

    Source: Q2.

    >>> more_is_better("valid/f1_macro"), more_is_better("trainIoU"), more_is_better("valid/loss")
    (True, True, False)
    """
    lists = word_lists("metric")
    said = {run for segment in words(name) for run, *_ in runs(segment)}
    return bool(said & lists["more_is_better"]) and not said & {*lists["loss"], "error"}


def same_metric(one: str, other: str) -> bool:
    """Whether two names say the same metric, of whatever data.

    Source: Q2.

    >>> same_metric("train_score", "valid/score"), same_metric("train/loss", "valid/score")
    (True, False)
    """
    lists = word_lists("metric")
    data = lists["train"] | lists["valid"] | lists["test"]
    first, second = (
        [word for segment in words(name) for word in segment if word not in data]
        for name in (one, other)
    )
    return first == second


@lru_cache(maxsize=4096)
def known_metric(name: str) -> str:
    """The metric that a name is taken for by its words; empty where it is none that checks ask for.

    Source: C6, C11, D5, E6.

    >>> known_metric("val_loss"), known_metric("trainLoss"), known_metric("eval/loss")
    ('valid/loss', 'train/loss', 'valid/loss')
    >>> known_metric("val_acc"), known_metric("best_val_loss"), known_metric("val/box_loss")
    ('', '', '')
    """
    if name in METRICS:
        return name
    lists = word_lists("metric")
    said = frozenset(word for segment in words(name) for word in segment)
    if "epoch" in said and not said - {"epoch"} - lists["idle"] - lists["train"]:
        return EPOCH
    for gradient in _GRADIENT:
        if gradient <= said and not said - gradient - lists["whole_gradient"]:
            return GRADIENT_NORM
    parts = [part for part in _PARTS if said & lists[part]]
    others = _beside_loss(said)
    if len(parts) != 1 or others is None:
        return ""
    return "" if others - lists[parts[0]] else f"{parts[0]}/loss"


def _beside_loss(said: frozenset[str]) -> frozenset[str] | None:
    """The words of a name beside those of a loss and idle ones; None where it names no loss."""
    lists = word_lists("metric")
    named = said & lists["loss"] | (_CROSS_ENTROPY if said >= _CROSS_ENTROPY else frozenset())
    return said - named - lists["idle"] if named else None


@lru_cache(maxsize=4096)
def is_loss(name: str) -> bool:
    """Whether values of this name are a loss, by which a trial may turn out to have diverged.

    Its name ends in `loss`, or has no words but those of a loss and of what it was measured on.

    Source: C3, D1.

    >>> [is_loss(name) for name in ("Train Loss", "box_loss", "loss/train", "train_nll", "ce")]
    [True, True, True, True, True]
    >>> [is_loss(name) for name in ("loss_scale", "val_loss_weight", "entropy", "valid/error")]
    [False, False, False, False]
    """
    if name.casefold().endswith("loss"):
        return True
    others = _beside_loss(frozenset(word for segment in words(name) for word in segment))
    lists = word_lists("metric")
    return others is not None and not others - lists["train"] - lists["valid"] - lists["test"]


def known_metrics(
    names: Iterable[str], own: Names = NO_NAMES, *, metric: str = ""
) -> Mapping[str, str]:
    """The metrics that are taken for known ones under names of their own, each known one once.

    A bare `loss` beside a validation loss is the training's, as Keras logs it, unless trials are
    judged by it. Where several names may be meant, that of the `metric` counts, then the shortest.

    Args:
        names: Those of all metrics that were logged.
        own: What a person says of names, as [names] in the experiment file has it.
        metric: What judges the trials.

    Source: C6, C11, D5, E6, Q2.

    >>> dict(known_metrics(["loss", "val_loss", "acc"]))
    {'loss': 'train/loss', 'val_loss': 'valid/loss'}
    """
    logged = sorted(
        {*names, metric} - {""},
        # A loss called so comes before one by another name of it.
        key=lambda name: (name != metric, "loss" not in name.casefold(), len(name), name),
    )
    said = {name: own[name] for name in logged if own.get(name) in ("", *METRICS)}
    taken = {known: name for name, known in said.items() if known}
    for name in logged:
        known = "" if name in said else known_metric(name)
        if known and known not in taken and (known == name or known not in logged):
            taken[known] = name
    is_bare = "loss" in logged and "loss" not in {metric, *said}
    if is_bare and VALID_LOSS in taken and TRAIN_LOSS not in taken:
        taken[TRAIN_LOSS] = "loss"
    return {name: known for known, name in sorted(taken.items()) if name != known}


@lru_cache(maxsize=4096)
def _says_test(name: str) -> bool:
    lists = word_lists("metric")
    said = frozenset(word for segment in words(name) for word in segment)
    return bool(said & lists["test"]) and not said & (lists["train"] | lists["valid"])


def is_training_value(name: str) -> bool:
    """Whether a value is of the training and of no evaluation, as its name tells.

    Source: Q2.

    >>> [is_training_value(name) for name in ("train/loss", "grad_norm", "lr", "epoch", "trainAcc")]
    [True, True, True, True, True]
    >>> [is_training_value(name) for name in ("loss", "valid/loss", "accuracy", "train_valid_gap")]
    [False, False, False, False]
    """
    said = frozenset(word for segment in words(name) for word in segment)
    lists = word_lists("metric")
    if said & (lists["valid"] | lists["test"]):
        return False
    of_loop = known_metric(name) in (TRAIN_LOSS, GRADIENT_NORM, EPOCH) or said in _RATE
    return of_loop or bool(said & lists["train"]) or name.startswith(DATA)


def is_test_metric(name: str, own: Names = NO_NAMES) -> bool:
    """Whether a metric was measured on test data, as its name says, or a person in [names].

    Source: X3.

    >>> is_test_metric("test/error"), is_test_metric("testAcc"), is_test_metric("latest_loss")
    (True, True, False)
    >>> is_test_metric("test_loss", {"test_loss": "valid/loss"})
    False
    """
    if said := own.get(name, ""):
        return said == TEST_LOSS
    return name.startswith("test/") or _says_test(name)


def name_mistake(name: object) -> str:
    """Why a metric cannot be called so, and what to pass instead; empty where it can."""
    if not isinstance(name, str):
        return (
            f"Names of metrics are text, got {text_of(name, repr)[:60]} ({type(name).__name__}). "
            'Pass for example {"valid/loss": 0.1}.'
        )
    if len(name) > MAX_NAME:
        return (
            f"Names of metrics have at most {MAX_NAME:,} characters, got {len(name):,}, which "
            f"begin with `{storable(name[:40])}`. Give it a short name."
        )
    return ""


def misreport_message(metric: str, seen: list[str], step: int) -> str:
    """What a loop is told whose first report lacks the experiment's metric."""
    # What was measured on other data is another metric, however alike their names are.
    part = metric.partition("/")[0]
    alike = [name for name in seen if name.partition("/")[0] not in {*_PARTS} - {part}]
    near = get_close_matches(metric, alike, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    reported = ", ".join(f"`{name}`" for name in seen) or "nothing"
    logged = " What comes without it is for `trial.log`." if seen and not near else ""
    return (
        f"The experiment's metric is `{metric}`, but the first report (step {step}) has "
        f"{reported}. {hint}Report `{metric}`, or change `metric` in [experiment].{logged}"
    )
