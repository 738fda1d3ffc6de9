"""What to do next, as data: the one command that tells most, and at most two alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..analyze.checks.infeasible import infeasible
from ..design.studies import studies as designed
from ..experiment.methods import SEARCHES
from ..record import Record
from ..wording import plural
from .action import ADOPT, Action, ActionKind
from .alternatives import alternatives
from .context import Context
from .edits import applied, changes_phrase
from .follow_up import SEEDS
from .next_steps import amendments
from .policy import Advice

# A list of more is read by nobody.
MOST_ACTIONS = 3
_TRIALS = ("experiment", "trials")


def next_actions(context: Context, advice: Advice, records: Sequence[Record] = ()) -> list[Action]:
    """At most three things to do next, the most telling first; never none.

    Code that stopped most of a study is mended first (C3). What repairs optimization comes next
    where no file can do it (D11), then the round that the advice writes, then retrainings, which
    tell luck from a lead (A2). A round that trained the best of another again ends in an adoption,
    or in the search that found it.

    Args:
        context: The round.
        advice: What its next round changes.
        records: The trials that count as its own.

    Source: C3, D11, R3, A2, A4.
    """
    running = sum(not record.ended for record in records)
    if running:
        verb = "has" if running == 1 else "have"
        text = f"Let the round finish: {plural(running, 'trial')} {verb} not ended"
        return [Action(kind="wait", text=text, cost_trials=0, cost_steps=0, rules=("R13",))]
    actions = [
        *_code_repairs(context),
        *_repairs(context, advice),
        *_answered(context),
        *_round(context, advice),
        *alternatives(context, advice),
        *_retrainings(context, advice),
        *_after_retraining(context),
    ]
    known = tuple(action.text for action in actions)
    more = [] if advice.unrepaired else _by_hand(context, advice)
    actions += [action for action in more if not action.text.startswith(known)]
    return actions[:MOST_ACTIONS] or [Action(kind="stop", text=_stop_text(context), rules=("R2",))]


def _code_repairs(context: Context) -> Iterator[Action]:
    """The code or the machine that ended most of a study, before all that its trials could say."""
    for finding in context.findings:
        if finding.check == "infeasible" and context.result(finding, infeasible).code.decides:
            yield Action(kind="by_hand", text=finding.advice.rstrip("."), rules=("C3",))
            return


def _repairs(context: Context, advice: Advice) -> Iterator[Action]:
    """What repairs optimization and no file can do."""
    if advice.unrepaired:
        yield _manual(context, advice, advice.unrepaired[0], ("D11", "D6"))


def _answered(context: Context) -> Iterator[Action]:
    """The adoption, where retrainings of the best answered the question already."""
    if context.retraining_status == "better":
        text = f"`{context.retraining}` found it better: {ADOPT[0].lower()}{ADOPT[1:]}"
        yield Action(kind="adopt", text=text, rules=("A4",))


def _by_hand(context: Context, advice: Advice) -> Iterator[Action]:
    """The first thing that only a person can amend."""
    for step in amendments(context, advice)[:1]:
        yield _manual(context, advice, step, ("C14",))


def _manual(context: Context, advice: Advice, sentence: str, rules: tuple[str, ...]) -> Action:
    """What no line of the file can do; by the procedure that can, where it can train from here."""
    is_elsewhere = SEARCHES[context.experiment.search].trained_elsewhere
    name = "" if is_elsewhere else advice.procedures.get(sentence, "")
    kind: ActionKind = "procedure" if name else "by_hand"
    return Action(kind=kind, text=sentence.rstrip("."), rules=rules, procedure=name)


def _round(context: Context, advice: Advice) -> Iterator[Action]:
    """The round that the advice writes, with what it costs."""
    edits = advice.recommendations
    if not edits:
        return
    coming = applied(context.experiment, edits)
    trials = sum(study.max_trials for study in designed(coming))
    if {edit.change.keys for edit in edits} == {_TRIALS} and coming.name == context.experiment.name:
        trials -= sum(study.max_trials for study in context.studies)
    yield Action(
        kind="round",
        text=f"{advice.goal[0].upper()}{advice.goal[1:]}: {changes_phrase(edits)}",
        cost_trials=trials,
        cost_steps=trials * coming.max_steps,
        rules=tuple(dict.fromkeys(edit.rule for edit in edits)),
    )


def _retrainings(context: Context, advice: Advice) -> Iterator[Action]:
    """The best settings trained again, where nothing that comes first would change them."""
    experiment = context.experiment
    best = context.verdict.best_trials
    is_elsewhere = SEARCHES[experiment.search].trained_elsewhere
    if not best or advice.unrepaired or context.verdict.means or is_elsewhere:
        return
    # A failed check that changes no order still changes which setting is best.
    fails = context.verdict.blocking if advice.seeds else context.has_problem
    if fails or context.retraining:
        return
    count = min(2, len(best))
    trials = SEEDS * count
    whom = "both leaders" if count == 2 else "the best setting"
    yield Action(
        kind="seeds",
        text=f"Train {whom} with {SEEDS} other seeds: that tells a lead from luck",
        cost_trials=trials,
        cost_steps=trials * experiment.max_steps,
        rules=("A2",),
    )


def _after_retraining(context: Context) -> Iterator[Action]:
    """Where the retrainings of this round stand, or what follows from them."""
    if name := context.retraining:
        yield Action(
            kind="answered", text=f"Its best were trained again: read `{name}`", rules=("A2",)
        )
    if (
        context.unread_compared
        or not context.retrains
        or any(one.kind == "copies" for one in context.verdict.blocking)
    ):
        return
    if context.verdict.status in ("better", "no_question"):
        yield Action(kind="adopt", text=ADOPT, rules=("A4",))
    if context.verdict.status != "better":
        text = f"Go on with the search of `{context.retrains}`"
        yield Action(kind="search", text=text, rules=("R1",))


def _stop_text(context: Context) -> str:
    if context.too_few:
        return f"Train more trials of `{context.experiment.name}`: they are too few to judge"
    return f"Stop here: no check asks for another round of `{context.experiment.name}`"
