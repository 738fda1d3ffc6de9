"""At which rate a schedule spends added steps."""

from __future__ import annotations

import pytest

from etude.analyze.summaries.added_steps import added_steps
from etude.train.schedules import Schedule


@pytest.mark.parametrize(
    ("long", "wasted"),
    [
        (Schedule(name="cosine", decay_steps=1000), False),
        (Schedule(name="linear", constant_steps=900, decay_steps=100), False),
        (Schedule(name="linear", decay_steps=1000), False),
        (Schedule(name="linear", decay_steps=100), True),
        (Schedule(name="cosine", decay_steps=400), True),
        (Schedule(name="exponential", decay_steps=1000, final_factor=1e-4), True),
        (Schedule(name="cosine", decay_steps=100, final_factor=0.2), False),
    ],
)
def test_most_steps_at_a_tiny_rate_are_wasted(long: Schedule, wasted: bool) -> None:
    short = Schedule(name=long.name, decay_steps=100, final_factor=long.final_factor)

    assert added_steps(short, long, 100, 1000).wasted is wasted


def test_a_warmup_is_no_tiny_rate() -> None:
    warm = Schedule(warmup_steps=90)

    assert added_steps(Schedule(), warm, 100, 200).tiny_steps == 0
