"""`etude training-length`: whether training is compute-bound, and a first number of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .options import FileArgument, JsonOption, StoreOption
from .procedures import (
    BudgetHoursOption,
    BudgetStepsOption,
    LinesOption,
    RunnerOption,
    SetOption,
    WorkersOption,
)

if TYPE_CHECKING:
    from ..space import Scalar


WithoutOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="NAME[=VALUE]",
        help="Switch this off too, at 0, false or VALUE. [default: known regularization]",
        show_default=False,
    ),
]
FullFitOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--full-fit",
        metavar="METRIC=VALUE",
        help="What is a full fit of the training set. [default: train/error=0]",
        show_default=False,
    ),
]
MaxStepsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-steps",
        min=1,
        help="The most steps that you can afford. [default: those of FILE]",
        show_default=False,
    ),
]


def training_length(  # noqa: PLR0913  # one parameter an option is Typer's way
    file: FileArgument,
    *,
    without: WithoutOption = None,
    full_fit: FullFitOption = None,
    max_steps: MaxStepsOption = None,
    budget_steps: BudgetStepsOption = None,
    budget_hours: BudgetHoursOption = None,
    given: SetOption = None,
    output: LinesOption = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: RunnerOption = "auto",
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Find whether training is compute-bound, and the fewest steps that fit the training set."""
    from ..procedure.length.full_fit import declared_full_fit
    from ..procedure.training_length import TrainingLength
    from .procedures import ProcedureOptions, play_file

    procedure = TrainingLength(
        full_fit=None if full_fit is None else declared_full_fit(full_fit),
        without=dict(map(_switched_off, without or ())),
        max_steps=max_steps,
    )
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
    play_file(procedure, file, options)


def _switched_off(typed: str) -> tuple[str, Scalar | None]:
    """A name, and the value that means that it is not there; None where that was not typed."""
    from .typed_values import typed_value

    name, sign, value = typed.partition("=")
    return name.strip(), typed_value(value.strip()) if sign else None
