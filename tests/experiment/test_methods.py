"""Searches, schedules and their options: what a file may say, and what it is told otherwise."""

import math

import pytest
from tests.factories import minimal

from etude.errors import ExperimentError
from etude.experiment import changes
from etude.experiment.methods import METHODS
from etude.experiment.toml.read import loads
from etude.experiment.toml.write import dumps
from etude.experiment.validation import MAX_TRIALS
from etude.search import SCHEDULES, SEARCHES
from etude.space import Choice, Integer, Real
from etude.space.grid import MAX_POINTS

HEAD = '[experiment]\nmetric = "valid/error"\nmax_steps = 100\ntrials = 8\n'
RATE = "\n[nuisance]\nlearning_rate = { low = 1e-4, high = 1.0, log = true }\n"


def one_rate(**given):
    return minimal(**{"nuisance": {"learning_rate": Real(1e-4, 1.0, log=True)}, **given})


def mistakes(**given):
    with pytest.raises(ExperimentError) as refusal:
        one_rate(**given)
    return [(one.where, one.message) for one in refusal.value.mistakes]


def of_file(text):
    with pytest.raises(ExperimentError) as refusal:
        loads(text, file="a.toml")
    return [(one.line, one.message) for one in refusal.value.mistakes]


CHANGES = ({"step": 20, "learning_rate": 0.1}, {"step": 50, "learning_rate": 0.01})


@pytest.mark.parametrize(
    "given",
    [
        {"search": "random"},
        {"search": "grid", "search_options": {"points": 5}},
        {"search": "grid", "search_options": {"points": {"learning_rate": 5}}},
        {"schedule": "asha"},
        {"schedule": "asha", "schedule_options": {"eta": 2.5, "min_steps": 10, "brackets": 2}},
        {"schedule": "pbt", "schedule_options": {"interval": 10, "quantile": 0.2}},
        {"search": "random", "schedule": "pbt", "schedule_options": {"factor": 1.5}},
        {"schedule": "replay", "schedule_options": {"changes": CHANGES}},
    ],
)
def test_a_search_and_a_schedule_come_back_from_their_file(given):
    one = one_rate(**given)

    assert loads(dumps(one)) == one


def test_a_table_says_the_same_as_a_key():
    key = loads(f'{HEAD}search = "random"\nschedule = "asha"\n{RATE}')
    table = loads(f'{HEAD}{RATE}[search]\nname = "random"\n[schedule]\nname = "asha"\n')

    assert key == table


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({"search": "gird"}, "experiment.search", "Did you mean `grid`?"),
        ({"search": "asha"}, "experiment.search", 'a schedule. Write schedule = "asha".'),
        ({"schedule": "bayesian"}, "experiment.schedule", 'Write search = "bayesian".'),
        ({"schedule": "hyperband"}, "experiment.schedule", "Known: `asha`, `pbt`, `replay`."),
        ({"schedule_options": {"eta": 3}}, "experiment.schedule", "needs the name of a schedule"),
        (
            {"search": "grid", "search_options": {"point": 3}},
            "search.point",
            "Did you mean `points`?",
        ),
        ({"search_options": {"points": 3}}, "search.points", "It takes no options."),
        ({"schedule": "asha", "schedule_options": {"eta": 1.5}}, "schedule.eta", "needs 2 or more"),
        (
            {"schedule": "asha", "schedule_options": {"eta": math.nan}},
            "schedule.eta",
            "needs 2 or more, found nan",
        ),
        (
            {"schedule": "asha", "schedule_options": {"min_steps": 100}},
            "schedule.min_steps",
            "100 steps of max_steps = 100",
        ),
        (
            {"schedule": "asha", "schedule_options": {"brackets": 0}},
            "schedule.brackets",
            "1 or more",
        ),
        ({"schedule": "pbt", "trials": 1}, "experiment.trials", "2 members or more"),
        (
            {"schedule": "pbt", "schedule_options": {"quantile": 0.6}},
            "schedule.quantile",
            "from 0 to 0.5",
        ),
        ({"schedule": "pbt", "schedule_options": {"factor": 1}}, "schedule.factor", "above 1"),
        ({"schedule": "replay"}, "experiment.schedule", "`etude next --replay`"),
        (
            {"schedule": "replay", "schedule_options": {"changes": [{"learning_rate": 1.0}]}},
            "schedule.changes",
            "needs a whole `step`",
        ),
        (
            {"schedule": "replay", "schedule_options": {"changes": CHANGES[::-1]}},
            "schedule.changes",
            "rising steps, found 50, 20",
        ),
        (
            {
                "schedule": "replay",
                "schedule_options": {"changes": [*CHANGES, {"step": 100, "learning_rate": 1.0}]},
            },
            "schedule.changes",
            "steps before the end, found 20, 50, 100 of max_steps = 100",
        ),
        (
            {"schedule": "replay", "schedule_options": {"changes": [{"step": 5, "lr": 1.0}]}},
            "schedule.changes",
            "found `lr`",
        ),
        (
            {"search": "grid", "search_options": {"points": {"momentum": 3}}},
            "search.points.momentum",
            "found `momentum`. Known: `learning_rate`.",
        ),
    ],
)
def test_a_mistake_says_what_is_wrong_and_the_way_out(given, where, said):
    (found,) = mistakes(**given)

    assert found[0] == where
    assert said in found[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ('optimizer = "sdg"', "changes `optimizer` to one of 'adam', 'sgd', found 'sdg'."),
        ("learning_rate = true", "changes `learning_rate` to a number, found True."),
        ("layers = 2.5", "changes `layers` to a whole number, found 2.5."),
    ],
)
def test_a_change_to_what_a_hyperparameter_cannot_be_is_refused_at_its_line(changes, said):
    more = 'layers = { low = 1, high = 8, integer = true }\noptimizer = ["adam", "sgd"]\n'
    schedule = f'[schedule]\nname = "replay"\nchanges = [{{ step = 5, {changes} }}]\n'
    text = f"{HEAD}{RATE}{more}{schedule}"

    [(line, message)] = of_file(text)

    assert line == text[: text.index("changes =")].count("\n") + 1
    assert said in message


@pytest.mark.parametrize("change", [{"learning_rate": 1e-9}, {"layers": 4.0}, {"optimizer": "sgd"}])
def test_a_change_may_leave_a_range_and_be_of_its_kind(change):
    spaces = {"learning_rate": Real(0.1, 1.0), "layers": Integer(1, 8)}
    replay = {"schedule": "replay", "schedule_options": {"changes": [{"step": 5, **change}]}}

    read = minimal(nuisance={**spaces, "optimizer": Choice(["adam", "sgd"])}, **replay)

    assert read.schedule == "replay"


def test_all_wrong_points_of_a_grid_are_told_at_once():
    axes = {name: Real(0.0, 1.0) for name in "ab"}

    ((_, said),) = mistakes(
        nuisance=axes, search="grid", search_options={"points": {"a": 0, "b": -1}}
    )

    assert "`a` needs a whole number, 1 or more, found 0" in said
    assert "`b` needs a whole number, 1 or more, found -1" in said


def test_a_grid_of_a_thousand_million_points_is_told_at_once():
    axes = {f"axis_{number}": Real(0.0, 1.0) for number in range(9)}

    ((where, said),) = mistakes(nuisance=axes, search="grid", search_options={"points": 10})

    assert where == "search.points"
    assert said.startswith("the grid would have 1,000,000,000 points, and 1,000,000 is the most.")
    assert 'search = "quasi_random"' in said


def test_a_list_has_all_of_its_values_on_a_grid():
    axes = {"kind": Choice(["a", "b"]), "depth": Integer(1, 9)}

    ((_, said),) = mistakes(
        nuisance=axes, search="grid", search_options={"points": {"kind": 1, "depth": 3}}
    )

    assert said.startswith("`kind` is a list, and a grid has all of its values.")


@pytest.mark.parametrize("given", [{"search": "grid"}, {"schedule": "pbt"}])
def test_what_a_merged_study_cannot_have_is_refused(given):
    ((_, said),) = mistakes(studies="merged", scientific={"kind": Choice(["a", "b"])}, **given)

    assert 'studies = "split"' in said


def test_mistakes_of_a_file_have_their_lines_all_at_once():
    text = f'{HEAD}{RATE}[search]\nname = "grid"\npoints = 0\n[schedule]\nname = "asha"\neta = 1\n'

    assert [line for line, _ in of_file(text)] == [10, 13]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f'{HEAD}{RATE}[search]\nname = "gird"\n', 9, "Did you mean `grid`?"),
        (f"{HEAD}{RATE}[schedule]\neta = 3\n", 8, "needs the name of a schedule, found none"),
        (f'{HEAD}search = "grid"\n{RATE}[search]\nname = "grid"\n', 5, "Keep one of the two"),
        (f'{HEAD}{RATE}[serach]\nname = "grid"\n', 8, "Did you mean `search`?"),
        (f'search = "grid"\n{HEAD}{RATE}', 1, "stands outside of every table"),
    ],
)
def test_a_slip_in_a_table_has_its_line(text, line, said):
    ((where, message),) = of_file(text)

    assert where == line
    assert said in message


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({}, {"search": "random"}, ["search"]),
        ({}, {"schedule": "asha"}, ["schedule"]),
        (
            {"schedule": "asha"},
            {"schedule": "asha", "schedule_options": {"eta": 4}},
            ["schedule_options"],
        ),
        ({"schedule": "asha"}, {"schedule": "asha", "trials": 20}, []),
        ({"schedule": "pbt"}, {"schedule": "pbt", "trials": 20}, ["trials"]),
        # On one axis 5 points begin with 3, and 4 do not; of two, 12 trials pay for no more.
        ({"search": "grid", "trials": 3}, {"search": "grid", "trials": 5}, []),
        ({"search": "grid", "trials": 3}, {"search": "grid", "trials": 4}, ["trials"]),
    ],
)
def test_results_of_another_search_or_schedule_do_not_mix(old, new, changed):
    assert changes(one_rate(**old), one_rate(**new)) == changed


def test_a_grid_of_two_conditions_grows_only_where_its_points_stay():
    given = {
        "scientific": {"a": ["x", "y"], "b": ["u", "v"]},
        "nuisance": {
            "when": {"a": {"x": {"p": Real(0.0, 1.0)}}, "b": {"u": {"q": Real(0.0, 1.0)}}}
        },
        "search": "grid",
    }

    # 17 points of one axis begin with 9; 4 x 4 points do not begin with 3 x 3.
    assert changes(minimal(**given, trials=9), minimal(**given, trials=17)) == ["trials"]


@pytest.mark.parametrize(("kind", "classes"), [("search", SEARCHES), ("schedule", SCHEDULES)])
def test_a_method_is_adaptive_where_its_class_says_so(kind, classes):
    adapts = {name: one.adapts for name, one in classes.items() if hasattr(one, "adapts")}

    assert {name: METHODS[kind][name].adaptive for name in adapts} == adapts


def test_a_grid_has_at_most_as_many_points_as_an_experiment_may_have_trials():
    assert MAX_POINTS == MAX_TRIALS


def test_what_a_search_and_a_schedule_exclude_is_told_at_once():
    found = mistakes(
        search="grid",
        search_options={"points": 0},
        schedule="asha",
        schedule_options={"min_steps": 100},
    )

    assert [where for where, _ in found] == ["search.points", "schedule.min_steps"]
