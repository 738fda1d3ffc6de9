"""What holds for every tracker: each point once as the tool's own reader shows it. Rules W6, K3."""

import math

import pytest
from tests.trackers.following import KINDS, Followed

from etude.event import Began, Ended, Logged, Paused, Reopened, Saved

pytestmark = pytest.mark.rule("W6", "K3")
# Values that a float of 32 bits holds: TensorBoard has no others.
FIRST = Logged(0, ((0, "train/loss", 1.0), (1, "train/loss", 0.5), (1, "valid/loss", 0.75)))
SECOND = Logged(0, ((2, "train/loss", 0.25), (3, "train/loss", 0.125), (3, "valid/loss", 0.5)))
AGAIN = Logged(0, ((2, "train/loss", 0.375), (3, "train/loss", 0.25), (3, "valid/loss", 0.625)))


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_each_point_is_shown_once_and_a_second_look_adds_nothing(followed):
    followed.happens(Began(0, 0), FIRST)
    followed.catches_up()
    followed.happens(SECOND, Ended(0, "completed", steps=4))
    followed.catches_up()
    followed.catches_up()

    assert followed.shown() == followed.in_store()


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_follower_that_is_killed_sends_no_point_twice_and_none_never(followed, dies):
    followed.happens(Began(0, 0), FIRST)
    followed.catches_up()
    followed.happens(SECOND)
    followed.catches_up(dies=dies)
    followed.happens(Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


@pytest.mark.parametrize("dies", ["", "before", "after"])
def test_what_a_resumed_trial_voids_is_shown_as_its_later_attempt_has_it(followed, dies):
    followed.happens(Began(0, 0), FIRST, Saved(0, 1, 0.75), SECOND)
    followed.catches_up()
    followed.happens(Began(0, 2), AGAIN)
    followed.catches_up(dies=dies)
    followed.happens(Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()
    assert (3, "valid/loss", 0.625) in followed.shown()


def test_what_was_sent_but_not_noted_and_then_voided_is_not_shown(followed):
    followed.happens(Began(0, 0), FIRST)
    followed.catches_up()
    followed.happens(SECOND)
    followed.catches_up(dies="after")
    followed.happens(Began(0, 2), AGAIN, Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


@pytest.mark.parametrize("dies", ["", "before", "after"])
def test_what_a_first_call_sent_unheard_and_was_then_voided_is_not_shown(followed, dies):
    followed.happens(Began(0, 0), FIRST, Saved(0, 1, 0.75), SECOND)
    followed.catches_up(dies="after")
    followed.happens(Began(0, 2), AGAIN)
    followed.catches_up(dies=dies)
    followed.happens(Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


def test_a_trial_that_pauses_goes_on_in_the_same_run(followed):
    followed.happens(Began(0, 0), FIRST, Paused(0, 2))
    followed.catches_up()
    followed.happens(Began(0, 2), SECOND, Ended(0, "stopped", "schedule", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


def test_values_that_are_not_finite_are_shown(followed):
    followed.happens(
        Began(0, 0), Logged(0, ((0, "train/loss", math.nan),)), Ended(0, "infeasible", "nan")
    )
    followed.catches_up()

    ((step, name, value),) = followed.shown()
    assert (step, name) == (0, "train/loss")
    assert math.isnan(value)


def test_an_ended_trial_that_is_trained_again_is_shown_once(followed):
    followed.happens(Began(0, 0), FIRST, Ended(0, "infeasible", "error", "it broke"))
    followed.catches_up()
    followed.happens(Reopened(0), Began(0, 0), FIRST, SECOND, Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


def test_a_password_among_the_fixed_values_is_shown_to_nobody(kind, tmp_path):
    followed = Followed(kind, tmp_path, fixed={"password": "correct-horse", "batch_size": 64})
    followed.happens(Began(0, 0), FIRST)
    followed.happens(Ended(0, "infeasible", reason="error", detail="401 for correct-horse"))
    followed.catches_up()
    followed.store.close()

    written = [one for one in tmp_path.rglob("*") if one.is_file() and one.stem != "etude"]
    assert any(b"password" in one.read_bytes() or one.name == "password" for one in written)
    assert not [one for one in written if b"correct-horse" in one.read_bytes()]
