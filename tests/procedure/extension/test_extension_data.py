"""Where a launch begins: the best of several is ahead only at the level that they share."""

from __future__ import annotations

import pytest

from etude.analyze.comparison.retrainings import Retrainings
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.extension.conclusions import conclusion
from etude.procedure.extension.contenders import Contender
from etude.procedure.extension.extension_data import Extension
from etude.procedure.extension.long_schedule import LongSchedule

BASE = Experiment(metric="valid/loss", max_steps=10, trials=1, fixed={"lr": 0.1})
LEADER = (1.13, 1.2, 1.02, 1.22, 1.03)
# Ahead of it at 3 %.
BEST = (0.98, 1.08, 0.88, 1.03, 0.93)


def extension(rivals: int) -> Extension:
    """A leader, one rival that is ahead at 3 %, and others that are as good as the leader."""
    values = {"leader": LEADER, "best": BEST}
    values |= {f"other {place}": LEADER for place in range(rivals - 1)}
    long = {name: Retrainings(name=name, values=row) for name, row in values.items()}
    contenders = tuple(Contender(name=name, setting={}, family="study") for name in values)
    return Extension(
        known=Known(base=BASE, setting={"lr": 0.1}),
        max_steps=100,
        schedule=LongSchedule(setting={}),
        leader=contenders[0],
        conclusions=tuple(
            conclusion((contenders[0], one), {}, (100, long), BASE.objective)
            for one in contenders[1:]
        ),
        trained=((10, {}), (100, long)),
        contenders=contenders,
        factor=3.0,
    )


@pytest.mark.parametrize(("rivals", "begins_from"), [(1, "best"), (5, "leader")])
def test_a_launch_begins_from_a_rival_that_is_ahead_at_the_shared_level(
    rivals: int, begins_from: str
) -> None:
    assert extension(rivals).candidate.name == begins_from


def test_a_rate_moves_only_where_a_launch_would_begin_from_it() -> None:
    alone, among = extension(1), extension(5)

    assert alone.passes(alone.conclusions[0])
    assert not among.passes(among.conclusions[0])
