from etude.event import Began, Ended, Lost, Paused, Reopened, Unrestored
from etude.round.tally import Tally


def told(*events):
    tally = Tally()
    tally.know(0, "all", "pending", losses=2)
    for trial in (1, 2):
        tally.know(trial, "all", "running")
        tally.of(trial).take(trial, float(trial))
    for event in events:
        tally.take(event)
    return tally


def test_the_least_loss_leads_until_its_trial_is_infeasible_and_again_once_it_is_reopened():
    ends, reopened = Ended(1, "infeasible", "nan"), Reopened(1)

    leaders = [told(*news).study("all").leader for news in ((), (ends,), (ends, reopened))]

    assert leaders == [(1.0, 1), (2.0, 2), (1.0, 1)]


def test_a_loss_above_the_best_of_its_trial_changes_nothing():
    tally = told()
    tally.of(1).take(1, 7.0)

    assert tally.study("all").leader == (1.0, 1)


def test_each_trial_is_counted_once_by_its_status():
    tally = told(Began(0, 0), Paused(1, 3), Unrestored(2, 3), Began(3, 0, study="other"))

    counts = {name: +tally.study(name).counts for name in ("all", "other")}
    assert counts == {"all": {"running": 1, "paused": 1, "pending": 1}, "other": {"running": 1}}
    assert list(tally.study("all").running) == [0]
    assert tally.waiting({"all": 4, "other": 1}) == 5


def test_a_trial_lost_once_too_often_is_infeasible():
    assert told(Lost(0, "killed")).study("all").counts["infeasible"] == 1


def test_the_time_of_trials_that_ended_is_summed():
    tally = told(Ended(1, "completed", wall_s=3.0), Ended(2, "completed", wall_s=5.0))

    assert (tally.ended, tally.wall_s) == (2, 8.0)
