"""The contract of procedures: functions from what is known to the next round, or an answer.

A procedure carries out a recipe of the playbook as a series of rounds. It sees data alone: no
store, no clock, no loop; the player (`player.py`) trains what it asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self, TypeAlias, TypeVar, final

from ..advise.ending import NextStep, Reason, measured_pace_s
from ..advise.exploitation import Exploitation, context_of, exploitation
from ..analyze.analysis import Analysis
from ..design.studies import studies
from ..experiment import Experiment
from ..finding import Finding, Recommendation
from ..playbook.catalogue import known
from ..record import Record, Records
from ..space import Scalar
from ..study import Prior, Study
from ..train.architecture import Architecture
from .cost import Cost, trained_steps

Setting: TypeAlias = Mapping[str, Scalar]


@final
@dataclass(frozen=True, kw_only=True)
class Round:
    """A round that was played, whole or as far as its trials came.

    Args:
        part: What it is of its procedure: `rates`. Its experiment is named with it.
        experiment: As it was played.
        records: Its trials, all ended.
        before: The rounds that led to it with their trials, the first of them first.
        prior: What the search of each study knew of them, by the study's name.
        unended: How many of its trials have not ended.
    """

    part: str
    experiment: Experiment
    records: Records
    before: tuple[tuple[Experiment, Records], ...] = ()
    prior: Mapping[str, tuple[Prior, ...]] = field(default_factory=dict)
    unended: int = 0

    @cached_property
    def studies(self) -> list[Study]:
        """Its studies."""
        designed = studies(self.experiment)
        return [replace(one, prior=self.prior.get(one.name, ())) for one in designed]

    @cached_property
    def analysis(self) -> Analysis:
        """The results of every check on it, each computed once."""
        before = [Analysis(one, studies(one), records) for one, records in self.before]
        return Analysis(self.experiment, self.studies, self.records, before=before)

    @cached_property
    def exploitation(self) -> Exploitation:
        """The search for the best score that goes on from it, and what lacks before that."""
        return exploitation(context_of(self.analysis))

    @property
    def best(self) -> Record | None:
        """Its best feasible trial, the first of equals; None without any."""
        return self.best_of({one.study for one in self.records})

    def best_of(self, names: Collection[str]) -> Record | None:
        """The best feasible trial of these studies, the first of equals; None without any."""
        judged = [
            (loss, one.id, one)
            for one in self.records
            if one.study in names and (loss := self.loss(one)) is not None
        ]
        return min(judged, key=lambda candidate: candidate[:2])[2] if judged else None

    def loss(self, record: Record) -> float | None:
        """The best value of a trial over its course, oriented so that lower is better.

        None for a trial that is infeasible, or that reported no finite value (C1).
        """
        objective = self.experiment.objective
        best = record.best(objective.metric, maximize=objective.maximize)
        if record.status not in ("completed", "stopped") or best is None:
            return None
        return objective.loss(best.value)


class Knowledge(Protocol):
    """What a procedure decides from, whichever it is."""

    @property
    def ended(self) -> str:
        """Why nothing more can be trained, in a sentence; empty while it can."""

    def with_end(self, why: str) -> Self:
        """The same, where nothing more can be trained."""


@final
@dataclass(frozen=True, kw_only=True)
class Known:
    """All that a procedure knows when it decides what comes next.

    Args:
        base: The experiment of the user's file.
        setting: The configuration that the procedure works on: a value for each hyperparameter.
        setting_source: Where that comes from, in a clause: "trial 7 of `digits`, its best".
        own_loop: Whether Etude's own loop trains it, so that its schedule, its optimizer and its
            clipping are read by their own names.
        tried: The trials of the user's file, where it was played.
        rounds: The rounds of this procedure so far, in the order in which they were played.
        pace_s: Seconds a step, as trials took them; None before any was timed.
        architecture: What a look through the module shows; None where Etude does not build it, or
            nobody looked.
        parallel: Trials at once, where known.
        ended: Why nothing more can be trained, in a sentence; empty while it can. The procedure
            answers then from what it has, `unclear` where that does not tell.
    """

    base: Experiment
    setting: Setting
    setting_source: str = ""
    own_loop: bool = False
    tried: Round | None = None
    rounds: tuple[Round, ...] = ()
    pace_s: float | None = None
    architecture: Architecture | None = None
    parallel: int | None = None
    ended: str = ""

    def round(self, part: str) -> Round | None:
        """The round of this part; None where it was not played."""
        return next((one for one in self.rounds if one.part == part), None)

    def with_round(self, played: Round) -> Known:
        """The same with one round more, and the pace of all of them."""
        rounds = (*self.rounds, played)
        pace_s = measured_pace_s([record for one in rounds for record in one.records])
        return replace(self, rounds=rounds, pace_s=pace_s or self.pace_s)

    def with_end(self, why: str) -> Known:
        """The same, where nothing more can be trained."""
        return replace(self, ended=why)

    def name_of(self, entry: str) -> str | None:
        """The user's name of what the playbook knows as `entry`; None where no setting has it.

        >>> from etude.experiment import Experiment
        >>> base = Experiment(metric="valid/error", max_steps=9, trials=1, fixed={"lr": 0.1})
        >>> Known(base=base, setting={"lr": 0.1}).name_of("learning_rate")
        'lr'
        """
        return next(iter(self.names_of(entry)), None)

    def names_of(self, entry: str) -> list[str]:
        """All of the user's names of it, in the order of the setting; a switch is none."""
        names = self.base.names
        return [
            name
            for name, value in self.setting.items()
            if (hit := known(name, names)) and hit.name == entry and hit.can_be(value)
        ]

    @property
    def spent_steps(self) -> int:
        """The training steps of the rounds so far."""
        return sum(trained_steps(one.records) for one in self.rounds)


@final
@dataclass(frozen=True, kw_only=True)
class Step:
    """The next round of a procedure, and why.

    Args:
        part: What it is of the procedure, unique among its rounds: `warmup-100`.
        experiment: What is to be trained; its name is the player's to choose.
        because: The reason in one line, at most 20 words.
        rules: The rules that ask for it.
        text: The text of its experiment file, where it is a file of the user's.
        file: The name of that file.
    """

    part: str
    experiment: Experiment
    because: str
    rules: tuple[str, ...]
    text: str = ""
    file: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a procedure ends with.

    Args:
        word: The verdict as it is read: `STABLE`.
        line: The same in at most 14 words, with its number; no full stop.
        values: The answer as JSON has it: every key of the contract, None where not known.
        table: Rows of cells, the header first; empty where there is nothing to tabulate.
        why: The heading of the reasons.
        reasons: What the answer rests on or does not know, what would change it most first.
        lines: The lines of the experiment file that follow from it.
        findings: What was found on the way, each with its rule and its trials.
        steps: What to do next, the most telling first.

    Source: R1, C14.
    """

    word: str
    line: str
    values: Mapping[str, Any]
    table: tuple[tuple[str, ...], ...] = ()
    why: str = "What it rests on"
    reasons: tuple[Reason, ...] = ()
    lines: tuple[Recommendation, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[NextStep, ...] = field(default=())


K = TypeVar("K", contravariant=True)  # what it decides from


class Procedure(Protocol[K]):
    """A recipe: the same knowledge, the same step."""

    @property
    def name(self) -> str:
        """As its command is named: `training-length`."""

    def cost(self, known: K) -> Cost:
        """What all of its rounds take at most, those that were played among them."""

    def step(self, known: K) -> Step | Answer:
        """The next round, or the answer; always an answer where `known.ended` says so."""


def listed(
    known: Known,
    settings: Sequence[Setting],
    *,
    question: str,
    max_steps: int | None = None,
    evaluations: int | None = None,
) -> Experiment:
    """An experiment that trains each of these settings once, a seed of its own each.

    A setting that stands there several times is trained as often, with other seeds (A1). What all
    share is fixed; nothing is tuned. Settings may bring hyperparameters that the user's file does
    not name, as long as all of them do.

    Args:
        known: What the procedure knows; its metric, its training code and its limits are taken.
        settings: At least one; all with the same names.
        question: What the round asks.
        max_steps: The length of its trials; None for that of the user's file.
        evaluations: How often each is evaluated; None for as often as in the user's file, or every
            step where that is more.

    Source: R12, A1.
    """
    length = max_steps or known.base.max_steps
    shared, rows = _shared_and_own(settings)
    varies = any(rows)
    return replace(
        known.base,
        question=question,
        notes="",
        parent=None,
        baseline=None,
        scientific={},
        nuisance={},
        fixed=shared,
        max_steps=length,
        evaluations=min(evaluations or known.base.evaluations, length),
        trials=0 if varies else len(settings),
        configurations=tuple(rows) if varies else (),
        search="listed" if varies else "quasi_random",
        search_options={},
        schedule=None,
        schedule_options={},
        studies="split",
        observed=(),
        constraints=(),
        acknowledge=("R6", "R7", "R9", "S3", "S10", "T4"),
    )


def _shared_and_own(settings: Sequence[Setting]) -> tuple[Setting, list[Setting]]:
    """What all settings share, and what each has beside it."""
    shared = {
        name: value
        for name, value in sorted(settings[0].items())
        if all(name in setting and setting[name] == value for setting in settings)
    }
    rows: list[Setting] = [
        {name: value for name, value in setting.items() if name not in shared}
        for setting in settings
    ]
    return shared, rows
