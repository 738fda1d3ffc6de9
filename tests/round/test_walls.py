"""A side that was cut where training breaks stays cut for all rounds that follow."""

import math

import pytest

import etude
from etude.store.memory import Memory

NAME = "loss"


def decades(value, best):
    return math.log10(value / best)


def trained(value):
    def train(trial):
        for step in trial.steps():
            trial.report(step, {NAME: value(trial)})

    return train


def first_round(trials=20, **changes):
    space = {"rate": etude.Real(1e-4, 10.0, log=True), "x": etude.Real(0.0, 1.0)}
    given = {"metric": NAME, "max_steps": 1, "trials": trials, "nuisance": space, "name": "toy"}
    return etude.Experiment(**{**given, **changes})


def rises_until(cliff, name="rate", share=0.2):
    """Better the higher it is, until training breaks."""
    return trained(
        lambda trial: (
            math.nan
            if trial[name] > cliff
            else 2.0 - share * decades(trial[name], 1e-4) + 0.1 * (trial["x"] - 0.5) ** 2
        )
    )


def with_rate(experiment, high, *, name, parent, **changes):
    space = {**experiment.nuisance, "rate": etude.Real(1e-4, high, log=True)}
    given = {"name": name, "parent": parent, "nuisance": space, **changes}
    return etude.Experiment(**{**vars(experiment), **given})


def played(experiments, train, store=None):
    """The last of some experiments that are run one after the other in one store."""
    store = store or Memory()
    return [etude.run(one, train, store=store) for one in experiments][-1]


def first_broken(experiment, train):
    """The lowest rate that breaks in an experiment: where C3 would cut."""
    return min(one.setting["rate"] for one in etude.run(experiment, train).records if one.reason)


def side(result, name="rate", side="high", **subject):
    (finding,) = [
        one
        for one in result.findings
        if one.check == "boundary"
        and {"hyperparameter": name, "side": side, **subject}.items() <= one.subject.items()
    ]
    return finding


def bounds(coming, rule):
    """The bounds that a next round moves by a rule."""
    return [one for one in coming.recommendations if one.rule == rule] if coming else []


def series(experiment, train, rounds):
    """What the plain advice changes, round by round."""
    store, changes = Memory(), []
    for _ in range(rounds):
        coming = etude.run(experiment, train, store=store).next()
        if coming is None:
            break
        changes.append(coming.recommendations)
        experiment = coming.experiment
    return changes


def widened_past_a_cut(changes):
    cuts, past = {}, []
    for one in (one for of_round in changes for one in of_round):
        place, sign = (one.path, one.change.part), -1 if one.change.part == "low" else 1
        if one.change.part not in ("low", "high"):
            continue
        if one.rule == "C3":
            cuts[place] = one.new
        if one.rule == "C1" and place in cuts and sign * (one.new - cuts[place]) > 0:
            past.append(one)
    return past


SPACES = {
    "rate": (etude.Real(1e-4, 10.0, log=True), lambda v: v > 0.3, lambda v: -decades(v, 1)),
    "low": (etude.Real(1e-3, 100.0, log=True), lambda v: v < 0.2, lambda v: decades(v, 1)),
    "linear": (etude.Real(0.0, 4.0), lambda v: v > 2.2, lambda v: -v),
    "momentum": (
        etude.Real(0.5, 0.9999, scale="one_minus_log"),
        lambda v: v > 0.98,
        lambda v: decades(1 - v, 1),
    ),
    "listed": (etude.Choice([1e-3, 1e-2, 0.1, 1.0, 10.0]), lambda v: v > 0.3, lambda v: -v),
}


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("seed", [0, 3])
def test_the_plain_advice_never_widens_a_side_past_where_it_cut_it(kind, seed):
    domain, breaks, loss = SPACES[kind]
    name = "momentum" if kind == "momentum" else "size"
    space = {name: domain, "x": etude.Real(0.0, 1.0)}
    train = trained(
        lambda trial: (
            math.nan if breaks(trial[name]) else 9 + loss(trial[name]) + (trial["x"] - 0.5) ** 2
        )
    )

    changes = series(first_round(nuisance=space, seed=seed), train, rounds=4)

    assert widened_past_a_cut(changes) == []


def test_a_side_that_was_cut_is_not_widened_again():
    train = rises_until(0.5)
    first = first_round()
    second = with_rate(first, first_broken(first, train), name="toy-2", parent="toy")

    result = played([first, second], train)

    assert side(result).status == "notice"
    assert "earlier rounds broke" in side(result).message
    assert not bounds(result.next(), "C1")


def test_what_a_parent_learned_holds_for_its_grandchildren():
    train = rises_until(0.5)
    first = first_round()
    cut = first_broken(first, train)
    second = with_rate(first, cut, name="toy-2", parent="toy")
    third = with_rate(first, 0.9 * cut, name="toy-3", parent="toy-2")

    assert side(played([first, second, third], train)).status == "notice"


def test_a_wall_stands_whatever_a_round_is_judged_by():
    def train(trial):
        value = math.nan if trial["rate"] > 0.5 else 2.0 - 0.2 * decades(trial["rate"], 1e-4)
        for step in trial.steps():
            trial.report(step, {NAME: value, "valid/error": value})

    first = first_round()
    second = with_rate(first, first_broken(first, train), name="toy-2", parent="toy")

    assert side(played([first, second], train).judged_by("valid/error")).status == "notice"


def test_without_the_parent_in_the_store_a_side_is_widened_as_ever():
    second = with_rate(first_round(), 0.5, name="toy-2", parent="toy")

    result = played([second], rises_until(0.5))

    assert side(result).status == "problem"
    assert [one.new for one in bounds(result.next(), "C1")] == [5.0]


def test_a_side_that_a_refinement_drew_in_is_widened_up_to_the_wall():
    first = first_round()
    second = with_rate(first, 0.02, name="toy-2", parent="toy")

    result = played([first, second], rises_until(0.1))

    (edit,) = bounds(result.next(), "C1")
    broken = min(one.setting["rate"] for one in result.before[0][1] if one.reason == "nan")
    assert 0.02 < edit.new <= broken
    assert "No further: `toy` broke" in edit.because


@pytest.mark.parametrize(
    ("fixed", "changes", "said"),
    [
        ({"warmup_steps": 0}, {"fixed": {"warmup_steps": 1}}, "another `warmup_steps`"),
        ({}, {"max_steps": 2}, "another `max_steps`"),
    ],
)
def test_a_wall_of_another_training_is_none_and_the_file_says_so(fixed, changes, said):
    first = first_round(fixed=fixed)
    second = with_rate(first, 0.5, name="toy-2", parent="toy", **changes)

    result = played([first, second], rises_until(0.5))

    assert side(result).status == "problem"
    assert said in result.next().text
    assert "no wall" in result.next().text


def test_a_warmup_that_is_searched_now_lifts_the_wall_of_one_that_was_held_at_none():
    first = first_round(fixed={"warmup_steps": 0})
    space = {**first.nuisance, "rate": etude.Real(1e-4, 0.5, log=True)}
    warmup = {"warmup_steps": etude.Integer(1, 9)}
    second = etude.Experiment(
        **{
            **vars(first),
            "name": "toy-2",
            "parent": "toy",
            "fixed": {},
            "nuisance": {**space, **warmup},
        }
    )

    assert side(played([first, second], rises_until(0.5))).status == "problem"


def test_what_is_held_now_and_was_searched_keeps_the_wall():
    first, train = first_round(), rises_until(0.5)
    held = {
        "name": "toy-2",
        "parent": "toy",
        "fixed": {"x": 0.5},
        "nuisance": {"rate": etude.Real(1e-4, first_broken(first, train), log=True)},
    }

    result = played([first, etude.Experiment(**{**vars(first), **held})], train)

    assert side(result).status == "notice"


def test_a_wall_of_one_scientific_value_holds_back_no_other():
    train = trained(
        lambda trial: (
            math.nan
            if trial["method"] == "a" and trial["rate"] > 0.5
            else 2.0 - 0.2 * decades(trial["rate"], 1e-4)
        )
    )
    first = first_round(scientific={"method": etude.Choice(["a", "b"])})
    cut = first_broken(first, train)
    second = with_rate(first, cut, name="toy-2", parent="toy")

    result = played([first, second], train)

    assert side(result, study="method=a").status == "notice"
    assert side(result, study="method=b").status == "problem"


def test_a_cut_takes_nothing_back_that_was_just_widened_by_a_decade():
    first = first_round(nuisance={"rate": etude.Real(1e-3, 0.1, log=True)})
    second = etude.Experiment(
        **{
            **vars(first),
            "name": "toy-2",
            "parent": "toy",
            "nuisance": {"rate": etude.Real(1e-3, 1.0, log=True)},
        }
    )
    train = trained(
        lambda trial: (
            math.nan if trial["rate"] > 0.105 else 2.0 - 0.2 * decades(trial["rate"], 1e-4)
        )
    )

    result = played([first, second], train)

    assert any(one.rule == "C3" and one.status == "problem" for one in result.findings)
    assert not [one for one in bounds(result.next(), "C3") if one.change.part == "high"]


def test_a_trial_of_an_earlier_round_that_trains_beyond_forbids_a_cut():
    def value(trial):
        broken = trial.max_steps == 1 and trial["rate"] > 0.5 and trial["x"] < 0.5
        return math.nan if broken else 2.0 - decades(trial["rate"], 1e-4)

    first = first_round(trials=40)
    second = with_rate(first, 10.0, name="toy-2", parent="toy")
    narrow = {**second.nuisance, "x": etude.Real(0.0, 0.45)}
    second = etude.Experiment(**{**vars(second), "nuisance": narrow})

    result = played([first, second], trained(value))

    assert not [one for one in bounds(result.next(), "C3") if one.path == "nuisance.rate"]
