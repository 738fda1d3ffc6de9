"""`etude stability`: whether training breaks, whether that holds the best rate down, and cures."""

from __future__ import annotations

from typing import Annotated

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


def stability(  # noqa: PLR0913  # one parameter an option is Typer's way
    file: FileArgument,
    *,
    cure: Annotated[
        bool, typer.Option("--cure", help="Try cures where the best rate is held down.")
    ] = False,
    budget_steps: BudgetStepsOption = None,
    budget_hours: BudgetHoursOption = None,
    given: SetOption = None,
    output: LinesOption = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: RunnerOption = "auto",
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Find where training breaks, whether that holds the best rate down, and what cures it."""
    from ..procedure.opening import with_architecture
    from ..procedure.stability import Stability
    from .procedures import ProcedureOptions, play_file

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
    play_file(Stability(cure=cure), file, options, informed=with_architecture)
