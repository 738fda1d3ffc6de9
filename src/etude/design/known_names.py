"""What names are taken for, where they are not the playbook's own: said once, before results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..experiment import Experiment
from ..playbook.catalogue import known
from ..playbook.metrics import known_metrics
from ..wording import join
from .catalogued import hyperparameters

WAY_OUT = "Change it in `[names]`."
# Heuristic: who reads more of them in one line reads none.
MOST = 6


def taken_for(experiment: Experiment, metrics: Iterable[str] = ()) -> dict[str, str]:
    """The known name that each of these goes by, where nobody said so: hyperparameters first.

    Args:
        experiment: Its hyperparameters are looked at, and its metric.
        metrics: Others that its trials log.

    Source: S2, C6, D5.
    """
    own = experiment.names
    values = {one.name: one.value for one in hyperparameters(experiment)}
    named = sorted(values.keys() - own.keys())
    entries = {
        name: entry.name for name in named if (entry := known(name)) and entry.can_be(values[name])
    }
    logged = known_metrics(metrics, own, metric=experiment.metric)
    taken = {**entries, **{name: one for name, one in logged.items() if name not in own}}
    return {name: one for name, one in taken.items() if name != one}


def taken_line(taken: Mapping[str, str], way_out: str = WAY_OUT) -> str:
    """What names are taken for, in a sentence, and how to change it; empty where nothing is.

    Source: S2, C6, D5.

    >>> taken_line({"lr_D": "learning_rate", "lr_G": "learning_rate", "wd": "weight_decay"}, "")
    '`lr_D`, `lr_G` are taken as `learning_rate`; `wd` as `weight_decay`.'
    """
    names: dict[str, list[str]] = {}
    for name, one in taken.items():
        names.setdefault(one, []).append(f"`{name}`")
    if not names:
        return ""
    verb = "is" if len(next(iter(names.values()))) == 1 else "are"
    parts = [f"{join(listed)} as `{one}`" for one, listed in names.items()]
    parts[0] = parts[0].replace(" as `", f" {verb} taken as `")
    more = f"; {len(parts) - MOST} more" if len(parts) > MOST else ""
    return f"{'; '.join(parts[:MOST])}{more}. {way_out}".rstrip()
