"""Result: what a round found, from the store alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

from ..design.studies import studies
from ..errors import StoreError
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..experiment.methods import SEARCHES
from ..finding import Recommendation, Verdict
from ..record import Record, Records
from ..store import open_store
from ..store.base import Store
from ..study import Prior, Study
from ..wording import did_you_mean, quantity
from . import provenance
from .checkpoint_choice import checkpoints_best_first
from .commands import with_file, with_store
from .hidden_metrics import record_look, test_metrics, without_test_values
from .judging import judged
from .next_round import NextRound, judged_edits, next_round, replay_round, seeds_round
from .notebook import Findings
from .retraining import Retraining, ended_retraining, retrained_round, retrainings_of

if TYPE_CHECKING:
    import pandas as pd

    from ..advise.context import Context
    from ..advise.ending import Ending
    from ..advise.policy import Advice
    from ..analyze.analysis import Analysis
    from ..report.notebook import Chart
    from .round_line import LineRound


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class Result:
    """Trials, findings, verdict and next round of one experiment.

    Everything is computed when first asked for, from what the store holds. `parent` is the round
    before, where the store has it; `prior` what the search of each study learned from such rounds;
    `before` all rounds that led to this one, the first of them first, with their trials. `recorded`
    are the trials as the store has them, `trained` the experiment as it was trained, where another
    metric judges it now. `retrainings` are the rounds that train its settings again, `retrains`
    names the one whose settings it trains again itself. `line` are the rounds of its line, itself
    among them; empty where it has neither a parent nor a child.
    """

    entry: Entry
    recorded: Records
    store: Store
    parent: Experiment | None = None
    prior: Mapping[str, tuple[Prior, ...]] = field(default_factory=dict)
    before: tuple[tuple[Experiment, Records], ...] = ()
    shows_test: bool = False
    trained: Experiment | None = None
    retrainings: tuple[Retraining, ...] = ()
    retrains: str = ""
    line: tuple[LineRound, ...] = ()

    @property
    def experiment(self) -> Experiment:
        """The experiment, as it was written; with the metric that it is judged by."""
        return self.entry.experiment

    @cached_property
    def records(self) -> Records:
        """The trials, without their values on test data unless these were asked for (X3)."""
        if self.shows_test:
            return self.recorded
        return without_test_values(self.experiment, self.recorded)

    @property
    def test_metrics(self) -> tuple[str, ...]:
        """The metrics of test data that the trials have, shown or not."""
        return test_metrics(self.experiment, self.recorded)

    def judged_by(self, metric: str, *, maximize: bool = False) -> Result:
        """The same trials judged by another metric that they recorded; nothing is trained again.

        What was infeasible stays so. A search that adapts chose its points by the metric of before,
        and a finding says so.

        Raises:
            RunError: where no trial has a value of it.

        Source: Q2.
        """
        return judged(self, metric, maximize=maximize)

    @cached_property
    def studies(self) -> list[Study]:
        """One for each scientific setting, or the merged one.

        Those of another tool were paid for as many trials as they have.
        """
        designed = [
            replace(one, prior=self.prior.get(one.name, ())) for one in studies(self.experiment)
        ]
        if not SEARCHES[self.experiment.search].trained_elsewhere:
            return designed
        counts = Counter(record.study for record in self.records)
        return [replace(one, max_trials=max(counts[one.name], 1)) for one in designed]

    @property
    def best(self) -> Record | None:
        """The trial with the best value of the metric; None where none is feasible."""
        metric, maximize = self.experiment.metric, self.experiment.maximize
        judged = [
            (self.experiment.objective.loss(best.value), record.id, record)
            for record in self.records
            if record.status in ("completed", "stopped")
            and (best := record.best(metric, maximize=maximize))
        ]
        return min(judged, default=(0.0, 0, None))[2]

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial: status, best value, setting."""
        from .frames import trials

        return trials(self.experiment, self.records)

    @property
    def curves(self) -> pd.DataFrame:
        """One row a logged or reported value: trial, step, metric, value."""
        from .frames import curves

        return curves(self.records)

    @cached_property
    def findings(self) -> Findings:
        """What the rules say of the design, then what every check says of the trials.

        Of a hyperparameter that nothing read, only that, and whether its name is misspelled.
        """
        from ..design.checks import findings as of_design
        from ..design.checks.judged import of_another_metric
        from .launch_code import code_of

        design = of_design(self.experiment, self.studies, self.parent, code_of(self.records))
        findings = [
            *(one for one in design if one.check == "names" or not self.analysis.unread.idle(one)),
            *of_another_metric(self.experiment, self.trained or self.experiment),
            *self.analysis.findings,
        ]
        return Findings(with_file(finding, self.entry.source) for finding in findings)

    @cached_property
    def analysis(self) -> Analysis:
        """Every result that findings, charts, verdict and advice rest on, computed once."""
        from ..analyze.analysis import Analysis

        before = [Analysis(one, studies(one), records) for one, records in self.before]
        return Analysis(self.experiment, self.studies, self.records, before=before)

    @cached_property
    def verdict(self) -> Verdict:
        """The answer to the question, as far as the evidence carries it."""
        from ..advise.verdict import verdict

        return verdict(self.analysis, self.findings)

    @property
    def recommendations(self) -> Sequence[Recommendation]:
        """What the next round should change; nothing before this one is over."""
        return self.advice.recommendations

    @cached_property
    def advice(self) -> Advice:
        """The first step of the playbook's order that asks for a change, and what waits."""
        return self._advised(self.context, exploit=False)

    def _advised(self, context: Context, *, exploit: bool) -> Advice:
        from ..advise.policy import EXPLOITATION, EXPLORATION, Advice, advice

        # What another tool left running never ends here: its next import is another experiment.
        elsewhere = SEARCHES[self.experiment.search].trained_elsewhere
        # Without a trial nothing was learned yet.
        if not self.records or not (elsewhere or all(record.ended for record in self.records)):
            return Advice()
        taken = advice(context, EXPLOITATION if exploit else EXPLORATION)
        edits = judged_edits(self.experiment, self.trained or self.experiment)
        if not (edits and taken.recommendations):
            return taken
        return replace(taken, recommendations=(*edits, *taken.recommendations))

    @cached_property
    def context(self) -> Context:
        """The round as advice takes it: its results, its findings and its verdict."""
        from ..advise.context import Context
        from .answer import answer_status, changed_since

        return Context(
            analysis=self.analysis,
            findings=self.findings,
            verdict=self.verdict,
            own_loop=self.entry.has_own_loop,
            retraining=self.retraining,
            retraining_status=answer_status(self),
            retraining_changed=changed_since(self),
            retrains=self.retrains,
        )

    @cached_property
    def retraining(self) -> str:
        """The ended round that trained its best settings again; empty where the store has none."""
        from ..advise.follow_up import SEEDS

        if not any(one.ended for one in self.retrainings) or not self.verdict.best_trials:
            return ""
        return ended_retraining(self.retrainings, self.retrained(SEEDS).experiment, SEEDS)

    def ending(self, store: str = "", judge: str = "") -> Ending:
        """What a person reads of the round: verdict, table, why not yet, what next.

        Args:
            store: The option that names the store in commands to type, with a space before it.
            judge: The options that name another metric, likewise.
        """
        from ..advise.ending import ending
        from ..advise.next_actions import next_actions

        actions = next_actions(self.context, self.advice, self._own_records)
        actions = [replace(one, text=with_store(one.text, store)) for one in actions]
        return ending(
            self.context,
            actions,
            left_to_you=self.left_to_you,
            file=self.entry.source,
            store=store,
            judge=judge,
        )

    @property
    def _own_records(self) -> Sequence[Record]:
        """The trials that a round waits for: of another tool's, those that ended."""
        elsewhere = SEARCHES[self.experiment.search].trained_elsewhere
        return self.records.ended() if elsewhere else self.records

    def html(self, *, paths: bool = False, logs: bool = False) -> str:
        """The report as one page that needs nothing else.

        Args:
            paths: Whether the folders and the names of users in it stand as they were recorded.
            logs: Whether the last lines that trials printed are in it, without what looks like
                a secret.
        """
        from ..report.page import page
        from .logs import last_lines
        from .report_inputs import report_inputs

        inputs = replace(report_inputs(self), paths=paths)
        if logs:
            printed, left_out = last_lines(self.store.files, self.records, self.experiment)
            inputs = replace(inputs, logs=printed, logs_left_out=left_out)
        return page(inputs)

    def report(
        self, path: str | Path, *, format: Literal["html", "png", "svg"] = "html"
    ) -> list[Path]:
        """Writes the report as one page, or its charts as pictures in a folder; the files.

        Args:
            path: Of the page, or of the folder.
            format: `html` for the page.

        Raises:
            OSError: where it cannot be written.
        """
        from ..disk.file import write_whole

        place = Path(path)
        if format == "html":
            write_whole(place, self.html())
            return [place]
        from ..report.export import export
        from .report_inputs import report_inputs

        return export(report_inputs(self), place, format)

    def plot(self, name: str) -> Chart:
        """A chart of the report by its name, for a notebook: `curves`, `strip`, `axis-1-dropout`.

        Raises:
            RunError: for a name that no chart has, with those that there are.
        """
        from ..report.figures import figures
        from ..report.notebook import chart_named

        return chart_named(figures(self.analysis), name)

    @property
    def left_to_you(self) -> list[str]:
        """What to do where no change of the file is recommended, a sentence each."""
        from ..advise.next_steps import manual_steps

        return manual_steps(self.context, self._own_records, self.advice)

    def next(self, *, exploit: bool = False, retraining: str | None = None) -> NextRound | None:
        """The next round as a file that differs by a few lines; None where no check asks it.

        Where nothing but the luck of single trainings keeps a lead open, the round trains the best
        settings again.

        Args:
            exploit: Whether exploration is over: a search that adapts takes over, in a space
                redrawn where that is asked for. Nothing changes where studies are compared.
            retraining: The round that trained its best settings again, empty for none; None for
                what the store says.
        """
        context = self.context
        if retraining is not None and retraining != context.retraining:
            context = replace(context, retraining=retraining)
        known = context is self.context and not exploit
        advice = self.advice if known else self._advised(context, exploit=exploit)
        if advice.seeds:
            again = self.retrained(advice.seeds)
            return replace(again, waiting=advice.waiting, left_to_you=advice.words)
        return next_round(self.entry, advice)

    def replay(self, study: str | None = None, *, repeats: int = 1) -> NextRound:
        """The schedule that a population found, as the file of an experiment that trains it again.

        Args:
            study: Whose schedule; None for that of the best trial.
            repeats: How many trials train it, each with a seed of its own (A2).

        Raises:
            RunError: where no trial was forked, so that no schedule was found.
        """
        name = study or (self.best.study if self.best else "")
        return replay_round(self.experiment, self.studies, self.records, name, repeats=repeats)

    def retrained(self, seeds: int) -> NextRound:
        """The best settings of the two leading studies, as an experiment with so many seeds each.

        Raises:
            RunError: where no trial is feasible, so that there is no best setting.
        """
        by_id = {record.id: record for record in self.records}
        compared = {study.name: study for study in self.analysis.compared_studies}
        rows = [row for row in self.verdict.rows if row.trial is not None]
        if self.analysis.unread.nothing_compared:
            # What differs between the leaders is read by nobody: there is no lead to retrain.
            rows = rows[:1]
        best = [(compared[row.study], by_id[row.trial]) for row in rows[:2] if row.trial in by_id]
        return seeds_round(self.experiment, best, seeds=seeds, known=self.retrainings)

    @property
    def best_checkpoint(self) -> list[Path]:
        """The folder of the best trial's best checkpoint, if it wrote any."""
        return self.checkpoints[:1]

    @property
    def checkpoints(self) -> list[Path]:
        """The folders of the best trial's checkpoints, best first, by the metric that judges.

        As many as `keep_checkpoints` says, and the last: training keeps them, and which of them is
        used is decided afterwards.

        Source: K1.
        """
        if self.best is None:
            return []
        folder = self.store.files.checkpoints(self.experiment.name, self.best.id)
        return checkpoints_best_first(self.best, self.experiment.objective, folder)

    def __repr__(self) -> str:
        """One line: the experiment, its trials, the verdict."""
        ending = self.ending()
        trials = quantity(self.records.count(), "trial")
        return f"Result({self.experiment.name}: {trials}; {ending.word}: {ending.line})"

    def _repr_html_(self) -> str:
        from ..report.notebook import first_screen

        return first_screen(self.ending(), self.analysis, self.verdict.rows)


def load(store: Store | str | Path, name: str | None = None, *, test: bool = False) -> Result:
    """The result of an experiment as it stands; without a name, of the one run last.

    Args:
        store: A Store, or the path of one, which is read whole and closed.
        name: Of the experiment.
        test: Whether values on test data are shown; that is a look, and is written down (X3).

    Raises:
        StoreError: for a store that cannot be read, is empty, or has no experiment of this name.
    """
    if isinstance(store, str | Path):
        with closing(open_store(store, create=False)) as opened_store:
            result = load(opened_store, name, test=test)
            read_whole(result)
            return result
    entries = store.entries()
    if not entries:
        raise StoreError("This store holds no experiment yet. Run one first: `etude run FILE`.")
    names = [entry.experiment.name for entry in entries]
    if name is not None and name not in names:
        raise StoreError(
            f"There is no experiment `{name}` in this store. {did_you_mean(name, names)}"
        )
    entry = run_last(entries) if name is None else entries[names.index(name)]
    from .prior import known_prior
    from .round_line import line_of

    parent = parent_in(entries, entry.experiment)
    result = Result(
        entry=entry,
        recorded=store.records(entry.experiment.name),
        store=store,
        parent=parent,
        prior=known_prior(store, entry.experiment),
        before=rounds_before_in(store, entries, entry.experiment),
        shows_test=test,
        retrainings=retrainings_of(store, entries, entry.experiment.name),
        retrains=retrained_round(store, entry.experiment, parent),
        line=line_of(store, entries, entry.experiment),
    )
    if test and result.test_metrics:
        record_look(store.files.test_looks, entry.experiment.name, provenance.command())
    return result


def read_whole(result: Result) -> None:
    """Reads the trials, those of the rounds before among them, while the store is open."""
    before = (records for _, records in result.before)
    again = (one.records for one in result.retrainings)
    line = (one.records for one in result.line)
    for records in (result.recorded, *before, *again, *line):
        records[:]


def rounds_before_in(
    store: Store, entries: Sequence[Entry], experiment: Experiment
) -> tuple[tuple[Experiment, Records], ...]:
    """The rounds that led to an experiment with their trials, the first of them first."""
    from .prior import ancestors

    chain = [(one, store.records(one.name)) for one in ancestors(entries, experiment)]
    return tuple(chain[::-1])


def parent_in(entries: Sequence[Entry], experiment: Experiment) -> Experiment | None:
    """The round before, where a store has it."""
    known = (entry.experiment for entry in entries)
    return next((one for one in known if one.name == experiment.parent), None)


def run_last(entries: Sequence[Entry]) -> Entry:
    """The experiment that was run last, of at least one; of equals the one that came last."""
    at = max(range(len(entries)), key=lambda place: (_started(entries[place]), place))
    return entries[at]


def _started(entry: Entry) -> str:
    return entry.launches[-1].started if entry.launches else ""
