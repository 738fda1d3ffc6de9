"""`etude compare`: whether B is better than A, by trainings of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .completion import experiment_names
from .options import JsonOption, Judge, MetricOption, StoreOption
from .procedures import ProcedureOptions, RunnerOption, WorkersOption

if TYPE_CHECKING:
    from ..advise.ending import Reason
    from ..advise.ranking import RankedStudy
    from ..advise.search_comparison import Searches
    from ..analyze.comparison import Comparison
    from ..analyze.comparison.comparison import Side
    from ..analyze.comparison.retrainings import Retrainings
    from ..round.result import Result
    from .compare_inputs import Input
    from .output import Answer
    from .splits import Splits

_A: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="A",
        help="An experiment, name:trial, or a file of values.",
        autocompletion=experiment_names,
    ),
]
_B: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="B",
        help="The same; judged against A. With --splits it may be left out.",
        autocompletion=experiment_names,
    ),
]
_Maximize: TypeAlias = Annotated[
    bool, typer.Option("--maximize", help="Higher is better: of --metric, or in files.")
]
_Paired: TypeAlias = Annotated[
    bool, typer.Option("--paired", help="Values were trained with the same seeds by design.")
]
_Looks: TypeAlias = Annotated[
    str, typer.Option(metavar="N,N,...", help="Planned looks, seeds a side: 3,5,10,20.")
]
_Second: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A's or B's search again, with another seed."),
]
_Splits: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--splits",
        metavar="K",
        help="Train both, or A alone, on K other splits of the data first: what varies?",
        show_default=False,
    ),
]
# In standard deviations: what the printed power of a plan is for. Heuristic: a large effect.
_EFFECT = 1.0


def compare(  # noqa: PLR0913  # one parameter an option is Typer's way
    a: _A,
    b: _B = None,
    *,
    metric: MetricOption = None,
    maximize: _Maximize = False,
    paired: _Paired = False,
    looks: _Looks = "",
    second_search: _Second = None,
    splits: _Splits = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: RunnerOption = "auto",
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Say whether B is better than A: by retrainings of both, else by their searches."""
    from .compare_inputs import inputs
    from .output import show, store_option

    judge = Judge(metric, maximize and metric is not None)
    names = _names(a, b, splits)
    trained = None
    if splits is not None:
        options = ProcedureOptions(store=store, workers=workers, runner=runner, json=json)
        trained = _on_splits(names, splits, judge, options)
    if trained is not None and b is None:
        show(trained.answer(), json=json)
        return
    with inputs([*names, *(second_search or [])], store, judge) as (first, second, *repeats):
        _refuse_same(first, second)
        direction = _direction(first, second, maximize=maximize)
        if first.retrainings and second.retrainings and not repeats:
            result = _by_trainings(first, second, maximize=direction, paired=paired, looks=looks)
            answer = _trainings_answer(result, first, second, trained, store_option(store))
        else:
            answer = _searches_answer(first, second, repeats, trained, store_option(store))
        show(answer if trained is None else _both(answer, trained), json=json)


def _on_splits(
    names: Sequence[str], splits: int, judge: Judge, options: ProcedureOptions
) -> Splits:
    """The settings trained on other splits; what cannot be compared is refused before that."""
    from .compare_inputs import inputs
    from .splits import play_splits, refuse_splits

    refuse_splits(names, splits)
    with inputs(names, options.store, judge) as known:
        if len(known) == 2:
            _refuse_same(*known)
            _direction(*known, maximize=False)
    return play_splits(names, splits, judge, options)


def _names(a: str, b: str | None, splits: int | None) -> list[str]:
    """Those to compare: two, or a single one on other splits."""
    from ..errors import RunError

    if b is None and splits is None:
        raise RunError(
            f"A comparison takes two, got `{a}` alone. Name a second, or add --splits 5 to see "
            "how much another split of the data changes this one."
        )
    return [a] if b is None else [a, b]


def _both(answer: Answer, trained: Splits) -> Answer:
    """A comparison with the variances below it."""
    from .output import Answer

    variances = trained.answer()
    return Answer(
        lines=lambda: [*answer.lines(), *variances.lines()],
        json=lambda: {**answer.json(), "splits": variances.json()},
    )


def _refuse_same(first: Input, second: Input) -> None:
    """Refuses what is compared with itself."""
    from ..errors import RunError

    stored = first.result is not None and second.result is not None
    if first.name == second.name or (stored and first.trials and first.trials == second.trials):
        raise RunError(
            f"`{first.name}` and `{second.name}` are the same trainings. Name two that differ."
        )


def _direction(first: Input, second: Input, *, maximize: bool) -> bool:
    """Whether higher is better; refused where the two sides do not measure the same."""
    from ..errors import RunError

    known = {one.result.experiment.objective for one in (first, second) if one.result}
    if len(known) > 1:
        metrics = " and ".join(f"{one.metric} ({one.better} is better)" for one in known)
        raise RunError(
            f"`{first.name}` and `{second.name}` are judged by different metrics: {metrics}. "
            "Compare what was measured alike."
        )
    return known.pop().maximize if known else maximize


def _by_trainings(
    first: Input, second: Input, *, maximize: bool, paired: bool, looks: str
) -> Comparison:
    from ..analyze.comparison import comparison
    from ..analyze.comparison.sequential import sequential_plan

    a, b = first.retrainings, second.retrainings
    assert a is not None
    assert b is not None
    if paired:
        a, b = _by_seed(a, b)
    metrics = [one.result.experiment.metric for one in (first, second) if one.result]
    plan = sequential_plan(_looks(looks)) if looks else None
    metric = metrics[0] if metrics else "value"
    return comparison(a, b, metric=metric, maximize=maximize, paired=paired, plan=plan)


def _looks(typed: str) -> list[int]:
    from ..errors import RunError

    try:
        return [int(count) for count in typed.split(",")]
    except ValueError:
        raise RunError(
            f"--looks takes whole numbers of seeds a side, found `{typed}`. Write for example "
            "--looks 3,5,10,20."
        ) from None


def _by_seed(a: Retrainings, b: Retrainings) -> tuple[Retrainings, Retrainings]:
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


def _by_searches(first: Input, second: Input, repeats: list[Input]) -> Searches:
    from ..advise.search_comparison import searches, whole
    from ..errors import RunError

    results = first.result, second.result
    if results[0] is None or results[1] is None:
        lacking = first if first.retrainings is None else second
        raise RunError(
            f"The best setting of `{lacking.name}` was trained only once, which tells nothing of "
            "chance. Train it again with 5 seeds (A2), or compare it with another experiment."
        )
    ranked = [whole(one.analysis) for one in results if one]
    pairs = [_repeated_pair(one, results, ranked) for one in repeats]
    metric = results[0].experiment.metric
    same = _only_the_seed(results[0], results[1])
    return searches(*ranked, metric=metric, repeats=pairs, same=same)


def _repeated_pair(
    repeat: Input, results: Sequence[Result | None], ranked: Sequence[RankedStudy]
) -> tuple[RankedStudy, RankedStudy]:
    """A second search and the one that it repeats."""
    from ..advise.search_comparison import whole
    from ..errors import RunError

    again = repeat.result
    for result, study in zip(results, ranked, strict=True):
        if again is not None and result is not None and _only_the_seed(result, again):
            return whole(again.analysis), study
    raise RunError(
        f"`{repeat.name}` repeats neither search: a second one has the same file but another seed "
        "and name. Leave --second-search out, or name such an experiment."
    )


def _only_the_seed(one: Result, other: Result) -> bool:
    """Whether two experiments ask the same with other seeds."""
    from ..experiment import changes

    return set(changes(one.experiment, other.experiment)) - {"name", "parent"} == {"seed"}


# --- what is said of it


def _trainings_answer(
    result: Comparison, first: Input, second: Input, trained: Splits | None, store: str
) -> Answer:
    from ..advise.comparison_ending import trainings_ending
    from ..analyze.comparison.message import message, plan_line
    from ..analyze.comparison.sequential import power
    from .output import Answer, ending_lines

    sentences = message(result)
    if result.plan:
        reach = power(result.plan, _EFFECT)[-1]
        sentences += f" {plan_line(result, reach, _EFFECT)}"
    sentences += "".join(_left_out(one) for one in (first, second)) + _steps(first, second)
    experiments = [one.result.experiment.name for one in (first, second) if one.result]
    notes = trained.notes(result.difference.by) if trained else []
    notes = [*notes, *_notes(first, second)]
    ending = trainings_ending(result, notes, experiments, store=store)
    return Answer(
        lines=lambda: ending_lines(ending), json=lambda: _trainings_as_json(result, sentences)
    )


def _trainings_as_json(result: Comparison, sentences: str) -> dict[str, Any]:
    chance, gap = result.chance, result.difference
    return {
        "verdict": result.answer,
        "probability_better": chance.probability,
        "interval": [chance.low, chance.high],
        "more_seeds": result.more_seeds,
        "message": sentences,
        "basis": "trainings",
        "metric": result.metric,
        "difference": gap.by,
        "difference_interval": [gap.low, gap.high],
        "p": gap.p if gap.known else None,
        "p_failures": result.failures.p,
        "decides_below": result.level,
        "looks": list(result.plan.looks) if result.plan else None,
        "a": _side_as_json(result.a),
        "b": _side_as_json(result.b),
    }


def _notes(first: Input, second: Input) -> list[Reason]:
    """What is to be known of the two beside their values."""
    from ..advise.ending import Reason

    chosen = [
        f"Trial {one.retrainings.selected} of `{one.name}` is left out: it singled the setting out"
        for one in (first, second)
        if one.retrainings and one.retrainings.selected is not None
    ]
    notes = [Reason(text=text, rules=("A1",)) for text in chosen]
    if steps := _steps(first, second).strip():
        notes.append(Reason(text=steps.rstrip("."), rules=("T8",)))
    return notes


def _left_out(compared: Input) -> str:
    trial = compared.retrainings.selected if compared.retrainings else None
    if trial is None:
        return ""
    return (
        f" Trial {trial} of `{compared.name}` is left out: its value singled the setting out, so "
        "it is a lucky one (A1)."
    )


def _steps(first: Input, second: Input) -> str:
    """What is to be known where the two were not trained equally long."""
    steps = [one.result.experiment.max_steps for one in (first, second) if one.result]
    if len(set(steps)) < 2:
        return ""
    return f" They were trained for {steps[0]:,} and {steps[1]:,} steps."


def _side_as_json(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "trainings": side.trainings,
        "failed": side.failed,
        "unlearned": side.unlearned,
        "mean": side.mean,
        "median": side.median,
        "sd": side.sd,
    }


def _searches_answer(
    first: Input, second: Input, repeats: list[Input], trained: Splits | None, store: str
) -> Answer:
    from ..advise.comparison_ending import searches_ending
    from ..advise.search_comparison import message
    from .output import Answer, ending_lines

    result = _by_searches(first, second, repeats)
    once = [one.name for one in (first, second) if one.retrainings is None]
    sentences = message(result, once) + _steps(first, second)
    notes = trained.notes(result.lead.by if result.lead else math.nan) if trained else []
    ending = searches_ending(result, once, [*notes, *_notes(first, second)], store=store)
    return Answer(
        lines=lambda: ending_lines(ending),
        json=lambda: _searches_as_json(result, sentences, once=bool(once)),
    )


def _searches_as_json(result: Searches, sentences: str, *, once: bool) -> dict[str, Any]:
    from ..analyze.comparison.retrainings import ENOUGH

    return {
        "verdict": result.answer,
        "probability_better": result.probability,
        "interval": [None, None],
        "interval_reason": "One search a side: how sure that share is cannot be known (A3).",
        "more_seeds": ENOUGH if once else 0,
        "message": sentences,
        "basis": "searches",
        "metric": result.metric,
        "repeated_search": result.repeated,
    }
