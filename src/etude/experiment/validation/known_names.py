"""What [names] may say: which known hyperparameter or metric a name of a person's own is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...errors import Mistake
from ...playbook.catalogue import entry_names, known_alias
from ...playbook.metrics import METRICS, known_metric
from ...wording import did_you_mean
from ..hyperparameter import Hyperparameter
from .fields import mistake_at


def name_mistakes(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> list[Mistake]:
    """One mistake for each name that is not there, or is taken for what nobody knows.

    An import with --rename writes the name that its source has: then the known one is there.
    """
    names = given.get("names", {})
    if not isinstance(names, Mapping):
        way_out = 'Write `lr = "learning_rate"` below [names].'
        return [mistake_at(("names",), f"needs a table, found {names!r}. {way_out}")]
    own = sorted({one.name for one in hyperparameters})
    return [
        *(
            mistake_at(("names", name), message)
            for name, known in names.items()
            if (message := _message(name, known, own))
        ),
        *_metrics_twice(names),
    ]


def _message(name: object, known: object, own: Sequence[str]) -> str:
    if not isinstance(name, str) or not isinstance(known, str):
        example = 'Write for example lr = "learning_rate".'
        return f"takes a name for a known one, both texts, found {known!r}. {example}"
    if known in METRICS or (not known and name not in own):
        return ""  # which metrics there are shows only when they are logged
    if known and known not in entry_names():
        entry = known_alias(known)
        meant = entry.name if entry else known_metric(known)
        near = (
            f"Write `{meant}`."
            if meant
            else did_you_mean(known, sorted((*entry_names(), *METRICS)))
        )
        return f"takes a name for one that the playbook knows, found `{known}`. {near}"
    if name not in own and known not in own:
        return f"names a hyperparameter that is not there. {did_you_mean(name, own)}"
    return ""


def _metrics_twice(names: Mapping[Any, Any]) -> Iterator[Mistake]:
    """A mistake for the second name of a metric: a trial has one training loss."""
    first: dict[str, str] = {}
    for name, known in names.items():
        if known not in METRICS:
            continue
        if known in first:
            message = f"`{known}` is `{first[known]}` already. Keep one of the two."
            yield mistake_at(("names", name), message)
        first.setdefault(known, name)
