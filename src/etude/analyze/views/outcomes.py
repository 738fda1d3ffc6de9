"""Outcomes: the ended trials of a study, each with its objective oriented: lower is better."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from ...errors import SpaceError
from ...experiment.methods import SEARCHES
from ...playbook.catalogue import Names, known
from ...record import BY_HAND, PREEMPTED, Record, Status, is_code_failure
from ...space import Scalar, Space
from ...study import Prior, Study

# The reason by which a trial counts that trained to its end and learned nothing.
NEVER_LEARNED = "never_learned"


@final
@dataclass(frozen=True)
class Outcome:
    """An ended trial: `loss` is its best value, lower is better, `inf` where none counts.

    Args:
        by_code: It failed by an error of the code or the machine, which says nothing of settings.
    """

    record: Record
    metric: str
    loss: float
    value: float | None
    step: int | None
    by_code: bool = False

    @property
    def trial(self) -> int:
        """The trial's id."""
        return self.record.id

    @property
    def feasible(self) -> bool:
        """Whether it has a value that counts."""
        return self.value is not None

    @property
    def missing(self) -> bool:
        """Whether it says nothing of its setting: it has no value, and that is no divergence.

        It ended well and lacks the metric, or an error of the code or the machine ended it.
        """
        if self.by_code:
            return True
        if self.value is not None or self.record.status == "infeasible":
            return False
        return not len(self.record.series(self.metric))

    @property
    def timed_out(self) -> bool:
        """Whether the time limit ended it before its last step."""
        return self.record.status == "stopped" and self.record.reason == "time_limit"

    @property
    def by_others(self) -> bool:
        """Whether a person or a machine that was taken away ended it before its last step."""
        return self.record.status == "stopped" and self.record.reason in (BY_HAND, PREEMPTED)


def outcomes(study: Study, records: Sequence[Record]) -> list[Outcome]:
    """The ended trials of `study`, by id; other studies and running trials are passed over.

    Source: C1 (the best value over the course of the trial), Q2 (oriented only here).
    """
    ended = [record for record in records if record.study == study.name and record.ended]
    return [_outcome(study, record) for record in sorted(ended, key=lambda record: record.id)]


def prior_outcomes(study: Study) -> list[Outcome]:
    """What earlier rounds tell the search of a study, where it lies in its space.

    Source: C1, X1.
    """
    space = study.space
    return [
        _prior_outcome(study, at, prior)
        for at, prior in enumerate(study.prior)
        if space.dimensions and _lies_in(space, prior.setting)
    ]


def _prior_outcome(study: Study, at: int, prior: Prior) -> Outcome:
    status: Status = "infeasible" if prior.value is None else "completed"
    # An id that no trial of the round has.
    record = Record(
        id=-1 - at, study=study.name, index=at, setting=prior.setting, seed=0, status=status
    )
    loss = math.inf if prior.value is None else study.objective.loss(prior.value)
    return Outcome(record, study.metric, loss, prior.value, None)


def _lies_in(space: Space, setting: Mapping[str, Scalar]) -> bool:
    try:
        return all(0.0 <= unit <= 1.0 for unit in space.unit(setting))
    except (KeyError, SpaceError, TypeError, ValueError):
        return False


def without_learning(
    ended: Sequence[Outcome], trials: Collection[int], *, reason: str = NEVER_LEARNED
) -> list[Outcome]:
    """The outcomes, those of trials that never learned as infeasible, for that reason.

    Source: C3.
    """
    return [
        replace(
            outcome,
            record=replace(outcome.record, status="infeasible", reason=reason),
            loss=math.inf,
            value=None,
            step=None,
        )
        if outcome.feasible and outcome.trial in trials
        else outcome
        for outcome in ended
    ]


def placed(study: Study, ended: Sequence[Outcome], name: str = "") -> list[Outcome]:
    """Those that lie somewhere in the space, or along the axis of this name.

    A trial may end before it has asked for its whole setting.

    Source: C3, R11.
    """
    names = {name} if name else study.space.domains.keys()
    return [outcome for outcome in ended if names <= outcome.record.setting.keys()]


def without_seeds(study: Study) -> Study:
    """The study with its axes that can be judged: a seed is a source of variation, and no axis.

    Source: A1, R1, W7.
    """
    domains = {
        name: domain
        for name, domain in study.space.domains.items()
        if not is_seed(name, study.names)
    }
    if len(domains) == len(study.space.domains):
        return study
    space, known_names = study.space, domains.keys() | study.space.known.keys()
    constraints = [one.text for one in space.expressions if known_names >= set(one.names)]
    return replace(
        study,
        space=Space(domains, tuple(constraints), space.known),
        merged=tuple(name for name in study.merged if name in domains),
    )


def is_seed(name: str, names: Names) -> bool:
    """Whether a hyperparameter is the seed of a training.

    Source: A1, W7.
    """
    entry = known(name, names)
    return entry is not None and entry.name == "seed"


def only_seeds(study: Study, ended: Sequence[Outcome]) -> bool:
    """Whether the trials of a study differ by nothing but their seed.

    That is not known of trials from elsewhere that have no setting at all.

    Source: A2.
    """
    if study.space.dimensions:
        return False
    settings = [sorted(outcome.record.setting.items()) for outcome in ended]
    alike = all(setting == settings[0] for setting in settings)
    return alike and not (SEARCHES[study.search].trained_elsewhere and not any(settings))


def ranked(ended: Sequence[Outcome]) -> list[Outcome]:
    """The feasible trials, best first, equals by id.

    Source: C1.
    """
    feasible = [one for one in ended if one.value is not None]
    return sorted(feasible, key=lambda one: (one.loss, one.record.id))


def _outcome(study: Study, record: Record) -> Outcome:
    # The values an infeasible trial reported before it failed are no result: a curve that dips and
    # then diverges must not win.
    feasible = record.status != "infeasible"
    best = record.best(study.metric, maximize=study.maximize) if feasible else None
    if best is None:
        return Outcome(record, study.metric, math.inf, None, None, is_code_failure(record))
    loss = study.objective.loss(best.value)
    return Outcome(record, study.metric, loss, best.value, best.step)
