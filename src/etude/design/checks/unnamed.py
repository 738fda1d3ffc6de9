"""Hyperparameters that there are and that the file does not name: fixed, and nobody says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from ...code import CodeFile
from ...experiment import Experiment
from ...experiment.methods import SEARCHES
from ...finding import Finding
from ...playbook.catalogue import known, known_switch
from ...playbook.problems import of_optimizer, problem
from ...space import value_text
from ...study import Study
from ...wording import conjunction
from ..catalogued import optimizer_of
from ..optimizer_calls import OptimizerCall, optimizer_calls

# Either says the same thing: who names one has named the other.
_ALIKE = ({"warmup_steps", "warmup_fraction"}, {"hidden_size", "width"})
# So many names stand in a headline.
MOST_NAMED = 3
# Both of these say that an optimizer without a name is one of Adam's.
_BETAS = {"beta1", "beta2"}


def findings(
    experiment: Experiment, studies: Sequence[Study], code: Sequence[CodeFile] = ()
) -> list[Finding]:
    """What the optimizer has, and such problems usually have, and the file does not name.

    The optimizer is the one that the file names, else the one that the training code calls, else
    Adam where a beta is named. Where none of them tells it, nothing is asked; nor of an import,
    whose file is what another tool wrote down.

    Args:
        experiment: The question.
        studies: Its studies.
        code: The files of the training, as far as they are known.

    Source: R6, R5, S2.
    """
    if SEARCHES[experiment.search].trained_elsewhere:
        return []
    calls = optimizer_calls(code)
    lacks = [(study, _lack(study, calls)) for study in studies]
    spoken = [*_of_optimizers([(study, lack) for study, lack in lacks if lack], len(studies))]
    asked = {name for _, lack in lacks if lack for name in lack.names}
    return [*spoken, *_of_kind(experiment, studies, asked)]


@final
@dataclass(frozen=True, kw_only=True)
class _Lack:
    """What a study does not name of its optimizer, and the call that shows it, if one does."""

    optimizer: str
    names: tuple[str, ...]
    call: OptimizerCall | None

    @property
    def values(self) -> Mapping[str, float]:
        """What the code takes for those that it is not handed."""
        taken = self.call.values if self.call else {}
        return {name: taken[name] for name in self.names if name in taken}


def _lack(study: Study, calls: Sequence[OptimizerCall]) -> _Lack | None:
    named = _named(study)
    optimizer = optimizer_of(study)
    if not optimizer and _is_named_otherwise(study):
        return None  # an optimizer that nobody here knows
    call = _call_of(optimizer, calls)
    if call is not None:
        taken = {*call.values, *call.texts}
        usual = of_optimizer(optimizer or call.optimizer)
        having = (*filter(taken.__contains__, usual), *sorted(taken - {*usual}))
        own = {*study.space.domains, *study.fixed, *study.scientific}
        named |= {entry for entry, texts in call.texts.items() if texts & own}
        optimizer = optimizer or call.optimizer
    else:
        optimizer = optimizer or ("adam" if named & _BETAS else "")
        having = of_optimizer(optimizer)
    names = tuple(name for name in having if name not in named)
    return _Lack(optimizer=optimizer, names=names, call=call) if names else None


def _call_of(optimizer: str, calls: Sequence[OptimizerCall]) -> OptimizerCall | None:
    """The call that makes this optimizer, or any where it has no name; None where they differ."""
    fitting = [call for call in calls if not optimizer or _family(call) == _plain(optimizer)]
    is_alike = len({(call.name, tuple(call.values.items())) for call in fitting}) == 1
    return fitting[0] if is_alike else None


def _family(call: OptimizerCall) -> str:
    return _plain(call.optimizer)


def _plain(optimizer: str) -> str:
    """Its name, but one for all kinds of SGD: a library has a single call for them."""
    return "sgd" if optimizer in ("momentum", "nesterov") else optimizer


def _is_named_otherwise(study: Study) -> bool:
    given = {**study.fixed, **study.scientific, **study.space.domains}
    return any(
        (entry := known(name, study.names)) is not None and entry.name == "optimizer"
        for name in given
    )


def _named(study: Study) -> set[str]:
    """The entries that a study names, whatever their role, and those that a switch stands for."""
    listed = {name for row in study.listed for name in row}
    names = {*study.space.domains, *study.fixed, *study.scientific, *listed}
    entries = [known(name, study.names) or known_switch(name, study.names) for name in names]
    named = {entry.name for entry in entries if entry}
    return named | {name for alike in _ALIKE if alike & named for name in alike}


def _of_optimizers(lacks: Sequence[tuple[Study, _Lack]], studies: int) -> Iterator[Finding]:
    """One finding for all studies that lack the same of the same optimizer."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Study, _Lack]]] = {}
    for study, lack in lacks:
        groups.setdefault((lack.optimizer, lack.names), []).append((study, lack))
    for (optimizer, names), members in groups.items():
        first, lack = members[0]
        listed = conjunction([f"`{name}`" for name in names])
        yield Finding(
            rule="R6",
            check="unnamed",
            status="notice",
            subject={"study": first.name} if len(members) == 1 < studies else {},
            headline=f"{_short(names)} of `{optimizer}` {_are(names)} not named",
            message=(
                f"Of `{optimizer}` the file does not name {listed}. What nobody names is fixed at "
                f"{_where(lack)}, and no conclusion says so."
            ),
            evidence={"optimizer": optimizer, "unnamed": list(names), **_shown(lack)},
            advice=_advice(lack),
        )


def _short(names: Sequence[str]) -> str:
    """Up to three names, else how many: a headline is a line."""
    if len(names) > MOST_NAMED:
        return f"{len(names)} hyperparameters"
    return conjunction([f"`{name}`" for name in names])


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _where(lack: _Lack) -> str:
    call = lack.call
    return f"what line {call.line} of `{call.file}` takes" if call else "a value of the code"


def _shown(lack: _Lack) -> dict[str, Any]:
    """What the code shows, as evidence."""
    if lack.call is None:
        return {}
    place = f"{lack.call.file}:{lack.call.line}"
    return {"call": lack.call.name, "place": place, "values": dict(lack.values)}


def _advice(lack: _Lack) -> str:
    values = [f"`{name} = {value_text(value)}`" for name, value in lack.values.items()]
    if not values:
        them = _them(lack.names)
        return f"Name {them} in [fixed] (S2) and have the code read {them}, or tune {them}."
    return f"Write {conjunction(values)} in [fixed] (S2), and have the code read {_them(values)}."


def _of_kind(
    experiment: Experiment, studies: Sequence[Study], asked: set[str]
) -> Iterator[Finding]:
    """What published trainings of this kind of problem set, and no study names."""
    if experiment.kind is None:
        return
    named = set().union(*(_named(study) for study in studies))
    usual = problem(experiment.kind)
    names = [one for one in usual.hyperparameters if one not in named | asked]
    if names:
        listed = conjunction([f"`{name}`" for name in names])
        yield Finding(
            rule="R6",
            check="unnamed",
            status="notice",
            subject={},
            headline=f"{_short(names)}, usual for `{experiment.kind}`, {_are(names)} not named",
            message=(
                f"Published trainings of the kind `{experiment.kind}` usually set {listed}, which "
                "the file does not name. What nobody names is fixed, and no conclusion says so."
            ),
            evidence={"kind": experiment.kind, "unnamed": names, "source": usual.source},
            advice="Name in [fixed] what your training has of these, or tune what matters.",
        )
