"""The chart of the rounds of one line: the best of each."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.summaries.round_bests import RoundBest
from ..analyze.summaries.round_bests import rounds as summary
from ..experiment.objective import Objective
from ..plot import round_bests
from .inputs import Figure
from .round_line import Round


def round_figures(rounds: Sequence[Round], objective: Objective) -> list[Figure]:
    """One figure; none of a round alone.

    Source: A2.
    """
    if len(rounds) < 2:
        return []
    bests = [RoundBest(name=one.name, value=one.best, trials=one.trials) for one in rounds]
    result = summary(bests, metric=objective.metric, maximize=objective.maximize)
    figure = Figure(
        name="rounds",
        title=f"The best {objective.metric} of each round",
        caption=round_bests.caption(result),
        draw=lambda _: round_bests.draw(result),
        rows=len(bests),
        wide=True,
    )
    return [figure]
