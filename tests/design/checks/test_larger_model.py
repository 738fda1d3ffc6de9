from __future__ import annotations

import pytest

from etude.space import Integer

from ..designs import DECAY, RATE, design, findings_of

SMALL = design(
    name="small",
    nuisance={"learning_rate": RATE, "weight_decay": DECAY},
    fixed={"width": 64, "beta1": 0.9},
)


def larger(**given):
    plain = {"nuisance": {}, "fixed": {"width": 256, "learning_rate": 0.1, "weight_decay": 1e-4}}
    return findings_of(design(**{**plain, **given}), "S17", parent=SMALL)


@pytest.mark.rule("S17")
def test_what_a_small_model_was_tuned_to_is_tuned_again_on_a_larger_one():
    (one,) = larger()

    assert one.headline == "`width` grew from 64 to 256, with values of the smaller model"
    assert one.evidence["held"] == ["learning_rate", "weight_decay"]
    assert one.advice.startswith("Search `learning_rate` and `weight_decay` again")


@pytest.mark.parametrize(
    "given",
    [
        {"fixed": {"width": 64, "learning_rate": 0.1}},
        {"fixed": {"width": 32, "learning_rate": 0.1}},
        {"nuisance": {"learning_rate": RATE}, "fixed": {"width": 256, "beta1": 0.9}},
        {"fixed": {"width": "large", "learning_rate": 0.1}},
        {"fixed": {"learning_rate": 0.1}},
    ],
)
def test_nothing_is_said_where_no_model_grew_or_nothing_of_it_is_held(given):
    assert larger(**given) == []


def test_a_size_that_is_compared_counts_by_its_largest():
    (one,) = larger(scientific={"width": [32, 128]}, fixed={"learning_rate": 0.1})

    assert one.evidence["now"] == 128


def test_a_searched_size_counts_by_its_upper_bound():
    searched = {"nuisance": {"width": Integer(16, 512)}, "fixed": {"learning_rate": 0.1}}

    (one,) = larger(**searched)

    assert one.evidence["now"] == 512
