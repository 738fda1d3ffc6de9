import pytest
from tests import factories
from tests.factories import curve, played, record
from tests.plot.charts import unpacked
from tests.search.world import World, descent

from etude.advise.follow_up import replay_experiment
from etude.analyze.checks.censored import censored
from etude.analyze.checks.censored import findings as censored_findings
from etude.analyze.summaries.lineage import Change, lineage
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.errors import RunError
from etude.experiment.toml.read import loads
from etude.experiment.toml.write import dumps
from etude.plot import lineage as lineage_plot

PBT = {"schedule": "pbt", "schedule_options": {"interval": 3}, "trials": 8}


@pytest.fixture(scope="module")
def study():
    return split(descent(**PBT))[0]


@pytest.fixture(scope="module")
def records():
    return played(descent(**PBT), World(2))


@pytest.fixture(scope="module")
def found(study, records):
    return lineage(study, records)


def by_hand(**given):
    """A first trial, and a fork of it after its second evaluation with another rate."""
    study = factories.study()
    here, there = {"learning_rate": 0.01, "share": 0.5}, {"learning_rate": 0.02, "share": 0.5}
    first = record(study, 0, [0.9, 0.8, 0.85], here, status="stopped", reason="schedule")
    fork = record(study, 1, [0.7, 0.6], there, parent=0, from_step=10, **given)
    return study, [first, fork]


def test_the_best_line_goes_back_to_a_first_member():
    found = lineage(*by_hand())

    assert found.best == (0, 1)
    assert found.value == 0.6
    assert found.schedule == (
        Change(0, {"learning_rate": 0.01, "share": 0.5}),
        Change(11, {"learning_rate": 0.02}),
    )


def test_a_fork_is_drawn_from_where_its_parent_stood():
    _, fork = lineage(*by_hand(points=curve([9.0, 9.0, 0.7]))).stretches

    assert fork.values_P[0] == 0.8
    assert fork.steps_P[0] == 10


def test_an_infeasible_fork_ends_no_best_line():
    found = lineage(*by_hand(status="infeasible", reason="nan"))

    assert (found.best, found.value) == ((0,), 0.8)


def test_without_a_value_there_is_no_line():
    study = factories.study()
    found = lineage(study, [record(study, 0, None, {"learning_rate": 0.01, "share": 0.5})])

    assert (found.best, found.schedule) == ((), ())
    assert "none has a value" in lineage_plot.caption(found)
    with pytest.raises(RunError, match="no best"):
        replay_experiment(descent(), study, found)


def test_a_replay_is_an_experiment_that_comes_back_from_its_file(study, found):
    again = replay_experiment(descent(**PBT), study, found, repeats=3)

    assert loads(dumps(again)) == again
    assert again.trials == 3
    assert [one["step"] for one in again.schedule_options["changes"]] == [
        one.updates for one in found.schedule[1:]
    ]


def test_a_replay_reaches_what_the_population_reached(study, found):
    """The world's loss knows no seed, so the same schedule leads to the same value."""
    ends = played(replay_experiment(descent(**PBT), study, found), World())
    best = [one.best("valid/loss", maximize=False) for one in ends]

    assert min(one.value for one in best) == pytest.approx(found.value)


def test_a_caption_tells_the_schedule(found):
    said = lineage_plot.caption(found)

    assert said.startswith(f"8 members and {found.forks} forks; the best")
    assert "after 3 steps" in said or "after 6 steps" in said


def test_a_chart_has_every_trial_and_marks_the_forks_of_the_best_line(found):
    spec = lineage_plot.draw(found).to_dict()

    drawn = {row["trial"] for layer in spec["layer"] for row in unpacked(spec, layer)}
    assert drawn == {one.trial for one in found.stretches if one.steps_P}


# --- what a schedule stopped


def test_stopped_trials_are_counted_by_how_far_they_came(study):
    one = descent(schedule="asha", schedule_options={"min_steps": 1})
    (halved,) = split(one)
    records = played(one, World())

    (said,) = censored_findings(censored(halved, outcomes(halved, records)))

    assert (said.rule, said.status) == ("T8", "notice")
    assert said.evidence["stopped"] == {"1": 5, "3": 2}
    assert "5 after 1 step (11 %)" in said.message


def test_a_population_is_told_as_one(study, records):
    (said,) = censored_findings(censored(study, outcomes(study, records)))

    assert said.rule == "W4"
    assert "`etude next --replay`" in said.advice


def test_without_a_schedule_nothing_is_said():
    (plain,) = split(descent())

    assert (
        censored_findings(censored(plain, outcomes(plain, played(descent(trials=2), World()))))
        == []
    )
