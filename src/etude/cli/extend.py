"""`etude extend`: a short round trained for longer, or a small model made larger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .options import JsonOption, NameArgument, StoreOption
from .procedures import (
    BudgetHoursOption,
    BudgetStepsOption,
    LinesOption,
    RunnerOption,
    SetOption,
    WorkersOption,
)

if TYPE_CHECKING:
    from ..procedure.extend import Extend
    from ..procedure.extension.model_size import ModelSize
    from ..procedure.player import Outcome


_MaxSteps: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-steps", min=2, help="The length to arrive at.", show_default=False),
]
_Rounds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=3,
        help="Rounds of growing length. [default: so that none grows more than tenfold]",
        show_default=False,
    ),
]
_Model: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=V1,V2",
        help="In place of --max-steps: the best rate against the size of the model.",
        show_default=False,
    ),
]
_Picture: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw it: FILE.svg, FILE.png or FILE.html.", show_default=False
    ),
]


def extend(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: NameArgument = None,
    *,
    max_steps: _MaxSteps = None,
    rounds: _Rounds = None,
    model: _Model = None,
    picture: _Picture = None,
    budget_steps: BudgetStepsOption = None,
    budget_hours: BudgetHoursOption = None,
    given: SetOption = None,
    output: LinesOption = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: RunnerOption = "auto",
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Train what a short round concluded for longer, or larger, and see what turns."""
    from .chart_file import write_picture
    from .procedures import ProcedureOptions, play_stored

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
    procedure = _procedure(max_steps, rounds, model, picture)
    outcome = play_stored(procedure, name, options)
    if picture is not None:
        write_picture(picture, _chart(procedure, outcome), json=json)


def _procedure(
    max_steps: int | None, rounds: int | None, model: str | None, picture: Path | None
) -> Extend | ModelSize:
    """What was asked for.

    Raises:
        RunError: for neither a length nor a model, for both, or for a picture of another kind.
    """
    from ..errors import RunError
    from ..procedure.extend import Extend
    from ..procedure.extension.model_size import ModelSize
    from .chart_file import refuse_picture
    from .typed_values import typed_value

    if (max_steps is None) == (model is None):
        raise RunError(
            "`etude extend` takes one way: --max-steps N for a longer training, or "
            "--model NAME=V1,V2 for a larger model."
        )
    refuse_picture(picture)
    if max_steps is not None:
        return Extend(max_steps=max_steps, rounds=rounds)
    if rounds is not None:
        raise RunError("--rounds is of --max-steps: a larger model is trained at one length.")
    assert model is not None
    axis, sign, values = model.partition("=")
    sizes = tuple(typed_value(one.strip()) for one in values.split(",") if one.strip())
    if not (sign and axis.strip()) or len(set(sizes)) < 2:
        raise RunError(
            f"--model takes a name and two values or more, got `{model}`. "
            "For example --model width=64,256."
        )
    return ModelSize(axis=axis.strip(), sizes=tuple(dict.fromkeys(sizes)))


def _chart(procedure: Extend | ModelSize, outcome: Outcome) -> tuple[Any, str] | None:
    """The chart of an answer with its caption; None where there is nothing to draw."""
    from ..plot import added_steps, rates_by_size
    from ..procedure.extend import Extend

    if isinstance(procedure, Extend):
        added = procedure.added_steps(outcome.known)
        return None if added is None else (added_steps.draw(added), added_steps.caption(added))
    rates = procedure.rates(outcome.known)
    if rates is None:
        return None
    return rates_by_size.draw(rates), rates_by_size.caption(rates)
