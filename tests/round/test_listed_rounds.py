"""Merged and listed studies through a whole round, its store and its plan."""

import pytest
from tests.factories import rates

import etude
from etude.errors import ExperimentError
from etude.round.preview import planned_trials, timing_trials
from etude.space import Real


def one_rate(**given):
    return rates(**{"nuisance": {"rate": Real(0.01, 0.5)}, **given})


def train(trial):
    return float(dict(trial)["rate"])  # reads all of it


def play(place, **given):
    return etude.run(one_rate(**given), train, store=place)


def test_a_setting_listed_by_hand_that_breaks_a_constraint_is_named(place):
    listed = [{"rate": 0.1}, {"rate": 0.4}]

    with pytest.raises(ExperimentError, match=r"configuration 2 breaks `rate < 0.3`"):
        play(place, trials=0, nuisance={}, configurations=listed, constraints=["rate < 0.3"])


@pytest.mark.parametrize("depth", [[1, 2, 3], Real(1.0, 3.0)])
def test_a_constraint_on_what_a_merged_study_covers_evenly_is_refused(place, depth):
    given = {"studies": "merged", "scientific": {"depth": depth}}

    with pytest.raises(ExperimentError, match=r"constrains `depth`, .* covers evenly \(R14\)"):
        play(place, constraints=["rate < depth"], **given)


def test_a_merged_study_is_played_and_extended(place):
    given = {"studies": "merged", "scientific": {"depth": [1, 2, 3]}}
    play(place, trials=7, **given)

    depths = [record.setting["depth"] for record in play(place, trials=12, **given).records]

    assert sorted(depths[:7].count(depth) for depth in (1, 2, 3)) == [2, 2, 3]
    assert [depths.count(depth) for depth in (1, 2, 3)] == [4, 4, 4]


def test_a_merged_plan_is_what_a_run_does(place):
    merged = {"studies": "merged", "trials": 6, "scientific": {"depth": Real(1.0, 9.0)}}
    ((study, records),) = planned_trials(one_rate(**merged), place)

    found = play(place, **merged)

    assert study.scientific == {}
    assert [one.setting for one in found.records] == [one.setting for one in records]


def test_listed_settings_are_played_and_extended(place):
    rows = [{"rate": 0.5}, {"rate": 0.1}]
    given = {"trials": 0, "nuisance": {}}
    play(place, configurations=rows, **given)

    result = play(place, configurations=[*rows, {"rate": 0.3}], **given)

    assert [record.setting["rate"] for record in result.records] == [0.5, 0.1, 0.3]
    assert result.next() is None


def test_a_next_round_of_a_merged_study_is_a_file_that_can_be_read(place):
    coming = play(place, studies="merged", trials=24, scientific={"depth": [1, 2]}).next()

    assert (coming.experiment.studies, coming.experiment.parent) == ("merged", "rates")


def test_another_way_of_making_studies_needs_another_name(place):
    both = {"scientific": {"depth": [1, 2]}}
    play(place, **both)

    with pytest.raises(etude.EtudeError, match="another `studies`"):
        play(place, studies="merged", **both)


def test_a_round_is_timed_by_itself_or_else_by_the_one_before(place):
    play(place, trials=2)

    assert len(timing_trials(one_rate(trials=5), place)) == 2
    assert len(timing_trials(one_rate(name="rates-2", parent="rates"), place)) == 2
    assert timing_trials(one_rate(name="other"), place) == []


def test_without_a_store_nothing_is_timed(place):
    assert timing_trials(one_rate(), place) == []
    assert timing_trials(one_rate(), "memory") == []
