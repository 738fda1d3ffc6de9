"""D6: warmup for what breaks early, clipping for what breaks later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes, only, with_status
from tests.factories import experiment, two_optimizers

from etude.advise.remedies.stabilize import stabilize, steady_metric
from etude.space import Integer, Real

NO_WARMUP = {"fixed": {"warmup_steps": 0}, **rounds.LONG}
CLIPPED = {"fixed": {"gradient_clip": 10.0}}


def test_what_breaks_early_under_a_held_warmup_asks_for_the_procedure_that_finds_one():
    context = rounds.breaks_early(experiment(**NO_WARMUP))

    (remedy,) = stabilize(context)

    assert not remedy.edits
    assert remedy.procedure == "stability"
    assert remedy.words.startswith("Add a warmup, or a longer one")


def test_without_a_learning_rate_no_procedure_is_named():
    context = rounds.breaks_early(experiment(names={"learning_rate": ""}, **NO_WARMUP))

    (remedy,) = stabilize(context)

    assert remedy.procedure == ""


def test_a_range_of_warmups_reaches_further():
    warmup = {"warmup_steps": Integer(1, 20, log=True)}
    context = rounds.breaks_early(experiment(nuisance=warmup, **rounds.LONG))

    assert changes(stabilize(context)) == [
        ("nuisance.warmup_steps", "", Integer(1, 200, log=True)),
        ("experiment.max_steps", "", 2180),
    ]


def test_what_breaks_later_is_clipped_at_the_90th_percentile_of_its_norms():
    context = rounds.breaks_later(experiment(**CLIPPED))

    assert changes(stabilize(context)) == [("fixed.gradient_clip", "", 2.4)]


@pytest.mark.parametrize("is_log", [False, True])
def test_a_whole_number_that_clips_is_not_lowered_to_none(is_log):
    question = experiment(nuisance={"gradient_clip": Integer(3, 100, log=is_log)})
    context = rounds.breaks_later(question, norms=0.1 * rounds.NORMS_P)

    ((path, _, domain),) = changes(stabilize(context))

    assert (path, domain.low) == ("nuisance.gradient_clip", 1)


@pytest.mark.parametrize(
    ("make", "cure"), [(rounds.breaks_early, "Add a warmup"), (rounds.breaks_later, "Clip")]
)
def test_without_warmup_and_clipping_a_person_is_told(make, cure):
    context = make(experiment(**rounds.LONG))
    broken = only(context, "stability", "D1", "problem")

    (remedy,) = stabilize(context)

    assert not remedy.edits
    assert remedy.causes == (broken,)
    assert remedy.words.startswith(cure)
    assert f"trial {broken.subject['trial']} broke at" in remedy.words
    assert len(remedy.words.split()) <= 20


@pytest.mark.parametrize("make", [rounds.another_breaks_early, rounds.healthy, rounds.never_learns])
def test_what_broke_elsewhere_or_never_learned_asks_for_no_warmup(make):
    assert stabilize(make(experiment(**NO_WARMUP))) == []


@pytest.mark.parametrize("make", [rounds.breaks_early, rounds.breaks_later])
@pytest.mark.parametrize("status", ["ok", "unclear"])
def test_only_a_problem_of_the_best_trial_is_repaired(make, status):
    context = make(experiment(fixed={"warmup_steps": 0, "gradient_clip": 10.0}, **rounds.LONG))
    broken = only(context, "stability", "D1", "problem")

    assert len(stabilize(context)) == 1
    assert stabilize(with_status(context, broken, status)) == []


@pytest.mark.parametrize(
    ("status", "asked"), [("notice", ["stability"]), ("ok", []), ("unclear", [])]
)
def test_a_best_rate_at_the_edge_of_the_stable_is_checked_by_the_procedure(status, asked):
    context = rounds.rate_held_down(experiment(**NO_WARMUP))
    held_down = only(context, "stability", "D3", "notice")

    remedies = stabilize(with_status(context, held_down, status))

    assert [remedy.procedure for remedy in remedies] == asked


def test_norms_that_jump_ask_for_no_clipping_where_nothing_broke():
    context = rounds.spikes(experiment(**CLIPPED))

    assert [finding.rule for finding in context.of("gradient_norm", "D9", "notice")] == ["D9"]
    assert stabilize(context) == []


def test_clipping_follows_a_warmup_that_is_as_long_as_it_may_be():
    question = experiment(fixed={"warmup_steps": 200, "gradient_clip": 0.0}, **rounds.LONG)

    (change, *_) = changes(stabilize(rounds.breaks_early(question)))

    assert change[0] == "nuisance.gradient_clip"


def test_where_many_break_at_one_share_of_the_steps_the_schedule_comes_before_clipping():
    context = rounds.break_together(experiment(**CLIPPED))

    (remedy,) = stabilize(context)

    assert not remedy.edits
    assert remedy.words == (
        "Look first at the schedule at 52 % of the steps, where 20 trials broke (D1)."
    )


def test_norms_that_never_jump_ask_for_no_clipping():
    assert stabilize(rounds.healthy(experiment(**CLIPPED))) == []


def test_a_warmup_of_a_tenth_already_is_told_in_words():
    context = rounds.breaks_early(experiment(fixed={"warmup_steps": 200}, **rounds.LONG))

    (remedy,) = stabilize(context)

    assert not remedy.edits


@pytest.mark.parametrize(
    ("make", "question", "count"),
    [
        (rounds.jumps_between_studies, two_optimizers(), 1),
        (rounds.jumps, experiment(), 1),
        (rounds.healthy, experiment(), 0),
    ],
    ids=["problem", "notice", "ok"],
)
def test_late_jumps_are_left_to_a_person(make, question, count):
    assert len(steady_metric(make(question))) == count


def longest(remedies):
    return [new for path, _, new in changes(remedies) if path == "experiment.max_steps"]


@pytest.mark.parametrize(
    ("searched", "steps"),
    [
        ({"warmup_steps": Integer(0, 100)}, 10_900),
        ({"warmup_steps": Integer(50, 500)}, 10_500),
        ({"warmup_fraction": Real(0.0, 0.05)}, 10_556),
    ],
)
def test_a_longer_warmup_comes_before_the_schedule_of_before(searched, steps):
    """As many steps are left behind the longest warmup as there were (D8)."""
    context = rounds.breaks_early(experiment(nuisance=searched, max_steps=10_000))

    assert longest(stabilize(context)) == [steps]


def test_a_warmup_before_a_decay_of_the_users_leaves_the_length_to_them():
    searched = {"nuisance": {"warmup_steps": Integer(0, 100)}, "fixed": {"decay_steps": 2000}}
    context = rounds.breaks_early(experiment(**searched, **rounds.LONG))

    warmup, told = stabilize(context)

    assert longest([warmup]) == []
    assert told.words == (
        "Raise `max_steps` to 2100 if the warmup comes before `fixed.decay_steps` (D8)."
    )
    own = stabilize(replace(context, own_loop=True))
    assert longest(own) == [2100]
