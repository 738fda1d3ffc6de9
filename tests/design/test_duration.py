import pytest
from tests.factories import minimal, record

from etude.design.duration import duration
from etude.design.studies import studies

from .test_split import RATE

FIRST, SECOND = studies(minimal(scientific={"depth": [1, 8]}, nuisance={"rate": RATE}, trials=4))


def records(study, *walls, steps=100, status="completed"):
    ended = [
        record(study, n, status=status, steps=steps, wall_s=wall) for n, wall in enumerate(walls)
    ]
    return ended, ended + [record(study, n) for n in range(len(walls), 4)]


def test_without_a_completed_trial_nothing_is_said():
    broken, all_of_them = records(FIRST, 5.0, status="infeasible")

    assert duration([(FIRST, all_of_them)], broken) is None


@pytest.mark.rule("S12")
def test_what_is_left_goes_at_the_pace_of_what_ended():
    ended, all_of_them = records(FIRST, 3600.0, 7200.0)

    found = duration([(FIRST, all_of_them)], ended)

    assert (found.remaining, found.total, found.measured) == (3.0, 6.0, 2)


def test_a_study_has_its_own_pace():
    quick, its = records(FIRST, 3600.0)
    slow, others = records(SECOND, 36_000.0)

    found = duration([(FIRST, its), (SECOND, others)], [*quick, *slow])

    assert found.remaining == pytest.approx(3 + 30)


def test_a_study_without_a_pace_takes_that_of_all():
    quick, its = records(FIRST, 3600.0)
    _, others = records(SECOND)

    assert duration([(FIRST, its), (SECOND, others)], quick).remaining == pytest.approx(3 + 4)


def test_a_pace_is_one_of_steps():
    short, _ = records(FIRST, 360.0, steps=10)
    _, waiting = records(FIRST)

    assert duration([(FIRST, waiting)], short).total == pytest.approx(4.0)
