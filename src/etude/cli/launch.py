"""`etude launch`: the baseline trained again with several seeds, its test values looked at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..procedure.launch import LaunchSummary

# A2's own number.
_SEEDS = 5


def launch(
    *,
    baseline: BaselineOption = Path("baseline.toml"),
    seeds: Annotated[int, typer.Option(min=1, help="Trainings, each with a seed.")] = _SEEDS,
    max_steps: Annotated[
        int | None,
        typer.Option(min=1, help="The full length. [default: as adopted]", show_default=False),
    ] = None,
    runner: Annotated[
        str, typer.Option(help="`processes`, or `inline` to debug in this process.")
    ] = "processes",
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Train the baseline with several seeds at full length, and look at the test data once."""
    from ..experiment import baseline as launched_file
    from ..experiment.toml.write import dumps
    from ..procedure.launch import experiment, summarize_launch
    from ..round.run import run
    from ..store import location
    from .next import written
    from .options import kept

    adopted = launched_file.read(baseline).last
    asked = experiment(adopted, seeds=seeds, max_steps=max_steps)
    place = baseline.parent / adopted.folder / f"{asked.name}-{seeds}-seeds.toml"
    written(place, dumps(asked))
    result = run(place, store=kept(location(store)), runner=runner)
    found = summarize_launch(result, looks_of(baseline))
    _show(found, place, json=json)


def looks_of(baseline: Path) -> Path:
    """The file beside a baseline that remembers when test data were looked at."""
    return baseline.with_name(f"{baseline.stem}.test-looks.toml")


def _show(found: LaunchSummary, place: Path, *, json: bool) -> None:
    from ..procedure.launch import X4_WARNING
    from .output import print_json, setting_line, wrapped

    checkpoint = str(found.checkpoint) if found.checkpoint else None
    if json:
        said = {name: value for name, value in vars(found).items() if name != "checkpoint"}
        print_json({**said, "checkpoint": checkpoint, "message": found.message, "x4": X4_WARNING})
        return
    typer.echo(f"Launch: {place}")
    typer.echo(wrapped(found.message))
    if checkpoint:
        typer.echo(f"Best checkpoint: {checkpoint} (trial {found.best})")
    if found.test:
        typer.echo(f"Test data, first looked at {found.looked} (X3): {setting_line(found.test)}")
        if found.before:
            typer.echo(
                wrapped(
                    f"They were looked at before, for {', '.join(found.before)}: the more often, "
                    "the less they tell (X3)."
                )
            )
    else:
        typer.echo("No `test/...` metric was reported, so no test data were looked at (X3).")
    typer.echo(wrapped(X4_WARNING))
