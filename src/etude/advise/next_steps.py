"""The next steps where no line of the file is advised: what a person does, else why to stop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from ..analyze.checks.coverage import coverage
from ..analyze.checks.infeasible import END_THERE
from ..analyze.checks.trial_noise import trial_noise
from ..experiment.methods import SEARCHES, schedule_method
from ..finding import Finding
from ..record import Record, Records
from ..search import gain_left
from ..study import Study
from ..wording import number, plural, study_text
from .context import Context, step_text
from .policy import Advice

# Heuristic: where the noise of retraining is unknown, a trial is worth this share of what the
# best has gained on the median.
WORTH_A_TRIAL = 0.05
_STOP = "Stop here"


def manual_steps(
    context: Context, records: Sequence[Record], advice: Advice | None = None
) -> list[str]:
    """What to do where no change of the file is recommended: finish the round, or amend by hand.

    Of the curves only those count that the verdict compared. Where nothing is to be done: stop,
    with the numbers that say so.

    Args:
        context: The round.
        records: The trials that count as its own.
        advice: What the remedies propose, and leave to a person.

    Source: C14, R13, R2.
    """
    unended = sum(not record.ended for record in records)
    if unended:
        verb = "has" if unended == 1 else "have"
        return [f"{plural(unended, 'trial')} {verb} not ended: let the round finish first (R13)."]
    if not context.analysis.records:
        return ["No trial has been trained: run the round first (R13)."]
    return amendments(context, advice or Advice()) or [stop_message(context)]


def amendments(context: Context, advice: Advice) -> list[str]:
    """What only a person can amend, one sentence each: what remedies tell, then other problems.

    Source: C14.
    """
    steps: dict[str, str] = {}
    widened = {
        (edit.change.keys[-1], edit.change.part)
        for edit in advice.recommendations
        if edit.rule == "C1"
    }
    for finding in context.relevant_findings:
        side = finding.subject.get("hyperparameter"), finding.subject.get("side")
        is_done = finding.rule == "C1" and (side in widened or (side[0], "values") in widened)
        is_open = (
            finding.status == "problem" and finding not in advice.manual_causes and not is_done
        )
        if is_open and finding.advice:
            # What is asked of several studies is asked once.
            steps.setdefault(finding.advice, _still_to_do(finding, step_text(finding), advice))
    return list(dict.fromkeys([*advice.words, *steps.values()]))


def _still_to_do(finding: Finding, step: str, advice: Advice) -> str:
    """A step without its alternative, where a line of the next round does that already."""
    ended = {
        edit.change.keys[-1]
        for edit in advice.recommendations
        if edit.rule == "C3" and edit.change.part in ("low", "high")
    }
    kept, alternative, rest = step.partition(f", or {END_THERE}")
    if finding.rule != "C3" or not alternative or not any(f"`{name}`" in step for name in ended):
        return step
    return f"Or {kept[0].lower()}{kept[1:]}{rest}"


def stop_message(context: Context) -> str:
    """Why no other round is advised: what is inside, how dense, what more trials would bring.

    Source: R2, C1, C2, A2, X1, X3.
    """
    gains = [
        (study, gain_left(study, Records.of(context.analysis.records_of(study))))
        for study in context.studies
    ]
    going_on = [_worth_more(context, study, gain) for study, gain in gains]
    if any(going_on):
        return " ".join(text for text in going_on if text)
    name = context.experiment.name
    if any(len(context.analysis.outcomes(study)) for study, _ in context.too_few):
        study, lacking = max(context.too_few, key=lambda pair: pair[1])
        return (
            f"Not done yet: the trials of {study_text(study.name)} are too few for checks to "
            f"judge. Train {lacking} more (C2)."
        )
    sentences = [
        f"{_STOP}: no check of this version asks for another round of `{name}`.",
        *_reasons(context, gains),
        f"To adopt, {_before_adoption(context)} (A2, A4).",
    ]
    if SEARCHES[context.experiment.search].adaptive:
        sentences.append("Exploration is over: now the test set may be looked at (X3).")
    return " ".join(sentences)


def is_over(steps: Sequence[str]) -> bool:
    """Whether all that is said of what to do is to stop.

    Source: R2.
    """
    return bool(steps) and all(step.startswith(_STOP) for step in steps)


def _before_adoption(context: Context) -> str:
    """What is to be done before the best setting, or the schedule, is adopted."""
    experiment = context.experiment
    if schedule_method(experiment.schedule).population:
        command = f"`etude next {experiment.name} --replay`"
        return f"train the schedule that it found again with other seeds, {command}"
    if _is_best_retrained(context):
        return f"its best setting has been trained again: `etude adopt {experiment.name}`"
    return "train the best setting again with other seeds"


def _is_best_retrained(context: Context) -> bool:
    """Whether the setting of the best trial was trained with other seeds too."""
    best_of_each = [
        outcome for study in context.studies for outcome in context.best_first(study)[:1]
    ]
    best = min(best_of_each, key=lambda outcome: outcome.loss, default=None)
    return best is not None and any(
        record.ended and record.setting == best.record.setting and record.id != best.trial
        for record in context.analysis.records
    )


def _reasons(context: Context, gains: Sequence[tuple[Study, float]]) -> Iterator[str]:
    """The numbers that say to stop: sides, density, noise, and the gain left to a search.

    Of several studies those of the one where the most is left.
    """
    inside = sum(side.status == "ok" for side in context.sides)
    if inside:
        yield f"The best lies inside on {inside} of {plural(len(context.sides), 'side')} (C1)."
    densities = [
        (gain, study.name)
        for study in context.studies
        if (gain := context.analysis.result(study, coverage).gain) is not None
    ]
    if densities:
        gain, name = max(densities)
        yield f"Twice the trials of {study_text(name)} would gain about {number(gain, 2)} (C2)."
    noises = [(study, context.analysis.result(study, trial_noise)) for study in context.studies]
    known = [(noise.sd, study.name) for study, noise in noises if noise.known]
    if known:
        sd, name = max(known)
        yield f"Retraining one setting of {study_text(name)} moves it by {number(sd, 2)} (A2)."
    left = [(gain, study.name) for study, gain in gains if math.isfinite(gain)]
    if left:
        gain, name = max(left)
        yield f"One more trial of {study_text(name)} is expected to gain {number(gain, 2)} (X1)."


def _worth_more(context: Context, study: Study, gain: float) -> str:
    """Why a Bayesian search is not done; empty where it is, and of any other search."""
    noise = context.analysis.result(study, trial_noise)
    best_of = (
        record.best(study.metric, maximize=study.maximize)
        for record in context.analysis.records_of(study)
    )
    values = sorted(best.value for best in best_of if best is not None)
    if len(values) < 2:
        return ""
    climbed = abs(min(values, key=study.objective.loss) - median(values))
    worth = noise.sd if noise.known else WORTH_A_TRIAL * climbed
    if not math.inf > gain > worth > 0.0:
        return ""
    than = "retraining moves" if noise.known else "5 % of the way from the median to the best"
    return (
        f"Not done yet: one more trial of {study_text(study.name)} is expected to gain "
        f"{number(gain, 2)}, more than {than}, {number(worth, 2)} (X1). "
        "Write more `trials`; the search goes on."
    )
