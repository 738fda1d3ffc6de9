"""Ending: how every command, page and notebook ends: verdict, table, why not yet, what next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import final

from ..finding import Caveat, Lead, StudyRow, Verdict
from ..record import Record
from ..wording import duration, number, quantity, sentence_case, shortened, words
from .context import Context
from .digest import Line, digest
from .follow_up import SEEDS
from .next_actions import Action
from .weights import RETRAIN

WORDS = {
    "better": "BETTER",
    "leads": "LEADS",
    "unclear": "UNCLEAR",
    "no_question": "NOTHING COMPARED",
}
WHY = {
    "better": "What could still turn it",
    "leads": "Why not yet",
    "unclear": "Why not yet",
    "no_question": "What is not known yet",
}
# The form of what is said: more reasons, words of a reason, or rows are not read.
MOST_REASONS = 3
REASON_WORDS = 20
MOST_ROWS = 5
MOST_SETTINGS = 5
# Rules in a sentence: at its head, or in brackets.
_RULES = re.compile(r"^[A-Z]\d{1,2}: | ?\((?:[A-Z]\d{1,2}(?:, )?)+\)")
# Less only than what makes the answer one to another question.
TIE = 90.0


@final
@dataclass(frozen=True, kw_only=True)
class Reason:
    """One line of why the answer may change, with the rules behind it."""

    text: str
    rules: tuple[str, ...]


@final
@dataclass(frozen=True, kw_only=True)
class NextStep:
    """One thing to do next: what to type, what that does, and what it costs; each may be empty."""

    command: str
    text: str
    cost: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a person reads of a round or a comparison, whichever medium shows it.

    Args:
        word: The verdict, `UNCLEAR`.
        line: The same in at most 14 words.
        table: Rows of cells, the header first; empty where there is nothing to tabulate.
        best: The best setting and where it is kept, a line each.
        why: The heading of the reasons.
        reasons: What would change the answer most first; the first three are enough to begin with.
        lines: What else was found, problems first.
        more: The command that shows all of it.
        steps: What to do next, the most telling first.
    """

    word: str
    line: str
    table: tuple[tuple[str, ...], ...] = ()
    best: tuple[str, ...] = ()
    why: str = "Why not yet"
    reasons: tuple[Reason, ...] = ()
    lines: tuple[Line, ...] = ()
    more: str = ""
    steps: tuple[NextStep, ...] = ()

    @property
    def first_reasons(self) -> tuple[Reason, ...]:
        """The reasons that a person reads."""
        return self.reasons[:MOST_REASONS]

    @property
    def hidden(self) -> int:
        """How many lines more there are to read."""
        return len(self.reasons) - len(self.first_reasons) + len(self.lines)


def ending(
    context: Context,
    actions: Sequence[Action],
    *,
    left_to_you: Sequence[str] = (),
    file: str = "",
    store: str = "",
) -> Ending:
    """The ending of a round.

    Args:
        context: The round.
        actions: What to do next, the most telling first.
        left_to_you: What only a person can do, a sentence each.
        file: Of the experiment, for a round that is not over.
        store: The option that names the store in commands to type, with a space before it.

    Source: A1, A2, C14, R3.
    """
    actions = _amended(context, actions, left_to_you)
    verdict, name = context.verdict, f"{context.experiment.name}{store}"
    pace_s = measured_pace_s(context.analysis.records)
    return Ending(
        word=WORDS[verdict.status],
        line=verdict.headline or _headline(context),
        table=_table(context),
        best=tuple(_best(context)),
        why=WHY[verdict.status],
        reasons=tuple(_reason(caveat, context, pace_s) for caveat in reasons(context)),
        lines=tuple(digest(context.findings, verdict.caveats, verdict.best_trials)),
        more=f"etude check {name}",
        steps=tuple(_step(action, name, file, store, pace_s) for action in actions),
    )


def reasons(context: Context) -> list[Caveat]:
    """Why the answer may change, what would change it most first; of a topic the heaviest.

    Source: A1, A2, C14, R15.
    """
    ordered = sorted([*_tie(context), *context.verdict.caveats], key=lambda one: -one.weight)
    topics: set[str] = set()
    distinct = []
    for caveat in ordered:
        if caveat.topic not in topics:
            distinct.append(caveat)
        topics |= {caveat.topic} - {""}
    return distinct


# --- the verdict in a line


def _headline(context: Context) -> str:
    verdict, metric = context.verdict, f"`{context.experiment.metric}`"
    known = [row for row in verdict.rows if row.value is not None]
    if not known:
        ended = sum(row.ended for row in verdict.rows)
        return (
            f"None of {quantity(ended, 'ended trial')} is feasible" if ended else "No trial ended"
        )
    leader = known[0]
    if verdict.status == "no_question":
        examples = context.experiment.validation_examples
        counted = (
            f", {leader.count:,} of {examples:,} {_counted(context)}"
            if leader.count is not None and examples
            else ""
        )
        return (
            f"The best {metric} of {quantity(leader.ended, 'trial')} is {_value(leader)}{counted}"
        )
    if len(known) == 1 or not verdict.leads or verdict.means:
        return shortened(verdict.message)
    rival = known[1]
    if verdict.leads[0].by == 0 or leader.count == rival.count is not None:
        return f"`{leader.study}` and `{rival.study}` have the same best, {_value(leader)}"
    gap = _pair(leader, rival, context)
    status = {"better": "beats", "leads": "leads", "unclear": "leads"}[verdict.status]
    noise = ", within noise" if verdict.status == "unclear" else ""
    return f"`{leader.study}` {status} `{rival.study}`, {gap}{noise}"


def _value(row: StudyRow) -> str:
    return number(row.value, error=_error(row))


def _error(row: StudyRow) -> float | None:
    """The standard error of a value, where its interval is known."""
    if row.low is None or row.high is None:
        return None
    return (row.high - row.low) / 4


def _pair(leader: StudyRow, rival: StudyRow, context: Context) -> str:
    """The two best values, in examples where that is known."""
    examples = context.experiment.validation_examples
    if leader.count is not None and rival.count is not None and examples:
        return f"{leader.count:,} against {rival.count:,} of {examples:,} {_counted(context)}"
    digits = _digits([leader, rival])
    return f"{number(leader.value, digits)} against {number(rival.value, digits)}"


def _counted(context: Context) -> str:
    return "right" if context.experiment.maximize else "wrong"


# --- the table


def _table(context: Context) -> tuple[tuple[str, ...], ...]:
    """The studies, the leader first: value, what it counts, its interval, the best trial."""
    rows = context.verdict.rows
    shown = rows if len(rows) <= MOST_ROWS + 1 else rows[:MOST_ROWS]
    columns = [column for column in _columns(context, shown) if any(column[1:])]
    table = tuple(zip(*columns, strict=True))
    left_out = len(rows) - len(shown)
    more = (f"{left_out} more",) + ("",) * (len(columns) - 1)
    return (*table, more) if left_out else table


def _columns(context: Context, rows: Sequence[StudyRow]) -> Iterator[list[str]]:
    examples = context.experiment.validation_examples or 0
    digits = _digits(rows)
    yield ["study", *(row.study for row in rows)]
    yield [context.experiment.metric, *(_cell(row.value, digits, _error(row)) for row in rows)]
    counts = (row.count for row in rows)
    yield [
        _counted(context),
        *("" if one is None else f"{one:,} of {examples:,}" for one in counts),
    ]
    yield ["95 % interval", *map(_interval, rows)]
    yield ["best trial", *map(_best_trial, rows)]
    yield ["trials", *(_trials(row) for row in rows)]
    retrained = any(row.retrained > 1 for row in rows)
    yield ["trained", *(quantity(row.retrained, "time") if retrained else "" for row in rows)]


def _digits(rows: Sequence[StudyRow]) -> int:
    """The fewest digits that tell the values apart, two or three."""
    values = {row.value for row in rows if row.value is not None}
    return 2 if len({number(value, 2) for value in values}) == len(values) > 1 else 3


def _cell(value: float | None, digits: int, error: float | None) -> str:
    return "none" if value is None else number(value, digits, error=error)


def _interval(row: StudyRow) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{number(row.low, 2)} to {number(row.high, 2)}"


def _best_trial(row: StudyRow) -> str:
    if row.trial is None or row.step is None:
        return ""
    return f"{row.trial} at step {row.step:,}"


def _trials(row: StudyRow) -> str:
    if row.feasible == row.ended:
        return f"{row.ended:,}"
    return f"{row.feasible:,} of {row.ended:,} feasible"


def _best(context: Context) -> Iterator[str]:
    """What was searched, at the best trial."""
    row = context.verdict.rows[0]
    study = next((one for one in context.analysis.compared_studies if one.name == row.study), None)
    record = next((one for one in context.analysis.records if one.id == row.trial), None)
    if study is None or record is None or not study.space.dimensions:
        return
    names = list(study.space.domains)
    parts = [f"{name} = {number(record.setting[name])}" for name in names[:MOST_SETTINGS]]
    more = len(names) - MOST_SETTINGS
    rest = f" and {more} more" if more > 0 else ""
    yield f"Best setting, trial {record.id}: {', '.join(parts)}{rest}"


# --- why not yet


def _tie(context: Context) -> Iterator[Caveat]:
    """That the lead may be luck, in its numbers; nothing where retrainings or means tell."""
    verdict = context.verdict
    known = [row for row in verdict.rows if row.value is not None]
    if verdict.status not in ("unclear", "leads") or len(known) < 2 or verdict.means:
        return
    leader, rival = known[:2]
    once = max(leader.retrained, rival.retrained) == 1
    claim = f"{sentence_case(_pair(leader, rival, context))}{', once each,' * once}"
    yield Caveat(
        text=f"{claim} {_open_lead(verdict)}: retrain both",
        rules=("A2",),
        weight=TIE,
        cost=2 * SEEDS,
        topic=RETRAIN,
    )


def _open_lead(verdict: Verdict) -> str:
    lead: Lead = verdict.leads[0]
    if lead.holds or verdict.status == "leads":
        return "may be luck"
    return "is a tie" if lead.by == 0 or lead.low <= 0 else "is too few to tell"


def _reason(caveat: Caveat, context: Context, pace_s: float | None) -> Reason:
    """A reason in at most 20 words, the cost of its cure behind it where that fits."""
    steps = caveat.cost * context.experiment.max_steps
    cost = cost_text(caveat.cost, steps, pace_s) if caveat.cost else ""
    text = f"{caveat.text} ({cost})" if cost else caveat.text
    if words(text) > REASON_WORDS:
        text = shortened(caveat.text, REASON_WORDS)
    return Reason(text=text, rules=caveat.rules)


# --- what next


def _amended(
    context: Context, actions: Sequence[Action], left_to_you: Sequence[str]
) -> Sequence[Action]:
    """The actions, but where a problem is left to a person nobody is told to stop."""
    planned = sum(study.max_trials for study in context.studies)
    known = sum(len(context.analysis.records_of(study)) for study in context.studies)
    if known < planned and not context.verdict.best_trials and not known:
        text = f"Train its {quantity(planned, 'trial')} first"
        steps = planned * context.experiment.max_steps
        return [Action(kind="wait", text=text, cost_trials=planned, cost_steps=steps)]
    if context.has_problem and left_to_you and all(one.kind == "stop" for one in actions):
        bare = _RULES.sub("", left_to_you[0])
        return [Action(kind="by_hand", text=shortened(bare, REASON_WORDS))]
    return actions


def _step(action: Action, name: str, file: str, store: str, pace_s: float | None) -> NextStep:
    commands = {
        "round": f"etude next {name}",
        "seeds": f"etude next {name} --seeds {SEEDS}",
        "wait": f"etude run {file}{store}" if file else "",
        "adopt": f"etude adopt {name}",
    }
    cost = cost_text(action.cost_trials or 0, action.cost_steps or 0, pace_s)
    text = _RULES.sub("", action.text).strip().rstrip(".")
    return NextStep(command=commands.get(action.kind, ""), text=text, cost=cost)


def cost_text(trials: int, steps: int, pace_s: float | None) -> str:
    """So many trainings, and how long they take at a known pace, as a person says it.

    Source: R15.

    >>> cost_text(10, 6000, 0.1), cost_text(1, 600, None)
    ('10 trainings, about 10 min', '1 training')
    """
    if not trials:
        return ""
    seconds = f", about {duration(steps * pace_s)}" if pace_s else ""
    return f"{quantity(trials, 'training')}{seconds}"


def measured_pace_s(records: Sequence[Record]) -> float | None:
    """Seconds a step, as the trials so far took; None where none was timed.

    Source: R15.
    """
    paces = [
        record.wall_s / record.steps
        for record in records
        if record.status == "completed" and record.steps > 0 and record.wall_s > 0
    ]
    return median(paces) if paces else None
