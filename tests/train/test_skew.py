from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from etude.errors import WorkloadError
from etude.train.skew import skew

REPEATS = 200


def false_alarms(make, **given):
    """How many of many fair samples are called skewed, at a rate of 5 %."""
    rngs = [np.random.default_rng([11, repeat]) for repeat in range(REPEATS)]
    return sum(bool(skew(*make(rng), false_alarm=0.05, **given)) for rng in rngs)


def zipf(rng, count):
    shares = 1.0 / np.arange(1, 31)
    return rng.choice(30, size=count, p=shares / shares.sum())


def classes(rng):
    full = zipf(rng, 600)
    return full[:120], full


def numbers(rng):
    full = rng.normal(size=(400, 8))
    columns = {str(at): full[:, at] for at in range(8)}
    return {name: column[:80] for name, column in columns.items()}, columns


def apart(rng):
    return zipf(rng, 100), zipf(rng, 900)


@pytest.mark.parametrize(
    ("make", "given"), [(classes, {}), (numbers, {}), (apart, {"within": False})]
)
@pytest.mark.rule("E4")
def test_fair_samples_are_called_skewed_no_more_often_than_is_said(make, given):
    assert false_alarms(make, **given) <= binom.ppf(0.999, REPEATS, 0.05)


@pytest.mark.rule("E4")
def test_a_set_cut_off_in_order_is_skewed_though_each_class_has_few():
    labels = np.sort(np.arange(400) % 10)

    assert skew(labels[:40], labels).skewed[0].kind == "0"


def test_the_feature_that_differs_is_named_among_many():
    rng = np.random.default_rng(0)
    full = {str(at): rng.normal(size=2000) for at in range(20)}
    sample = {name: column[:200] + (0.5 if name == "7" else 0.0) for name, column in full.items()}

    found = skew(sample, full, within=False)

    assert [one.name for one in found.skewed] == ["7"]
    assert "`7` lies elsewhere" in str(found)


def test_groups_of_text_are_compared():
    full = np.array(["hospital a"] * 500 + ["hospital b"] * 500)

    found = skew(full[450:600], full)

    assert found.skewed[0].share == pytest.approx(1 / 3)


def test_what_is_missing_elsewhere_is_a_difference():
    full = np.random.default_rng(0).normal(size=1000)
    sample = full[:200].copy()
    sample[:80] = np.nan

    assert skew(sample, full, within=False)


def test_the_whole_set_is_its_own_sample():
    full = np.arange(200) % 7

    assert not skew(full, full)


@pytest.mark.parametrize(
    ("sample", "full", "says"),
    [
        ({"a": [1, 2]}, {"b": [1, 2]}, "same features"),
        (np.zeros((3, 2)), np.zeros((9, 2)), "one value an example"),
        ([1, 1, 2], [1, 2, 3], "within=False"),
        ([], [1], "one value an example"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_way_out(sample, full, says):
    with pytest.raises(WorkloadError, match=says):
        skew(sample, full)
