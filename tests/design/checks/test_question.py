from __future__ import annotations

import pytest

from etude.space import Choice, Integer

from ..designs import RATE, design, findings_of, statuses

PARENT = design(name="first", fixed={"batch_size": 64})


@pytest.mark.rule("R3")
def test_two_questions_are_told_with_their_cost():
    (one,) = findings_of(
        design(scientific={"activation": ["relu", "gelu"], "depth": [1, 2, 3]}), "R3"
    )

    assert one.status == "notice"
    assert one.evidence == {"scientific": ["activation", "depth"], "studies": 6, "trials": 120}


def test_what_stands_below_a_condition_belongs_to_its_bundle():
    nested = {"norm": ["none", "layer"], "when": {"norm": {"layer": {"place": ["pre", "post"]}}}}

    assert findings_of(design(scientific=nested), "R3") == []


@pytest.mark.parametrize("given", [{"scientific": {}}, {}], ids=["none", "one"])
def test_one_question_or_none_is_narrow_enough(given):
    assert findings_of(design(**given), "R3") == []


@pytest.mark.rule("S10")
def test_another_batch_size_than_the_parents_is_told():
    (one,) = findings_of(design(fixed={"batch_size": 256, "momentum": 0.9}), "S10", parent=PARENT)

    assert one.status == "notice"
    assert "is 256 here and was 64 in `first`" in one.message
    assert "Still fixed here: `momentum`" in one.message
    assert one.evidence == {
        "parent": "first",
        "before": ["64"],
        "now": ["256"],
        "fixed": ["momentum"],
    }


@pytest.mark.rule("S14")
@pytest.mark.parametrize(("size", "raised"), [(256, True), (16, False)])
def test_a_larger_batch_wants_more_regularization(size, raised):
    (one,) = findings_of(design(fixed={"batch_size": size}), "S10", parent=PARENT)

    assert ("regularization extended upward" in one.advice) == raised


@pytest.mark.parametrize(
    "given",
    [
        {"nuisance": {"learning_rate": RATE, "batch_size": Integer(16, 512)}, "fixed": {}},
        {"nuisance": {"learning_rate": RATE, "batch_size": Choice([64, 128])}, "fixed": {}},
        {"nuisance": {"learning_rate": RATE, "batch_size": Choice(["s", "m"])}, "fixed": {}},
        {"fixed": {"train_batch_size": 128}},
        {"configurations": [{"bs": 32}, {"bs": 128}], "nuisance": {}, "fixed": {}, "trials": 0},
    ],
    ids=["range", "list", "words", "another name", "configurations"],
)
def test_a_batch_size_in_another_role_or_name_is_compared_too(given):
    assert len(findings_of(design(**given), "S10", parent=PARENT)) == 1


@pytest.mark.parametrize(
    ("given", "parent"),
    [
        ({"fixed": {"batch_size": 64}}, PARENT),
        ({"fixed": {"bs": 64}}, PARENT),
        ({"fixed": {"batch_size": 256}}, None),
        ({"fixed": {}}, PARENT),
        ({"fixed": {"batch_size": 64}}, design(name="first", fixed={})),
    ],
    ids=["same", "same by another name", "no parent", "none here", "none there"],
)
def test_a_batch_size_that_stays_or_is_not_known_is_left_alone(given, parent):
    assert findings_of(design(**given), "S10", parent=parent) == []


# --- W7


@pytest.mark.rule("W7")
def test_a_seed_that_is_searched_keeps_luck():
    seeds = design(nuisance={"learning_rate": RATE, "random_seed": Integer(0, 9)})

    (one,) = findings_of(seeds, "W7")

    assert (one.status, one.subject) == ("notice", {"hyperparameter": "random_seed"})
    assert one.evidence["against"] == ["A1", "R1"]
    assert "(A1)" in one.message
    assert "(R1)" in one.message


def test_seeds_that_are_stopped_early_go_against_k1_too():
    seeds = design(nuisance={"learning_rate": RATE, "seed": Integer(0, 9)}, schedule="asha")

    (one,) = findings_of(seeds, "W7")

    assert one.evidence["against"] == ["A1", "R1", "K1"]
    assert "stops early (K1)" in one.message


def test_a_seed_that_the_round_before_chose_keeps_luck():
    before = design(name="first", scientific={"seed": [1, 2, 3]}, fixed={"batch_size": 64})
    after = design(fixed={"batch_size": 64, "seed": 2})

    (one,) = findings_of(after, "W7", parent=before)

    assert one.headline == "`seed` is the best of before: luck is kept"
    assert findings_of(after, "W7", parent=design(name="first")) == []


def test_a_seed_is_no_question_of_its_own():
    asked = design(scientific={"activation": ["relu", "gelu"], "seed": [1, 2, 3]})

    assert statuses(asked, "R3") == []
    assert statuses(asked, "W7") == ["notice"]


@pytest.mark.rule("S10")
@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"bs": 64}, {"per_device_train_batch_size": 128}, 1),
        ({"batch_size": 64}, {"per_gpu_batch_size": 64}, 0),
        ({"batch_size": 64}, {"micro_batch_size": 16, "gradient_accumulation_steps": 4}, 0),
        ({"batch_size": 64}, {"batch_size": 64, "accumulate_grad_batches": 2}, 1),
        ({"global_batch_size": 64, "micro_bs": 8}, {"global_batch_size": 64, "micro_bs": 16}, 0),
        ({"batch_size": 64}, {"batch_size": 64, "eval_batch_size": 256}, 0),
        ({"batch_size": 64}, {"batch_size": 64, "bs_norm": 8}, 0),
    ],
)
def test_a_batch_size_is_what_an_update_sees_under_any_name(before, now, said):
    parent = design(name="first", fixed=before)

    assert len(findings_of(design(fixed=now), "S10", parent=parent)) == said


@pytest.mark.rule("S10")
def test_a_batch_size_by_a_name_of_ones_own_is_one():
    parent = design(name="first", fixed={"chunk": 64}, names={"chunk": "batch_size"})
    now = design(fixed={"chunk": 256}, names={"chunk": "batch_size"})

    (one,) = findings_of(now, "S10", parent=parent)

    assert one.headline == "`chunk` is 256 here, 64 in `first`"
    assert "regularization extended upward" in one.advice


def test_many_batch_sizes_and_ranges_are_said_in_a_line():
    parent = design(name="first", fixed={"batch_size": 64})
    sizes = Choice((16, 32, 64, 128, 256, 512))
    listed = design(nuisance={"lr": RATE, "batch_size": sizes}, fixed={})
    drawn = design(nuisance={"lr": RATE, "batch_size": Integer(16, 512)}, fixed={})

    said = [
        one.headline
        for given in (listed, drawn)
        for one in findings_of(given, "S10", parent=parent)
    ]

    assert said == [
        "`batch_size` is 16, 32 and 4 more here, 64 in `first`",
        "`batch_size` is 16 to 512 here, 64 in `first`",
    ]


def test_a_seed_chosen_among_many_trainings_of_one_setting_keeps_luck():
    seeds = design(
        name="first", trials=10, scientific={}, nuisance={}, fixed={"batch_size": 64, "rate": 0.1}
    )
    after = design(fixed={"batch_size": 64, "seed": 7})

    (one,) = findings_of(after, "W7", parent=seeds)

    assert one.evidence["against"] == ["A1", "R1"]
