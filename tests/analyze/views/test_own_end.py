"""The step at which training loops end by themselves, whatever `max_steps` is."""

import pytest

from etude.analyze.views.own_end import own_end

from ..traced import METRIC, long_study, traced


def ended(*last, gap=1, count=10, max_steps=20, **given):
    study = long_study(max_steps=max_steps)
    ends = [[end - gap * (count - 1 - k) for k in range(count)] for end in last]
    curves = [trial for steps in ends for trial in one(study, steps, given)]
    return own_end(curves)


def one(study, steps, given):
    return traced(study, {METRIC: [1.0 / (k + 1) for k in range(len(steps))]}, steps=steps, **given)


def test_all_that_end_at_one_early_step_end_by_themselves():
    assert ended(9, 9, 9) == 9


@pytest.mark.parametrize(
    ("last", "options"),
    [
        ((19, 19, 19), {}),
        ((9, 9, 12), {}),
        ((9,), {}),
        ((89, 89), {"gap": 10, "count": 9, "max_steps": 95}),
        ((9, 9), {"status": "stopped", "reason": "schedule"}),
    ],
    ids=["the last step", "unlike", "one alone", "the next value comes too late", "stopped"],
)
def test_others_do_not(last, options):
    assert ended(*last, **options) is None
