"""Trials that an error of the code or the machine ended: told apart from what settings break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from ...playbook.error_kinds import counted_sites, errors_text, sites_text
from ...record import Tied, tied
from ...space import value_text
from ...study import Study
from ...wording import conjunction, join, plural, study_text
from ..thresholds import InfeasibleThresholds
from ..views.outcomes import Outcome


@final
@dataclass(frozen=True, kw_only=True)
class CodeFailures:
    """What an error of the code or the machine ended, of so many trials that ended.

    Args:
        sites: How many failed at which place, most frequent first: `KeyError at train.py:12`.
        tied: The values of lists at which the code fails, and fails so nowhere else.
        decides: Whether they are so many that the rest is no study of the settings.
        is_whole: Whether nothing else became of a compared study, as of a value misspelt.
    """

    trials: tuple[int, ...] = ()
    ended: int = 0
    sites: Mapping[str, int] = field(default_factory=dict)
    tied: tuple[Tied, ...] = ()
    decides: bool = False
    is_whole: bool = False

    def headline(self, study: str) -> str:
        """How many failed so, of a study."""
        if self._is_tied:
            return _all_tied(self.tied)
        count = f"{len(self.trials)} of {plural(self.ended, 'trial')} of {study_text(study)}"
        verb = "fails" if len(self.trials) == 1 else "fail"
        if len(self.sites) == 1:
            return f"{count} {verb} by {next(iter(self.sites))}"
        kinds = Counter[str]()
        for site, failed in self.sites.items():
            kinds[site.partition(" at ")[0]] += failed
        return f"{count} {verb}: {join([f'{n} {kind}' for kind, n in kinds.items()], most=2)}"

    def sentence(self) -> str:
        """The same with the place of the error, as a sentence."""
        if self._is_tied:
            return f"{_all_tied(self.tied)}, and no other trial does."
        verb = "ends" if len(self.trials) == 1 else "end"
        count = f"{len(self.trials)} of {plural(self.ended, 'trial')}"
        return (
            f"{count} {verb} by {errors_text(self.sites)} nothing of their settings: "
            f"{sites_text(self.sites)}."
        )

    def clause(self) -> str:
        """The same beside what else broke; empty where none failed so."""
        if not self.trials:
            return ""
        if self._is_tied:
            return _all_tied(self.tied)
        verb = "ends" if len(self.trials) == 1 else "end"
        count = f"{len(self.trials)} more {verb}"
        return f"{count} by {errors_text(self.sites).partition(',')[0]} ({sites_text(self.sites)})"

    def advice(self) -> str:
        """What is to be done."""
        if self._is_tied:
            places = conjunction([_place(value) for value in self.tied])
            them = "that value" if len(self.tied) == 1 else "them"
            return f"Mend the code at {places} and type {_AGAIN}; without {them}, {_ANEW}."
        if self.is_whole:
            return f"Mend the code or the machine and type {_AGAIN}; without that value, {_ANEW}."
        them = "that trial" if len(self.trials) == 1 else "them"
        return f"Mend the code or the machine, then train {them} again with {_AGAIN}."

    @property
    def _is_tied(self) -> bool:
        """Whether every failure is one of a value's."""
        return bool(self.tied) and len(self.trials) == sum(len(one.trials) for one in self.tied)


# Results of two files do not mix under one name.
_AGAIN = "`etude run FILE --retry-errors`"
_ANEW = "a new `name` trains all anew"
NO_CODE_FAILURES = CodeFailures()


def code_failures(
    study: Study, ended: Sequence[Outcome], thresholds: InfeasibleThresholds
) -> CodeFailures:
    """The trials of a study that an error of the code or the machine ended.

    Source: C3.
    """
    failed = [outcome for outcome in ended if outcome.by_code]
    if not failed:
        return NO_CODE_FAILURES
    is_enough = len(ended) >= thresholds.min_ended
    allowed = thresholds.max_fraction if is_enough else thresholds.max_code_fraction
    return CodeFailures(
        trials=tuple(outcome.trial for outcome in failed),
        ended=len(ended),
        sites=counted_sites(outcome.record.detail for outcome in failed),
        tied=tuple(tied(study.space, [outcome.record for outcome in ended])),
        decides=len(failed) > allowed * len(ended),
        is_whole=bool(study.scientific) and len(failed) == len(ended),
    )


def _place(one: Tied) -> str:
    return f"`{one.hyperparameter}` = {value_text(one.value)}"


def _all_tied(tied_values: Sequence[Tied]) -> str:
    words = conjunction([_tied_words(value) for value in tied_values[:2]])
    return words.replace(" and All ", " and all ")


def _tied_words(one: Tied) -> str:
    return f"All {plural(len(one.trials), 'trial')} with {_place(one)} fail with {one.kind}"
