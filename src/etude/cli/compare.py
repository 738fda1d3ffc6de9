"""`etude compare`: whether B is better than A, by trainings of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, StoreOption

if TYPE_CHECKING:
    from ..advise.ranking import RankedStudy
    from ..advise.search_comparison import Searches
    from ..analyze.comparison import Comparison
    from ..analyze.comparison.comparison import Side as Arm
    from ..analyze.comparison.retrainings import Retrainings
    from ..round.result import Result
    from .compare_inputs import Side

# In standard deviations: what the printed power of a plan is for. Heuristic: a large effect.
_EFFECT = 1.0


def compare(  # noqa: PLR0913  # one parameter an option is Typer's way
    a: Annotated[
        str, typer.Argument(metavar="A", help="An experiment, name:trial, or a file of values.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; judged against A.")],
    *,
    maximize: Annotated[
        bool, typer.Option("--maximize", help="Higher is better, for values from files.")
    ] = False,
    paired: Annotated[
        bool, typer.Option("--paired", help="Values were trained with the same seeds by design.")
    ] = False,
    looks: Annotated[
        str, typer.Option(metavar="N,N,...", help="Planned looks, seeds a side: 3,5,10,20.")
    ] = "",
    second_search: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A's or B's search again, with another seed."),
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Say whether B is better than A: by retrainings of both, else by their searches."""
    from .compare_inputs import sides

    again = second_search or []
    with sides([a, b, *again], store) as (first, second, *repeats):
        _two(first, second)
        direction = _direction(first, second, maximize=maximize)
        if first.retrainings and second.retrainings and not repeats:
            found = _trainings(first, second, maximize=direction, paired=paired, looks=looks)
            _show_trainings(found, first, second, json=json)
        else:
            _show_searches(*_searches(first, second, repeats), _steps(first, second), json=json)


def _two(first: Side, second: Side) -> None:
    """Refuses what is compared with itself."""
    from ..errors import RunError

    stored = first.result is not None and second.result is not None
    if first.name == second.name or (stored and first.trials and first.trials == second.trials):
        raise RunError(
            f"`{first.name}` and `{second.name}` are the same trainings. Name two that differ."
        )


def _direction(first: Side, second: Side, *, maximize: bool) -> bool:
    """Whether higher is better; refused where the two sides do not measure the same."""
    from ..errors import RunError

    known = {
        (one.result.experiment.metric, one.result.experiment.maximize)
        for one in (first, second)
        if one.result
    }
    if len(known) > 1:
        said = " and ".join(f"{name} ({'high' if up else 'low'}er is better)" for name, up in known)
        raise RunError(
            f"`{first.name}` and `{second.name}` are judged by different metrics: {said}. Compare "
            "what was measured alike."
        )
    return known.pop()[1] if known else maximize


def _trainings(
    first: Side, second: Side, *, maximize: bool, paired: bool, looks: str
) -> Comparison:
    from ..analyze.comparison import comparison
    from ..analyze.comparison.sequential import sequential_plan

    a, b = first.retrainings, second.retrainings
    assert a is not None
    assert b is not None
    if paired:
        a, b = _paired(a, b)
    metrics = [one.result.experiment.metric for one in (first, second) if one.result]
    planned = sequential_plan(_looks(looks)) if looks else None
    metric = metrics[0] if metrics else "value"
    return comparison(a, b, metric=metric, maximize=maximize, paired=paired, plan=planned)


def _looks(typed: str) -> list[int]:
    from ..errors import RunError

    try:
        return [int(each) for each in typed.split(",")]
    except ValueError:
        raise RunError(
            f"--looks takes whole numbers of seeds a side, found `{typed}`. Write for example "
            "--looks 3,5,10,20."
        ) from None


def _paired(a: Retrainings, b: Retrainings) -> tuple[Retrainings, Retrainings]:
    """Both in the order of their seeds, or as they stand where no seeds are known."""
    from ..errors import RunError

    if a.seeds and b.seeds:
        a, b = a.by_seed(), b.by_seed()
    if len(a.values) != len(b.values) or a.seeds != b.seeds:
        raise RunError(
            f"--paired needs the same seeds on both sides, found {len(a.values)} trainings of "
            f"`{a.name}` and {len(b.values)} of `{b.name}` with other seeds. Leave --paired out."
        )
    return a, b


def _searches(first: Side, second: Side, repeats: list[Side]) -> tuple[Searches, list[str]]:
    """Both searches compared, and whose best setting was trained only once."""
    from ..advise.search_comparison import searches, whole
    from ..errors import RunError

    results = [one.result for one in (first, second)]
    if results[0] is None or results[1] is None:
        lacking = first if first.retrainings is None else second
        raise RunError(
            f"The best setting of `{lacking.name}` was trained only once, which tells nothing of "
            "chance. Train it again with 5 seeds (A2), or compare it with another experiment."
        )
    standings = [whole(one.analysis) for one in results if one]
    pairs = [_again(one, results, standings) for one in repeats]
    metric = results[0].experiment.metric
    same = _only_the_seed(results[0], results[1])
    found = searches(*standings, metric=metric, repeats=pairs, same=same)
    return found, [one.name for one in (first, second) if one.retrainings is None]


def _again(
    side: Side, results: list[Result | None], standings: list[RankedStudy]
) -> tuple[RankedStudy, RankedStudy]:
    """A second search and the one that it repeats."""
    from ..advise.search_comparison import whole
    from ..errors import RunError

    for result, standing in zip(results, standings, strict=True):
        if side.result is None or result is None:
            continue
        if _only_the_seed(result, side.result):
            return whole(side.result.analysis), standing
    raise RunError(
        f"`{side.name}` repeats neither search: a second one has the same file but another seed "
        "and name. Leave --second-search out, or name such an experiment."
    )


def _only_the_seed(one: Result, other: Result) -> bool:
    """Whether two experiments ask the same with other seeds."""
    from ..experiment import changes

    return set(changes(one.experiment, other.experiment)) - {"name", "parent"} == {"seed"}


def _show_trainings(found: Comparison, first: Side, second: Side, *, json: bool) -> None:
    from ..analyze.comparison.message import message, plan_line
    from ..analyze.comparison.sequential import power
    from .output import print_json, wrapped

    said = message(found)
    if found.plan:
        seen = power(found.plan, _EFFECT)[-1]
        said += f" {plan_line(found, seen, _EFFECT)}"
    said += "".join(_left_out(one) for one in (first, second)) + _steps(first, second)
    if not json:
        typer.echo(wrapped(said))
        return
    chance, gap = found.chance, found.difference
    print_json(
        {
            "verdict": found.answer,
            "probability_better": chance.probability,
            "interval": [chance.low, chance.high],
            "more_seeds": found.more_seeds,
            "message": said,
            "basis": "trainings",
            "metric": found.metric,
            "difference": gap.by,
            "difference_interval": [gap.low, gap.high],
            "p": gap.p if gap.known else None,
            "p_failures": found.failures.p,
            "decides_below": found.level,
            "looks": list(found.plan.looks) if found.plan else None,
            "a": _as_json(found.a),
            "b": _as_json(found.b),
        }
    )


def _left_out(side: Side) -> str:
    trial = side.retrainings.selected if side.retrainings else None
    if trial is None:
        return ""
    return (
        f" Trial {trial} of `{side.name}` is left out: its value singled the setting out, so it is "
        "a lucky one (A1)."
    )


def _steps(first: Side, second: Side) -> str:
    """What is to be known where the two were not trained equally long."""
    steps = [one.result.experiment.max_steps for one in (first, second) if one.result]
    if len(set(steps)) < 2:
        return ""
    return f" They were trained for {steps[0]:,} and {steps[1]:,} steps."


def _as_json(one: Arm) -> dict[str, Any]:
    return {
        "name": one.name,
        "trainings": one.trainings,
        "failed": one.failed,
        "unlearned": one.unlearned,
        "mean": one.mean,
        "median": one.median,
        "sd": one.sd,
    }


def _show_searches(found: Searches, once: list[str], steps: str, *, json: bool) -> None:
    from ..advise.search_comparison import message
    from ..analyze.comparison.comparison import ENOUGH
    from .output import print_json, wrapped

    said = message(found, once) + steps
    if not json:
        typer.echo(wrapped(said))
        return
    print_json(
        {
            "verdict": found.answer,
            "probability_better": found.probability,
            "interval": [None, None],
            "interval_reason": "One search a side: how sure that share is cannot be known (A3).",
            "more_seeds": ENOUGH if once else 0,
            "message": said,
            "basis": "searches",
            "metric": found.metric,
            "repeated_search": found.repeated,
        }
    )
