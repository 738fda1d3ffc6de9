"""What the next round changes: as few lines as the evidence asks for, else what a person does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from ..analyze.checks.coverage import coverage
from ..analyze.checks.trial_noise import trial_noise
from ..experiment.methods import schedule_method
from ..finding import Finding
from ..record import Record, Records
from ..search import gain_left
from ..study import Study
from ..wording import number, plural
from .context import Context


def manual_steps(case: Context, records: Sequence[Record], words: Sequence[str] = ()) -> list[str]:
    """What to do where no change of the file is recommended: finish the round, or amend by hand.

    Of the curves only those count that the verdict compared. Where nothing is left to do: stop,
    with the numbers that say so.

    Args:
        case: The round.
        records: The trials that count as its own.
        words: What remedies leave to a person.

    Source: C14, R13, R2.
    """
    waiting = sum(not record.ended for record in records)
    if waiting:
        verb = "has" if waiting == 1 else "have"
        return [f"{plural(waiting, 'trial')} {verb} not ended: let the round finish first (R13)."]
    mine = case.relevant_findings
    failed = [finding for finding in mine if finding.status == "problem" and finding.advice]
    said = list(words)
    said += [text for text in map(_amended, failed) if not any(text in each for each in said)]
    return list(dict.fromkeys(said)) or [stop(case)]


def _amended(finding: Finding) -> str:
    """What to do about a problem; of a curve, with what was found: its advice speaks of it."""
    found = f"{finding.message} " if "trial" in finding.subject else ""
    return f"{finding.rule}: {found}{finding.advice}"


# Heuristic: where the noise of retraining is unknown, a trial is worth this share of what the
# best has gained on the median.
WORTH_A_TRIAL = 0.05


def stop(case: Context) -> str:
    """Why no other round is advised: what is inside, how dense, what more trials would bring.

    Source: R2, C1, C2, A2, X1.
    """
    gains = [gain_left(study, Records.of(_of(case, study))) for study in case.studies]
    pairs = list(zip(case.studies, gains, strict=True))
    if more := [text for study, gain in pairs if (text := _worth_more(case, study, gain))]:
        return " ".join(more)
    told = list(_reasons(case, pairs))
    because = f": {'; '.join(told)}" if told else ""
    return (
        f"Stop here: no check of this version asks for another round of `{case.experiment.name}`"
        f"{because}. Read the doubts before you conclude; to adopt, {_again(case)} (A2, A4)."
    )


def _again(case: Context) -> str:
    if not schedule_method(case.experiment.schedule).population:
        if _retrained(case):
            return f"its best setting has been trained again: `etude adopt {case.experiment.name}`"
        return "train the best setting again with other seeds"
    command = f"`etude next {case.experiment.name} --replay`"
    return f"train the schedule that it found again with other seeds, {command}"


def _retrained(case: Context) -> bool:
    """Whether the setting of the best trial was trained with other seeds too."""
    best = [case.best_first(study)[:1] for study in case.studies]
    ranked = sorted((one for group in best for one in group), key=lambda one: one.loss)
    return bool(ranked) and any(
        one.ended and one.setting == ranked[0].record.setting and one.id != ranked[0].trial
        for one in case.analysis.records
    )


def _reasons(case: Context, gains: Sequence[tuple[Study, float]]) -> Iterator[str]:
    sides = [one for one in case.findings if (one.check, one.rule) == ("boundary", "C1")]
    inside = sum(one.status == "ok" for one in sides if "side" in one.subject)
    if inside:
        yield f"the best lies inside on {inside} of {plural(len(sides), 'side')} (C1)"
    for study, gain in gains:
        density = case.analysis.result(study, coverage).gain
        if density is not None:
            expected = number(density, 2)
            yield f"twice the trials of `{study.name}` would gain about {expected} (C2)"
        noise = case.analysis.result(study, trial_noise)
        if noise.known:
            yield f"retraining one setting of `{study.name}` moves it by {number(noise.sd, 2)} (A2)"
        if math.isfinite(gain):
            yield f"one more trial of `{study.name}` is expected to gain {number(gain, 2)} (X1)"


def _worth_more(case: Context, study: Study, gain: float) -> str:
    """Why a Bayesian search is not done; empty where it is, and of any other search."""
    noise = case.analysis.result(study, trial_noise)
    best_of = (one.best(study.metric, maximize=study.maximize) for one in _of(case, study))
    values = sorted(one.value for one in best_of if one is not None)
    if len(values) < 2:
        return ""
    climbed = abs(min(values, key=study.objective.loss) - median(values))
    worth = noise.sd if noise.known else WORTH_A_TRIAL * climbed
    if not math.inf > gain > worth > 0.0:
        return ""
    than = "retraining moves" if noise.known else "5 % of the way from the median to the best"
    return (
        f"Not done yet: one more trial of `{study.name}` is expected to gain {number(gain, 2)}, "
        f"more than {than}, {number(worth, 2)} (X1). Write more `trials`; the search goes on."
    )


def _of(case: Context, study: Study) -> list[Record]:
    return list(case.analysis.records_of(study))
