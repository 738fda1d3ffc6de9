"""Trials that an error of the code or the machine ended: told apart from what settings break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from ...playbook.error_kinds import error_site
from ...record import Tied, tied
from ...space import value_text
from ...study import Study
from ...wording import plural, study_text
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
    """

    trials: tuple[int, ...] = ()
    ended: int = 0
    sites: Mapping[str, int] = field(default_factory=dict)
    tied: tuple[Tied, ...] = ()
    decides: bool = False

    def headline(self, study: str) -> str:
        """How many failed so, of a study."""
        if self.tied and len(self.trials) == sum(len(one.trials) for one in self.tied):
            return _tied_words(self.tied[0])
        count = f"{len(self.trials)} of {plural(self.ended, 'trial')} of {study_text(study)}"
        return f"{count} fail by the code or the machine"

    def sentence(self) -> str:
        """The same with the place of the error, as a sentence."""
        if self.tied:
            return f"{_tied_words(self.tied[0])}, and no other trial does."
        verb = "ends" if len(self.trials) == 1 else "end"
        count = f"{len(self.trials)} of {plural(self.ended, 'trial')}"
        return (
            f"{count} {verb} by an error of the code or the machine ({self._most()}), which says "
            "nothing of their settings."
        )

    def clause(self) -> str:
        """The same beside what else broke; empty where none failed so."""
        if not self.trials:
            return ""
        if self.tied:
            return _tied_words(self.tied[0])
        verb = "ends" if len(self.trials) == 1 else "end"
        count = f"{len(self.trials)} more {verb}"
        return f"{count} by an error of the code or the machine ({self._most()})"

    def advice(self) -> str:
        """What is to be done."""
        what = f"the code at {_place(self.tied[0])}" if self.tied else "the code or the machine"
        them = "that trial" if len(self.trials) == 1 else "them"
        return f"Mend {what}, then train {them} again with `etude run FILE --retry-errors`."

    def _most(self) -> str:
        site, count = next(iter(self.sites.items()))
        return site if count == len(self.trials) else f"mostly {site}"


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
    sites = Counter(error_site(outcome.record.detail) for outcome in failed)
    is_enough = len(ended) >= thresholds.min_ended
    return CodeFailures(
        trials=tuple(outcome.trial for outcome in failed),
        ended=len(ended),
        sites=dict(sorted(sites.items(), key=lambda pair: (-pair[1], pair[0]))),
        tied=tuple(tied(study.space, [outcome.record for outcome in ended])),
        decides=is_enough and len(failed) > thresholds.max_fraction * len(ended),
    )


def _place(one: Tied) -> str:
    return f"`{one.hyperparameter}` = {value_text(one.value)}"


def _tied_words(one: Tied) -> str:
    return f"All {plural(len(one.trials), 'trial')} with {_place(one)} fail with {one.kind}"
