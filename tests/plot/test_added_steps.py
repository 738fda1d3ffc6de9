from __future__ import annotations

from tests.plot.charts import rows

from etude.analyze.summaries.added_steps import AddedSteps, added_steps
from etude.plot.added_steps import caption, draw
from etude.train.schedules import Schedule


def result(decay_steps: int) -> AddedSteps:
    short = Schedule(name="cosine", decay_steps=100)
    return added_steps(short, Schedule(name="cosine", decay_steps=decay_steps), 100, 1000)


def test_both_lengths_are_drawn():
    lines = rows(draw(result(1000)), "best-line")

    assert {row["label"] for row in lines} == {"100 steps", "1,000 steps"}
    assert max(row["step"] for row in lines) == 999


def test_the_caption_counts_steps_at_a_tiny_rate():
    assert caption(result(100)) == "900 of 900 added steps are spent below 0.1 of the base rate."


def test_a_million_steps_are_a_few_hundred_rows():
    flat = Schedule()

    assert len(rows(draw(added_steps(flat, flat, 1000, 1_000_000)), "best-line")) <= 400
