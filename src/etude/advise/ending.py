"""Ending: how every command, page and notebook ends: verdict, table, why not yet, what next."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import final

from ..experiment.methods import SEARCHES
from ..finding import SAMPLING_ERRORS, Caveat, Lead, StudyRow, Verdict
from ..record import Record
from ..wording import duration, join, number, quantity, sentence_case, shortened, words
from .action import ADOPT, Action
from .context import Context
from .digest import Line, digest
from .ending_table import better_than_chance, by_mean, pair, table
from .follow_up import SEEDS
from .procedure_round import procedure_of
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
    # Whether it is a failed check that the answer waits for (C14).
    failed: bool = False


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
    judge: str = "",
) -> Ending:
    """The ending of a round.

    Args:
        context: The round.
        actions: What to do next, the most telling first.
        left_to_you: What only a person can do, a sentence each.
        file: Of the experiment, for a round that is not over.
        store: The option that names the store in commands to type, with a space before it.
        judge: The options that name another metric, likewise.

    Source: A1, A2, C14, R3.
    """
    actions = _amended(context, actions, left_to_you)
    verdict, name = context.verdict, f"{context.experiment.name}{store}"
    pace_s = measured_pace_s(context.analysis.records)
    return Ending(
        word=WORDS[verdict.status],
        line=verdict.headline or shortened(verdict.message),
        table=table(context),
        best=tuple(_best(context)),
        why=WHY[verdict.status],
        reasons=(
            *_part_of_a_procedure(context),
            *(_reason(caveat, context, pace_s) for caveat in reasons(context)),
        ),
        lines=tuple(digest(context.findings, verdict.caveats, verdict.best_trials)),
        more=f"etude check {name}{judge}",
        steps=_procedures_step(context)
        or _comparison(context, actions, f"{store}{judge}")
        or tuple(_step(one, context, file, store, pace_s, judge=judge) for one in actions),
    )


def reasons(context: Context) -> list[Caveat]:
    """Why the answer may change, what would change it most first; of a topic the heaviest.

    What several say in the same words has the rules of all of them.

    Source: A1, A2, C14, R15.
    """
    ordered = sorted([*_tie(context), *context.verdict.caveats], key=lambda one: -one.weight)
    rules: dict[str, list[str]] = {}
    for caveat in ordered:
        rules.setdefault(caveat.text, []).extend(caveat.rules)
    topics: set[str] = set()
    distinct = []
    for caveat in ordered:
        if caveat.topic not in topics:
            distinct.append(replace(caveat, rules=tuple(dict.fromkeys(rules[caveat.text]))))
        topics |= {caveat.topic} - {""}
    return distinct


# --- the best setting


def _best(context: Context) -> Iterator[str]:
    """What was searched, at the best trial, and of a first round that it learned something."""
    row = context.verdict.rows[0]
    yield from better_than_chance(context, row.study)
    study = next((one for one in context.analysis.compared_studies if one.name == row.study), None)
    record = next((one for one in context.analysis.records if one.id == row.trial), None)
    if study is None or record is None or not study.space.dimensions:
        return
    names = list(study.space.domains)
    parts = [f"{name} = {number(record.setting[name])}" for name in names[:MOST_SETTINGS]]
    more = len(names) - MOST_SETTINGS
    rest = f" and {more} more" if more > 0 else ""
    yield f"Best setting, trial {record.id}: {', '.join(parts)}{rest}"


# --- a round of a procedure


def _part_of_a_procedure(context: Context) -> Iterator[Reason]:
    """That a round is a part of a procedure, so its own verdict is not what it was trained for."""
    if procedure := procedure_of(context.experiment):
        text = f"It is a round of `etude {procedure}`, which answers by all of its rounds"
        yield Reason(text=text, rules=("R1",))


def _procedures_step(context: Context) -> tuple[NextStep, ...]:
    """What to do after a round of a procedure: no search of its space, no more of its seeds."""
    procedure = procedure_of(context.experiment)
    if not procedure:
        return ()
    text = f"Ask `etude {procedure}` again for its answer: what was trained is not trained twice"
    return (NextStep(command="", text=text),)


# --- why not yet


def _tie(context: Context) -> Iterator[Caveat]:
    """That the lead may be luck, in its numbers; nothing where retrainings or means tell."""
    verdict = context.verdict
    known = [row for row in verdict.rows if row.value is not None]
    if verdict.status not in ("unclear", "leads") or len(known) < 2 or verdict.means:
        return
    if context.retraining:
        text = f"Both were trained again: the verdict of `{context.retraining}` is what counts"
        if context.retraining_changed:
            files = join([f"`{path}`" for path in context.retraining_changed], most=2)
            text = f"Both were trained again in `{context.retraining}`, but {files} changed between"
        yield Caveat(text=text, rules=("A2",), weight=TIE, topic=RETRAIN)
        return
    leader, rival = known[:2]
    once = max(leader.retrained, rival.retrained) == 1
    claim = f"{sentence_case(pair(leader, rival, context))}{', once each,' * once}"
    yield Caveat(
        text=f"{claim} {_open_lead(verdict, min(leader, rival, key=_feasible))}: retrain both",
        rules=("A2",),
        weight=TIE,
        cost=2 * SEEDS,
        topic=RETRAIN,
    )


def _feasible(row: StudyRow) -> int:
    return row.feasible


def _open_lead(verdict: Verdict, sparse: StudyRow) -> str:
    """What the lead is; a tie only where an error or a luck that is known covers it."""
    lead: Lead = verdict.leads[0]
    if lead.holds or verdict.status == "leads":
        return "may be luck"
    if not lead.drawn and lead.beyond_error:
        return "may be luck"
    covered = lead.by <= SAMPLING_ERRORS * lead.error or -math.inf < lead.low <= 0
    if lead.by == 0 or covered:
        return "is a tie"
    if math.isinf(lead.low):
        few = quantity(sparse.feasible, "feasible trial")
        return f"cannot be judged with {few} of `{sparse.study}`"
    return "is too few to tell"


def _reason(caveat: Caveat, context: Context, pace_s: float | None) -> Reason:
    """A reason in at most 20 words, the cost of its cure behind it where that fits."""
    steps = caveat.cost * context.experiment.max_steps
    cost = cost_text(caveat.cost, steps, pace_s) if caveat.cost else ""
    text = f"{caveat.text} ({cost})" if cost else caveat.text
    if words(text) > REASON_WORDS:
        text = shortened(caveat.text, REASON_WORDS)
    failed = any(one in context.verdict.blocking for one in caveat.findings)
    return Reason(text=text, rules=caveat.rules, failed=failed)


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
    stops = all(action.kind == "stop" for action in actions)
    is_elsewhere = SEARCHES[context.experiment.search].trained_elsewhere
    if stops and context.verdict.best_trials and not (context.has_problem or is_elsewhere):
        return [replace(action, kind="adopt", text=ADOPT, rules=("A4",)) for action in actions]
    if context.has_problem and left_to_you and stops:
        bare = _RULES.sub("", left_to_you[0])
        return [Action(kind="by_hand", text=shortened(bare, REASON_WORDS))]
    return actions


def _comparison(context: Context, actions: Sequence[Action], store: str) -> tuple[NextStep, ...]:
    """The comparison of studies that tune nothing, where nothing else is to be done."""
    rows = {row.study: row.trial for row in context.verdict.rows}
    ends = all(action.kind in ("stop", "adopt") for action in actions)
    if len(context.verdict.means) < 2 or not ends or context.verdict.status == "better":
        return ()
    best, other = by_mean(context)[:2]
    name = context.experiment.name
    sides = f"{name}:{rows[other.study]} {name}:{rows[best.study]}"
    text = f"Compare `{best.study}` with `{other.study}` by their trainings"
    return (NextStep(command=f"etude compare {sides}{store}", text=text),)


def _step(
    action: Action, context: Context, file: str, store: str, pace_s: float | None, *, judge: str
) -> NextStep:
    name = f"{context.experiment.name}{store}"
    commands = {
        "round": f"etude next {name}{judge}",
        "seeds": f"etude next {name}{judge} --seeds {SEEDS}",
        "wait": f"etude run {file}{store}" if file else "",
        "adopt": f"etude adopt {_adopted(context, judge)}{store}",
        "answered": f"etude check {context.retraining}{store}",
        "search": f"etude next {context.retrains}{store}",
        "procedure": _procedure_command(action, name, file, store),
    }
    cost = cost_text(action.cost_trials or 0, action.cost_steps or 0, pace_s)
    cost = f"at most {cost}" if cost and action.kind == "procedure" else cost
    text = _RULES.sub("", action.text).strip().rstrip(".")
    return NextStep(command=commands.get(action.kind, ""), text=text, cost=cost)


def _adopted(context: Context, judge: str) -> str:
    """What is adopted: the experiment's best; by another metric than its own, that trial."""
    name, rows = context.experiment.name, context.verdict.rows
    return f"{name}:{rows[0].trial}" if judge and rows else name


def _procedure_command(action: Action, name: str, file: str, store: str) -> str:
    """The command of a procedure: of an experiment that was played, or of its file.

    Empty where an experiment from Python has no file.
    """
    if action.procedure in ("exploit", "extend"):
        return f"etude {action.procedure} {name}{action.options}"
    flag = " --cure" if action.procedure == "stability" else ""
    return f"etude {action.procedure} {shlex.quote(file)}{flag}{store}" if file else ""


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
