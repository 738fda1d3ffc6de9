"""`etude batch-size`: the sizes that fit, their throughput, and the largest that is useful."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, final

import typer

from .measurements import batch_size_name, memory_size, refusals_of, refuse_failure
from .options import FileArgument, JsonOption, StoreOption
from .procedures import (
    BudgetHoursOption,
    BudgetStepsOption,
    LinesOption,
    ProcedureOptions,
    RunnerOption,
    SetOption,
    WorkersOption,
)

if TYPE_CHECKING:
    from ..procedure.base import Known, Procedure
    from ..procedure.batch.history import History
    from ..procedure.batch.throughput import Throughput
    from ..procedure.batch.turns import Next
    from ..procedure.measurement_file import MeasurementFile
    from ..procedure.measuring import Measuring
    from ..procedure.opening import Training

MemoryOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="What a training may hold, 2GiB. [default: half of what is free; a GPU's own]",
        show_default=False,
    ),
]
MaxBatchOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-batch", min=1, help="The largest size to try.", show_default=False),
]
TargetOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="METRIC=VALUE",
        help="Also train each size until it is there: steps to target against batch.",
        show_default=False,
    ),
]
PictureOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw it: FILE.svg, FILE.png or FILE.html.", show_default=False
    ),
]


OneOffOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--one-off",
        min=0,
        metavar="HOURS",
        help="Spent once for a larger batch; with --target.",
        show_default=False,
    ),
]
AgainOption: TypeAlias = Annotated[
    bool, typer.Option("--again", help="Measure anew what is known already.")
]


@final
@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What was typed of the measuring."""

    options: ProcedureOptions
    memory: str | None
    max_batch: int | None
    again: bool
    target: str | None
    one_off_h: float | None
    picture: Path | None

    @property
    def memory_bytes(self) -> int | None:
        return None if self.memory is None else memory_size(self.memory)

    def refuse(self) -> None:
        """Refuses what cannot be, before anything is trained: all of it at once.

        Raises:
            RunError: then.
        """
        from ..errors import RunError
        from ..procedure.batch.target_metric import declared_target
        from .chart_file import refuse_picture

        refusals = []
        if self.one_off_h is not None and self.target is None:
            refusals += ["--one-off needs --target: it is weighed against the time to a target."]
        refusals += refusals_of(memory_size, self.memory)
        refusals += refusals_of(declared_target, self.target)
        refusals += refusals_of(refuse_picture, self.picture)
        if refusals:
            raise RunError("\n".join(refusals))


def batch_size(  # noqa: PLR0913  # one parameter an option is Typer's way
    file: FileArgument,
    *,
    memory: MemoryOption = None,
    max_batch: MaxBatchOption = None,
    target: TargetOption = None,
    one_off: OneOffOption = None,
    again: AgainOption = False,  # a flag of the command line
    picture: PictureOption = None,
    budget_steps: BudgetStepsOption = None,
    budget_hours: BudgetHoursOption = None,
    given: SetOption = None,
    output: LinesOption = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: RunnerOption = "auto",
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Find the batch sizes that fit, their throughput, and the largest that is useful."""
    options = ProcedureOptions(
        budget_steps=budget_steps,
        budget_hours=budget_hours,
        given=tuple(given or ()),
        store=store,
        workers=workers,
        runner=runner,
        output=output,
        json=json,
    )
    asked = _Asked(
        options=options,
        memory=memory,
        max_batch=max_batch,
        again=again,
        target=target,
        one_off_h=one_off,
        picture=picture,
    )
    _play(asked, file)


def _play(asked: _Asked, file: Path) -> None:
    from .procedures import play_chosen

    asked.refuse()
    choice = _Choice(asked)
    play_chosen(choice, file, asked.options)
    if asked.picture is not None:
        choice.draw(asked.picture)


@final
class _Choice:
    """Measures the batch sizes of a file, and gives the procedure that answers."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._measured: object = None

    def __call__(self, known: Known, training: Training) -> Procedure[Known]:
        from ..procedure.batch.history import History
        from ..procedure.batch.measurement import measured
        from ..procedure.batch.throughput import Throughput
        from ..procedure.batch_size import tuned_rate
        from ..procedure.measurement_file import MeasurementFile

        measuring = _measuring(self._asked, known, training)
        if self._asked.target is not None:
            tuned_rate(known)  # what has none is refused before minutes of measuring
        file = MeasurementFile(training.store.files.batch_sizes)
        stored = None if self._asked.again else file.read(known.base.name)
        history = History()
        if stored is not None:
            # What failed is tried again: a missing file may be there now.
            kept = stored.history.without_failures()
            history = self._known_before(stored.fingerprint, kept, measuring)
        history, ended = _measure(self._asked, measuring, history, file)
        refuse_failure(history)
        self._measured = result = measured(measuring.name, history, cores=measuring.threads)
        procedure = Throughput(measured=result, history=history, ended=ended)
        if self._asked.target is None:
            return procedure
        return _to_target(self._asked, procedure, known)

    def _known_before(self, old: object, history: History, measuring: Measuring) -> History:
        """The probes of before, of every size, where they are of the same training."""
        from ..procedure.batch.fingerprint import differences
        from ..procedure.batch.history import History
        from ..procedure.batch.turns import within
        from ..wording import conjunction, quantity
        from .procedures import say_aside

        assert isinstance(old, dict)
        if changed := differences(old, measuring.fingerprint):
            why = f"since {conjunction(list(changed[:3]))} (S7)"
            say_aside(self._asked.options, f"Measured anew, {why}.")
            return History()
        if count := len(within(history, measuring.limits).probes):
            probes = quantity(count, "probe is", "probes are")
            say_aside(self._asked.options, f"{probes} known from before; `--again` measures anew.")
        return history

    def draw(self, picture: Path) -> None:
        """Draws the throughput of each size."""
        from ..plot import throughput
        from ..procedure.batch.measured import Measured
        from .chart_file import write_picture

        assert isinstance(self._measured, Measured)
        sizes = [one for one in self._measured.feasible if one.examples_per_s is not None]
        drawn = None
        if sizes:
            name = self._measured.name
            rows = [
                throughput.SizeRow(
                    size=one.batch_size,
                    mean=one.examples_per_s or 0.0,
                    low=one.examples_per_s_low,
                    high=one.examples_per_s_high,
                )
                for one in sizes
            ]
            useful = self._measured.useful
            drawn = throughput.draw(name, rows, useful), throughput.caption(name, rows, useful)
        write_picture(picture, drawn, json=self._asked.options.json)


def _measuring(asked: _Asked, known: Known, training: Training) -> Measuring:
    """What is measured, and how.

    Raises:
        RunError: where there is no training code, or no batch size.
    """
    from ..errors import RunError
    from ..procedure import measuring as measures
    from ..procedure.batch.turns import Limits

    if known.base.train is None:
        raise RunError(
            f"`{known.base.name}` has no training code here. Name it in [experiment]: "
            'train = "train.py:train".'
        )
    name = batch_size_name(known)
    environment = measures.trial_environment(asked.options.workers, known.base.resources)
    limits = Limits(own=int(known.setting[name]), most=asked.max_batch or Limits.most)
    return measures.Measuring(
        experiment=known.base,
        setting=known.setting,
        name=name,
        folder=training.folder,
        path=tuple(sys.path),
        memory_bytes=asked.memory_bytes or measures.default_memory_bytes(environment),
        typed_bytes=asked.memory_bytes,
        environment=environment,
        limits=limits,
    )


def _measure(
    asked: _Asked, measuring: Measuring, before: History, file: MeasurementFile
) -> tuple[History, str]:
    """The probes of the sizes up to the limit, and why they ended early; the file has all."""
    from ..procedure.batch.records import StoredMeasurement
    from ..procedure.batch.turns import next_probe, with_larger, within
    from ..procedure.measuring import measure

    name, limits = measuring.experiment.name, measuring.limits
    history = within(before, limits)
    if next_probe(history, limits) is not None:
        _say_way(asked, measuring)
    return measure(
        measuring,
        history,
        tell=lambda wanted, known: _tell(asked, measuring, wanted, known),
        keep=lambda known: file.write(
            name, StoredMeasurement(measuring.fingerprint, with_larger(known, before, limits))
        ),
        exceeded=lambda known, wanted: _exceeded(
            asked.options, measuring, known, wanted, already=history
        ),
    )


def _say_way(asked: _Asked, measuring: Measuring) -> None:
    from ..wording import quantity
    from .procedures import say_aside

    size = measuring.memory_bytes
    limit = "its memory" if size is None else f"{size / 2**30:.1f} GiB of memory"
    say_aside(
        asked.options,
        f"Powers of two, each in a process of its own, until {limit} or the examples run out, "
        f"with {quantity(measuring.threads, 'thread')}.",
    )


def _say_cost(asked: _Asked, measuring: Measuring, history: History) -> None:
    """What all of it takes at most, by the first probe."""
    from ..procedure.batch.turns import most_sizes
    from ..procedure.measuring import most_s
    from ..wording import duration
    from .procedures import say_aside

    sizes, most = (of(history, measuring.limits) for of in (most_sizes, most_s))
    text = f"  at most {duration(most)} more for up to {sizes} sizes, most often a third of it"
    say_aside(asked.options, text)


def _tell(asked: _Asked, measuring: Measuring, wanted: Next, history: History) -> None:
    """A line before each size is tried, and before each turn after that."""
    from ..procedure.batch.turns import turn_sizes
    from ..wording import join
    from .procedures import say_aside

    last = history.probes[-1] if history.probes else None
    if len(history.sizes) == 1 and wanted.turn == 1:
        _say_cost(asked, measuring, history)
    if wanted.turn == 1:
        say_aside(asked.options, f"  {measuring.name} = {wanted.batch_size:,}")
    elif last is not None and last.turn != wanted.turn:
        sizes = [f"{one:,}" for one in turn_sizes(history, wanted.turn, measuring.limits)]
        say_aside(asked.options, f"  once more, turn {wanted.turn}: {join(sizes, most=4)}")


def _exceeded(
    options: ProcedureOptions,
    measuring: Measuring,
    history: History,
    wanted: Next,
    *,
    already: History,
) -> str:
    """Why no more may be spent by this command, in a sentence; empty while it may."""
    from ..procedure.measuring import most_s, spent_s

    steps = sum(one.steps for one in history.probes[len(already.probes) :])
    if options.budget_steps is not None and steps >= options.budget_steps:
        return f"{steps:,} training steps are spent, which `--budget-steps` allows."
    seconds = spent_s(history) - spent_s(already)
    if options.budget_hours is not None and seconds >= 3600 * options.budget_hours:
        return "The time that `--budget-hours` allows is spent."
    if wanted.turn > 1 and seconds >= most_s(history, measuring.limits):
        return "The time that was said at first is spent; the same command goes on."
    return ""


def _to_target(asked: _Asked, procedure: Throughput, known: Known) -> Procedure[Known]:
    """The procedure that trains each size to a target.

    Raises:
        RunError: for a target that cannot be.
    """
    from ..procedure.batch.target_metric import declared_target
    from ..procedure.batch_size import steps_to_target

    return steps_to_target(
        procedure.measured,
        declared_target(asked.target or ""),
        one_off_h=asked.one_off_h,
        measuring=procedure.step(known),
    )
