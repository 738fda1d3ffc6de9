"""Analysis: every result of a round, computed once, when it is first asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, TypeVar, final

from ..experiment import Experiment
from ..finding import Finding, sharing_subjects
from ..record import Record
from ..study import Study
from .checks.infeasible import infeasible
from .checks.stability import stability
from .checks.unread import Unread, unread
from .registry import CHECKS, Check
from .views.curves import TrialCurves, trial_curves
from .views.outcomes import Outcome, outcomes, placed, ranked, without_seeds
from .views.subgroups import subgroups
from .views.walls import EarlierTrials, differences, has_same_values, searched_ranges

R = TypeVar("R")
# What looks at all studies together.
_OF_ALL = ("studies", "records", "trials")
_BY_RESULT = {check.result: check for check in CHECKS}


@final
class Analysis:
    """The studies of an experiment with their outcomes, curves and the result of every check.

    A result that is asked for twice is computed once: findings, charts, verdict and remedies look
    at the same objects. Nothing is computed that nobody asks for.

    Source: C1-C14, A1, A2, Q10, R2, R5.
    """

    def __init__(
        self,
        experiment: Experiment,
        studies: Sequence[Study],
        records: Sequence[Record],
        *,
        before: Sequence[Analysis] = (),
    ) -> None:
        """Takes the studies with all their records; records of other studies are passed over.

        `before` has the rounds that led to this one, the first of them first.
        """
        self.experiment = experiment
        self.before = tuple(before)
        self.studies = tuple(studies)
        self.records = records
        self._outcomes: dict[str, tuple[Outcome, ...]] = {}
        self._curves: dict[str, tuple[TrialCurves, ...]] = {}
        self._earlier: dict[str, tuple[EarlierTrials, ...]] = {}
        self._results: dict[tuple[str, str], Any] = {}

    def records_of(self, study: Study) -> Sequence[Record]:
        """All records of a study, or of a merged one's share, as they were handed over."""
        return self._records.get(study.name, ())

    def outcomes(self, study: Study) -> tuple[Outcome, ...]:
        """The ended trials of a study, or of a merged one's share, by id."""
        if study.name not in self._outcomes:
            self._outcomes[study.name] = tuple(outcomes(study, self.records_of(study)))
        return self._outcomes[study.name]

    def best_first(self, study: Study) -> list[Outcome]:
        """The feasible trials of a study, best first."""
        return ranked(self.outcomes(study))

    def curves(self, study: Study) -> tuple[TrialCurves, ...]:
        """The curves of a study's ended trials, by id."""
        if study.name not in self._curves:
            self._curves[study.name] = tuple(trial_curves(study, self.outcomes(study)))
        return self._curves[study.name]

    def earlier(self, study: Study) -> tuple[EarlierTrials, ...]:
        """What the rounds before trained with the scientific values of this study, first to last.

        Not what was forked: such a trial had another setting before.
        """
        if study.name not in self._earlier:
            self._earlier[study.name] = tuple(
                trials
                for before in self.before
                for past in before.studies
                if (trials := earlier_trials(before, past, self.experiment, study))
            )
        return self._earlier[study.name]

    def shares(self, study: Study) -> list[Study]:
        """The study itself; of a merged one, a study for each scientific value or slice."""
        return self._shares[study.name]

    @cached_property
    def compared_studies(self) -> list[Study]:
        """The studies that the question compares: a merged one in its shares."""
        return [share for study in self.studies for share in self.shares(study)]

    def never_learned(self, study: Study) -> frozenset[int]:
        """The trials that trained to their end and learned nothing, by what `stability` says."""
        return frozenset(self.result(study, stability).never_learned)

    def result(self, study: Study, check: Callable[..., R]) -> R:
        """The result of a check on a study, by the function that computes it.

        >>> from etude.analyze.checks.infeasible import infeasible
        >>> from etude.study import Study
        >>> def regions(analysis: Analysis, study: Study) -> int:
        ...     return len(analysis.result(study, infeasible).regions)
        """
        return self._result(study, _BY_RESULT[check])  # type: ignore[no-any-return]  # by its key

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings of every check, study by study, in the order of the checklist.

        Edges, infeasible trials, importance and curves are those of a whole merged study; luck is
        that of each value's share of it.
        """
        with uncollected():
            return self._findings()

    def _findings(self) -> list[Finding]:
        subjects: dict[tuple[str, int], Mapping[str, Any]] = {}
        by_study = [
            finding
            for study in self.studies
            for check in CHECKS
            if check.of not in _OF_ALL
            for subject in (self.shares(study) if check.of == "shares" else [study])
            for finding in sharing_subjects(check.findings(self._result(subject, check)), subjects)
        ]
        of_all = [
            finding
            for check in CHECKS
            if check.of in _OF_ALL
            for finding in check.findings(self._whole(check))
        ]
        unread = self.unread
        return [one for one in by_study if not unread.idle(one)] + of_all

    @property
    def unread(self) -> Unread:
        """What no trial ever read."""
        result: Unread = self._whole(_BY_RESULT[unread])
        return result

    def _whole(self, check: Check) -> Any:
        """The result of a check that looks at all studies together."""
        key = ("", check.name)
        if key not in self._results:
            self._results[key] = check.result(*self._of_all(check), **self._round_before(check))
        return self._results[key]

    def _of_all(self, check: Check) -> tuple[Any, ...]:
        if check.of == "studies":
            return (self.studies,)
        if check.of == "trials":
            return self.studies, self.records
        own = {one.name: self.records_of(one) for one in self.compared_studies}
        return own, self._found_by

    def _round_before(self, check: Check) -> dict[str, Any]:
        """The round that led to this one, where a check asks for it."""
        if not check.knows_round_before or not self.before:
            return {}
        last = self.before[-1]
        return {"before": (last.experiment.name, last.studies, last.records)}

    @cached_property
    def _found_by(self) -> list[Record]:
        """The trials of the round before whose settings this one trains again, and no others."""
        if not self.before or any(study.space.dimensions for study in self.studies):
            return []
        settings = [dict(one.setting) for one in self.records]
        found = [one for one in self.before[-1].records if dict(one.setting) in settings]
        known = [dict(one.setting) for one in found]
        return [one for one in found if one.ended] if all(one in known for one in settings) else []

    def _result(self, study: Study, check: Check) -> Any:
        if check.of in _OF_ALL:
            return self._whole(check)
        key = (study.name, check.name)
        if key not in self._results:
            trials = self._trials_of(study, check)
            judged = without_seeds(study) if check.of == "outcomes" else study
            self._results[key] = check.result(judged, trials, **self._others(study, check))
        return self._results[key]

    def _trials_of(self, study: Study, check: Check) -> Sequence[Outcome] | Sequence[TrialCurves]:
        """What a check looks at."""
        if check.of == "curves":
            return self.curves(study)
        ended = self.outcomes(study)
        return placed(study, ended) if check.along_axes else ended

    def _others(self, study: Study, check: Check) -> dict[str, Any]:
        """What a check is given beside its trials."""
        given: dict[str, Any] = {}
        if check.against_rivals:
            bests = self._bests.items()
            given["rivals"] = {name: best for name, best in bests if name != study.name}
        if check.minds_learning:
            given["never_learned"] = self.never_learned(study)
            given["not_finite"] = frozenset(self.result(study, stability).not_finite)
        if check.knows_earlier:
            given["earlier"] = partial(self.earlier, study)
        return given

    @cached_property
    def _bests(self) -> dict[str, float]:
        """The best value of every study that has one, by name."""
        bests = [(study.name, self.best_first(study)[:1]) for study in self.studies]
        return {name: best[0].value for name, best in bests if best and best[0].value is not None}

    @cached_property
    def _groups(self) -> dict[str, list[tuple[Study, list[Record]]]]:
        """The shares of each study with their records, by the study's name."""
        return {study.name: subgroups(study, self._own[study.name]) for study in self.studies}

    @cached_property
    def _shares(self) -> dict[str, list[Study]]:
        return {name: [share for share, _ in pairs] for name, pairs in self._groups.items()}

    @cached_property
    def _records(self) -> dict[str, Sequence[Record]]:
        """The records of each study and of each share, by its name."""
        pairs = [pair for groups in self._groups.values() for pair in groups]
        return {**{share.name: records for share, records in pairs}, **self._own}

    @cached_property
    def _own(self) -> dict[str, list[Record]]:
        """The records of each study, by its name."""
        own: dict[str, list[Record]] = {study.name: [] for study in self.studies}
        for record in self.records:
            if record.study in own:
                own[record.study].append(record)
        return own


def earlier_trials(
    before: Analysis, past: Study, experiment: Experiment, study: Study
) -> EarlierTrials | None:
    """What a study of an earlier round tells of where a study of this one breaks, if anything.

    Source: C3, R12.
    """
    broken = set(before.result(past, infeasible).trials)
    placed_there = [
        outcome
        for outcome in before.outcomes(past)
        if not outcome.missing
        and outcome.record.parent is None
        and has_same_values(study, outcome.record.setting)
    ]
    if not placed_there:
        return None
    return EarlierTrials(
        round=before.experiment.name,
        trained=tuple(one.record.setting for one in placed_there if one.trial not in broken),
        broken=tuple(one.record.setting for one in placed_there if one.trial in broken),
        changed=differences((before.experiment, past), (experiment, study)),
        ranges=searched_ranges(past),
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage while many objects are made that all live on: a sixth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
