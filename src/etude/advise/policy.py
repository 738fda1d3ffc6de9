"""Every remedy in the playbook's order, and which of them the next round takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, final

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..errors import InputError
from ..experiment import Experiment
from ..finding import Finding, Recommendation
from .context import Context, Remedy, step_text
from .edits import applied, changes_phrase
from .follow_up import SEEDS
from .remedies.exploit import exploit, exploit_now
from .remedies.larger_batch import extend_regularization
from .remedies.more_trials import more_trials
from .remedies.narrow_unstable import narrow_unstable, use_log_scale
from .remedies.refine import drop_behind, fix_idle, narrow_to_good
from .remedies.regularize import regularize
from .remedies.stabilize import stabilize, steady_metric
from .remedies.training_length import train_longer, train_shorter
from .remedies.widen import widen
from .retrain_first import (
    always,
    longer_training_turns,
    more_trials_turn,
    never,
    settled_by_seeds,
)

RemedyRule: TypeAlias = Callable[[Context], list[Remedy]]
REPAIR = "repair optimization"
ADD_TRIALS = "add trials"
# The goal of a round that trains the best settings again, before any step that changes no order.
RETRAIN = "train the best again with other seeds"
REDRAW = "redraw the space"
REFINE = "refine the space"


@final
@dataclass(frozen=True, kw_only=True)
class Step:
    """A group of remedies that go together in one round.

    Args:
        goal: What they are for.
        is_cure: Whether it may be taken while trouble of optimization is only told in words.
        turns: Whether what it cures could turn the order of studies of which one leads; such a
            step comes before that lead is retrained.
    """

    goal: str
    rules: tuple[str, ...]
    remedies: tuple[RemedyRule, ...]
    is_cure: bool = False
    turns: Callable[[Context], bool] = never


# The playbook's order: what would make the later steps answer another question comes first (D11,
# C14); where it leaves the order open, the cheaper comes first.
EXPLORATION = (
    Step(
        goal=REPAIR,
        rules=("D11", "D6", "D9"),
        remedies=(stabilize,),
        is_cure=True,
        turns=always,
    ),
    Step(
        goal=REDRAW,
        rules=("C1", "C3"),
        remedies=(use_log_scale, narrow_unstable, widen),
        is_cure=True,
    ),
    Step(
        goal="regularize",
        rules=("C6", "C7", "S14"),
        remedies=(regularize, extend_regularization),
    ),
    Step(
        goal="train longer",
        rules=("C9", "T5"),
        remedies=(train_longer,),
        turns=longer_training_turns,
    ),
    Step(goal="steady the metric", rules=("C8",), remedies=(steady_metric,)),
    Step(goal="drop what is behind", rules=("R2",), remedies=(drop_behind,)),
    Step(
        goal=ADD_TRIALS,
        rules=("C2", "Q10", "A2"),
        remedies=(more_trials,),
        turns=more_trials_turn,
    ),
    Step(goal="train shorter", rules=("C10", "T5"), remedies=(train_shorter,)),
    Step(goal=REFINE, rules=("R2",), remedies=(fix_idle, narrow_to_good)),
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
        unrepaired: Those of them that repair optimization, which comes before all else (D11).
        manual_causes: The findings that `words` answer.
        procedures: The command that does it, by the sentence of `words` that asks for it.
        seeds: So often the best settings are trained again, with other seeds, in place of any edit;
            0 where an edit comes first.

    Source: R3, D11, A2.
    """

    goal: str = ""
    seeds: int = 0
    recommendations: tuple[Recommendation, ...] = ()
    waiting: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unrepaired: tuple[str, ...] = ()
    manual_causes: tuple[Finding, ...] = ()
    procedures: Mapping[str, str] = field(default_factory=dict)


def advice(context: Context, order: Sequence[Step] = EXPLORATION) -> Advice:
    """The first step of the order that has an edit; the others wait (R3).

    While trouble of the compared trials is only told in words, no step is taken but those that
    repair it or redraw the space, for cutting and widening is a cure (D11). An edit that would earn
    a finding about the design of the next round is put into words. What nothing read is not edited,
    and where nothing read what is compared, no round is worth its steps (W8). Where a study leads,
    and nothing that could turn the order asks for an edit, its lead is retrained first (A2). A
    round that trains the best of another again asks for more seeds, or for nothing.

    Args:
        context: The round.
        order: `EXPLOITATION` where exploration is over; of a comparison it never is.

    Source: R3, D11, C14, A2, W8.
    """
    if compared := context.unread_compared:
        words = tuple(step_text(finding) for finding in compared)
        return Advice(words=words, manual_causes=tuple(compared))
    steps = order if context.verdict.status == "no_question" else EXPLORATION
    steps = [one for one in steps if not context.retrains or one.goal == ADD_TRIALS]
    proposals = [_proposal(context, step) for step in steps]
    unrepaired = [text for one in proposals if one.step.goal == REPAIR for text in one.urgent]
    # What is told in words is not done by the file: until it is, only cures go on (D11). A rate at
    # the edge (D3) is a sign, to be checked again: it holds nothing back.
    allowed = [one for one in proposals if one.edits and (one.step.is_cure or not unrepaired)]
    seeds = 0
    if not unrepaired and settled_by_seeds(context):
        turning = [one for one in allowed if one.step.turns(context)]
        seeds = 0 if turning else SEEDS
        allowed = turning
    waiting = [one for one in proposals if one.edits and one not in allowed[:1]]
    return Advice(
        goal=allowed[0].step.goal if allowed else RETRAIN if seeds else "",
        seeds=seeds,
        recommendations=allowed[0].edits if allowed else (),
        waiting=tuple(_waiting_sentence(one) for one in waiting),
        words=tuple(dict.fromkeys(text for one in proposals for text in one.words)),
        unrepaired=tuple(dict.fromkeys(unrepaired)),
        manual_causes=tuple(cause for one in proposals for cause in one.manual_causes),
        procedures={text: name for one in proposals for text, name in one.procedures.items()},
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Proposal:
    """What a step asks for.

    Args:
        words: What is left to a person.
        urgent: Those of them that answer a problem; a sign is to be checked again.
        manual_causes: The findings that `words` answer.
        procedures: The command that does it, by the sentence that asks for it.
    """

    step: Step
    edits: tuple[Recommendation, ...]
    words: tuple[str, ...]
    urgent: tuple[str, ...]
    manual_causes: tuple[Finding, ...]
    procedures: Mapping[str, str]


def _proposal(context: Context, step: Step) -> _Proposal:
    """The edits of a step that no rule of design speaks against, the others as words."""
    edits: list[Recommendation] = []
    in_words: list[Remedy] = []
    remedies = [remedy for remedies_of in step.remedies for remedy in remedies_of(context)]
    for remedy in (_without_unread(context, one) for one in _distinct_remedies(remedies)):
        objection = _objection(context.experiment, edits, remedy.edits) if remedy.edits else ""
        edits += remedy.edits if not objection else ()
        told = replace(remedy, words=objection) if objection else remedy
        in_words += [told] if told.words else []
    return _Proposal(
        step=step,
        edits=tuple(edits),
        words=tuple(remedy.words for remedy in in_words),
        urgent=tuple(
            remedy.words
            for remedy in in_words
            if any(cause.status == "problem" for cause in remedy.causes)
        ),
        # Where only the edit is put into words, the advice of its finding is told beside it.
        manual_causes=tuple(
            cause for remedy in remedies if remedy.words for cause in remedy.causes
        ),
        procedures={remedy.words: remedy.procedure for remedy in in_words if remedy.procedure},
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
    return f"The order: {', '.join(goals())}."


def caused_findings(experiment: Experiment, edits: Sequence[Recommendation]) -> list[Finding]:
    """What the rules say of the next round's design that they do not say of this one's.

    What the author of the file has acknowledged is decided. That more trials could tune what is
    fixed is room, and nothing against them.

    Source: R6, R7, R9, R15, S10.
    """
    coming = applied(experiment, edits)
    before = of_design(experiment, designed(experiment), experiment)
    after = of_design(coming, designed(coming), experiment)
    known = {_key(finding) for finding in before}
    room = {"R7"} if all(edit.path == "experiment.trials" for edit in edits) else set()
    decided = room | {*experiment.acknowledge}
    return [
        finding
        for finding in after
        if finding.status != "ok" and finding.rule not in decided and _key(finding) not in known
    ]


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.check, str(dict(finding.subject))


def _objection(
    experiment: Experiment, before: Sequence[Recommendation], edits: Sequence[Recommendation]
) -> str:
    """Why these edits are not made beside those before; empty where nothing speaks against them."""
    last = [edit for edit in edits if edit.rule == edits[0].rule][-1]
    try:
        findings = caused_findings(experiment, [*before, *edits])
    except InputError as error:
        return f"`{last.path}` stays, since the file cannot say it: {error} ({last.rule})."
    if not findings:
        return ""
    against = findings[0].rule
    return f"A change of `{last.path}` is left to you: {against} speaks against it ({last.rule})."


def _waiting_sentence(proposal: _Proposal) -> str:
    goal, edits = proposal.step.goal, proposal.edits
    rules = ", ".join(dict.fromkeys(edit.rule for edit in edits))
    return f"{goal[0].upper()}{goal[1:]}: {changes_phrase(edits)} ({rules})."


def _without_unread(context: Context, remedy: Remedy) -> Remedy:
    """The remedy without edits of what nothing read; in words where only its steps are left.

    The steps that a longer warmup takes follow from it.
    """
    edits = tuple(
        one
        for one in remedy.edits
        if not context.is_unread(one.change.keys) or _is_gone(one, remedy.edits)
    )
    if edits == remedy.edits or any(one.change.keys[0] != "experiment" for one in edits):
        return replace(remedy, edits=edits)
    name = remedy.edits[0].change.keys[-1]
    words = f"`{name}` stays: nothing read it, so let the training read it first (W8)."
    return replace(remedy, edits=(), words=words)


def _is_gone(edit: Recommendation, edits: Sequence[Recommendation]) -> bool:
    """Whether a key leaves the file for good, as that of a value that is compared no longer."""
    name = edit.change.keys[-1]
    others = [one for one in edits if one is not edit and one.change.keys[-1] == name]
    return edit.change.new is None and not others


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
