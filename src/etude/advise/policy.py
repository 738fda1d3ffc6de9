"""Every remedy in the playbook's order, and which of them the next round takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..errors import InputError
from ..experiment import Experiment
from ..finding import Finding, Recommendation
from ..wording import join
from .context import Context, Remedy
from .edits import applied
from .remedies.exploit import exploit, exploit_now
from .remedies.more_trials import more_trials
from .remedies.narrow_unstable import narrow_unstable, use_log_scale
from .remedies.refine import drop_behind, fix_idle, narrow_to_good
from .remedies.regularize import regularize
from .remedies.stabilize import stabilize, steady_metric
from .remedies.training_length import train_longer, train_shorter
from .remedies.widen import widen

RemedyRule: TypeAlias = Callable[[Context], list[Remedy]]


@final
@dataclass(frozen=True, kw_only=True)
class Step:
    """A group of remedies that go together in one round; `goal` is what they are for."""

    goal: str
    rules: tuple[str, ...]
    remedies: tuple[RemedyRule, ...]


# The playbook's order: what would make the later steps answer another question comes first (D11,
# C14); where it leaves the order open, the cheaper comes first.
EXPLORATION = (
    Step(goal="repair optimization", rules=("D11", "D6", "D9"), remedies=(stabilize,)),
    Step(
        goal="redraw the space",
        rules=("C1", "C3"),
        remedies=(use_log_scale, narrow_unstable, widen),
    ),
    Step(goal="regularize", rules=("C6", "C7"), remedies=(regularize,)),
    Step(goal="train longer", rules=("C9", "T5"), remedies=(train_longer,)),
    Step(goal="steady the metric", rules=("C8",), remedies=(steady_metric,)),
    Step(goal="drop what is behind", rules=("R2",), remedies=(drop_behind,)),
    Step(goal="add trials", rules=("C2", "Q10"), remedies=(more_trials,)),
    Step(goal="train shorter", rules=("C10", "T5"), remedies=(train_shorter,)),
    Step(goal="refine the space", rules=("R2",), remedies=(fix_idle, narrow_to_good)),
    Step(goal="exploit", rules=("X1",), remedies=(exploit,)),
)
# When exploration is over (R3: late, one maximizes the score): what D11 wants first still is first;
# sides are redrawn in the same round, since nothing is compared that they could blur.
EXPLOITATION = (
    EXPLORATION[0],
    Step(
        goal="exploit",
        rules=("X1", "C1", "C3"),
        remedies=(use_log_scale, narrow_unstable, widen, exploit_now),
    ),
)


@final
@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the next round changes, and what has to wait for another one.

    Args:
        goal: Of the step that is taken; empty where there is none.
        waiting: Later steps that ask for an edit too, one sentence each, in order.
        words: What only a person can do, a sentence each, in order.

    Source: R3.
    """

    goal: str = ""
    recommendations: tuple[Recommendation, ...] = ()
    waiting: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def advice(context: Context, order: Sequence[Step] = EXPLORATION) -> Advice:
    """The first step of the order that has an edit; the others wait (R3).

    An edit that would earn a finding about the design of the next round is put into words.

    Args:
        context: The round.
        order: `EXPLOITATION` where exploration is over; of a comparison it never is.

    Source: R3, D11, C14.
    """
    chosen: tuple[Step, tuple[Recommendation, ...]] | None = None
    waiting: list[str] = []
    words: list[str] = []
    for step in order if context.verdict.status == "no_question" else EXPLORATION:
        edits: list[Recommendation] = []
        remedies = [remedy for remedies_of in step.remedies for remedy in remedies_of(context)]
        for remedy in _distinct_remedies(remedies):
            objection = (
                _objection(context.experiment, [*edits, *remedy.edits]) if remedy.edits else ""
            )
            edits += remedy.edits if not objection else ()
            words += [objection] if objection else [remedy.words] if remedy.words else []
        if edits and chosen is None:
            chosen = step, tuple(edits)
        elif edits:
            waiting.append(_waiting_sentence(step, edits))
    return Advice(
        goal=chosen[0].goal if chosen else "",
        recommendations=chosen[1] if chosen else (),
        waiting=tuple(waiting),
        words=tuple(dict.fromkeys(words)),
    )


def goals() -> tuple[str, ...]:
    """What the steps are for, in their order.

    Source: R3.
    """
    return tuple(step.goal for step in EXPLORATION)


def order() -> str:
    """The order in one sentence.

    Source: R3, D11.
    """
    steps = [f"{step.goal} ({', '.join(step.rules)})" for step in EXPLORATION]
    return f"When several ask for a change, the order is: {'; '.join(steps)}."


def caused_findings(experiment: Experiment, edits: Sequence[Recommendation]) -> list[Finding]:
    """What the rules say of the next round's design that they do not say of this one's.

    Source: R6, R7, R9, R15, S10.
    """
    coming = applied(experiment, edits)
    before = of_design(experiment, designed(experiment), experiment)
    after = of_design(coming, designed(coming), experiment)
    known = {_key(finding) for finding in before}
    return [finding for finding in after if finding.status != "ok" and _key(finding) not in known]


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.check, str(dict(finding.subject))


def _objection(experiment: Experiment, edits: Sequence[Recommendation]) -> str:
    """Why these edits are not made; empty where nothing speaks against them."""
    last = edits[-1]
    try:
        findings = caused_findings(experiment, edits)
    except InputError as error:
        return f"{last.rule}: {last.because} The file cannot say it: {error}"
    if not findings:
        return ""
    return f"{last.rule}: {last.because} But {findings[0].message} So decide yourself."


def _waiting_sentence(step: Step, edits: Sequence[Recommendation]) -> str:
    rules = ", ".join(dict.fromkeys(edit.rule for edit in edits))
    paths = join([f"`{path}`" for path in dict.fromkeys(edit.path for edit in edits)], most=4)
    return f"{step.goal[0].upper()}{step.goal[1:]} ({rules}): {paths}."


def _distinct_remedies(remedies: Sequence[Remedy]) -> list[Remedy]:
    """Without a remedy that changes what an earlier one of the round sets as a whole."""
    whole_values: set[str] = set()
    distinct = []
    for remedy in remedies:
        if any(edit.path in whole_values for edit in remedy.edits):
            continue
        whole_values |= {edit.path for edit in remedy.edits if not edit.part}
        distinct.append(remedy)
    return distinct
