"""The metrics that checks ask for by name, and the usual names that they go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from .catalogue import NO_NAMES, Names
from .words import word_lists, words

TRAIN_LOSS: Final = "train/loss"
VALID_LOSS: Final = "valid/loss"
TEST_LOSS: Final = "test/loss"
GRADIENT_NORM: Final = "grad_norm"
EPOCH: Final = "epoch"
METRICS: Final = (TRAIN_LOSS, VALID_LOSS, TEST_LOSS, GRADIENT_NORM, EPOCH)

_PARTS: Final = ("train", "valid", "test")
# Of the gradient, whole.
_GRADIENT: Final = (
    frozenset({"grad", "norm"}),
    frozenset({"gradient", "norm"}),
    frozenset({"gnorm"}),
)


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
    if len(parts) != 1 or "loss" not in said:
        return ""
    others = said - {"loss"} - lists["idle"] - lists[parts[0]]
    return "" if others else f"{parts[0]}/loss"


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
    logged = sorted({*names, metric} - {""}, key=lambda name: (name != metric, len(name), name))
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
