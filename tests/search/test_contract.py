"""What every search promises, whatever it does; its members are those of `etude.search`."""

import ast
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import factories
from tests.factories import played, record
from tests.search.world import World, descent, interrupted, sketch

import etude.search
from etude.design.split import split
from etude.experiment.methods import SEARCHES
from etude.record import Records
from etude.search import SCHEDULES, search_of
from etude.space import Choice, Real, Space
from etude.store.memory import Memory

SPACE = Space({"learning_rate": Real(1e-4, 1.0, log=True), "momentum": Real(0.5, 0.99)})
LISTED = tuple({"learning_rate": 0.1 / (k + 1), "momentum": 0.9} for k in range(40))
# What a search needs of a study beside a space.
NEEDS = {
    "listed": {"listed": LISTED},
    "grid": {"search_options": {"points": 8}},
}
# For what ran elsewhere there are no moves.
FIXED = sorted(
    name for name, one in SEARCHES.items() if not one.adaptive and not one.trained_elsewhere
)
# Neither configurations nor grids are sampled, so no merged study has them.
SAMPLING = [name for name in FIXED if SEARCHES[name].samples_space]


def study_with(search):
    """A study that this search is asked about."""
    study = replace(factories.study(SPACE.domains), search=search, seed=3)
    return replace(study, **NEEDS.get(search, {}))


@pytest.fixture(params=FIXED)
def study(request):
    return study_with(request.param)


def history(starts, status="pending"):
    plain = factories.study(SPACE.domains)
    return Records.of(
        [
            record(plain, number, setting=start.searched, status=status)
            for number, start in enumerate(starts)
        ]
    )


def moves(study, starts=(), free=1000, status="pending"):
    return search_of(study).moves(study, history(starts, status), free)


def test_every_setting_lies_in_the_space(study):
    units = [study.space.unit(start.searched) for start in moves(study)]

    assert len(units) == 20
    assert all(0.0 <= unit <= 1.0 for unit_D in units for unit in unit_D)


def test_a_longer_study_begins_with_the_shorter_one(study):
    assert moves(replace(study, max_trials=40))[:20] == moves(study)


@pytest.mark.parametrize(("begin", "free"), [(0, 3), (7, 5), (18, 9), (20, 3), (5, 0)])
def test_at_most_what_is_free_and_left(study, begin, free):
    whole = moves(study)

    assert moves(study, whole[:begin], free) == whole[begin : begin + free]


@pytest.mark.rule("Q6", "Q2")
@pytest.mark.parametrize("status", ["running", "completed", "infeasible"])
def test_what_does_not_adapt_looks_at_no_result(study, status):
    whole = moves(study)

    assert moves(study, whole[:9], status=status) == whole[9:]


# --- merged studies: what a search that could run one must keep


MERGED = Space({**SPACE.domains, "depth": Choice([1, 2, 3]), "norm": Choice(["none", "layer"])})


@pytest.fixture(params=SAMPLING)
def merged(request):
    return replace(study_with(request.param), space=MERGED, merged=("depth", "norm"))


@pytest.mark.parametrize("count", [1, 5, 6, 7, 13, 20])
def test_scientific_values_have_equal_shares_of_any_first_trials(merged, count):
    settings = [start.searched for start in moves(merged)[:count]]
    groups = [(setting["depth"], setting["norm"]) for setting in settings]
    shares = [groups.count((depth, norm)) for depth in (1, 2, 3) for norm in ("none", "layer")]

    assert max(shares) - min(shares) <= 1


def test_a_longer_merged_study_begins_with_the_shorter_one(merged):
    assert moves(replace(merged, max_trials=43))[:20] == moves(merged)


def test_a_merged_study_goes_on_where_it_stood(merged):
    whole = moves(merged)

    assert moves(merged, whole[:7], free=4) == whole[7:11]


# --- whole experiments, played in a world whose loss is known


ROWS = tuple({"learning_rate": 0.001 * 2.0**k, "momentum": 0.9} for k in range(10))
CHANGES = [{"step": 3, "learning_rate": 0.05}, {"step": 6, "momentum": 0.6}]
# What an experiment says of a search or a schedule, where its name alone is not enough.
BY_HAND = {"configurations": ROWS, "nuisance": {}, "trials": 0}
EXPERIMENTS: dict[str, dict[str, Any]] = {"listed": BY_HAND}
OPTIONS: dict[str, dict[str, Any]] = {"pbt": {"interval": 3}, "replay": {"changes": CHANGES}}
# With a start so long that some trial diverges.
UNDER_ASHA: dict[str, dict[str, Any]] = {"bayesian": {"search_options": {"start": 0.6}}}
ALONE = {
    name: EXPERIMENTS.get(name, {"search": name}) for name in sorted(SEARCHES.keys() - {"imported"})
}
CASES: dict[str, dict[str, Any]] = {
    **ALONE,
    **{name: {"schedule": name, "schedule_options": OPTIONS.get(name, {})} for name in SCHEDULES},
    **{
        f"asha over {name}": {**given, **UNDER_ASHA.get(name, {}), "schedule": "asha"}
        for name, given in ALONE.items()
    },
    "asha in brackets": {"schedule": "asha", "schedule_options": {"min_steps": 1, "brackets": 3}},
    "pbt over random": {"search": "random", "schedule": "pbt", "schedule_options": {"interval": 4}},
}


@pytest.fixture(params=CASES)
def case(request):
    return descent(**CASES[request.param])


@pytest.mark.parametrize("name", [*SEARCHES, *SCHEDULES])
def test_every_search_and_schedule_has_a_test_file_of_its_own(name):
    assert Path(__file__).with_name(f"test_{name}.py").is_file()


def test_a_search_that_stands_in_its_folder_is_registered():
    folder = Path(etude.search.__file__).parent
    searches = {path.stem for path in folder.glob("*.py") if "def moves(self" in path.read_text()}

    # The contract itself; and what a merged study wraps around its search.
    assert searches - {"base", "merged"} == {*SEARCHES, *SCHEDULES}


def asked(case, records, free):
    (study,) = split(case)
    return search_of(study).moves(study, Records.of(records), free)


@pytest.mark.parametrize("slots", [1, 64])
def test_every_trial_ends_with_one_slot_and_with_64(case, slots):
    records = played(case, World(slots))

    assert all(record.ended for record in records)
    assert any(record.status == "completed" for record in records)
    assert asked(case, records, 64) == []


@pytest.mark.parametrize("patience", [5, 20])
def test_the_same_history_has_the_same_moves(case, patience):
    store = Memory()
    interrupted(case, World(3, patience=patience), store)
    records = list(store.records(case.name))

    assert asked(case, records, 5) == asked(case, records, 5)
    assert asked(case, records, 5)[:2] == asked(case, records, 2)[:2]


@pytest.mark.parametrize("patience", [5, 20, 60])
def test_the_order_in_which_a_history_is_told_does_not_matter(case, patience):
    store = Memory()
    interrupted(case, World(3, patience=patience), store)
    records = list(store.records(case.name))

    assert asked(case, random.Random(0).sample(records, len(records)), 5) == asked(case, records, 5)


def test_resumed_equals_uninterrupted(case):
    store = Memory()
    interrupted(case, World(1, patience=1), store)
    interrupted(case, World(1, patience=6), store)
    interrupted(case, World(1, patience=13), store)

    resumed = played(case, World(1), store)

    assert sketch(resumed) == sketch(played(case, World(1)))


def test_what_waits_is_not_proposed_again(case):
    store = Memory()
    interrupted(case, World(4, patience=1), store)
    records = list(store.records(case.name))
    known = [dict(record.setting) for record in records]
    new = [move for move in asked(case, records, 64) if hasattr(move, "searched")]

    settings = [*known, *(dict(move.searched) for move in new)]

    assert len({tuple(sorted(one.items())) for one in settings}) == len(settings)


@pytest.mark.parametrize("slots", [1, 5])
def test_a_trial_that_diverged_is_never_promoted_never_wins_and_never_vanishes(case, slots):
    records = played(case, World(slots))
    hot = {record.id for record in records if record.setting["learning_rate"] > 0.3}

    infeasible = {record.id for record in records if record.status == "infeasible"}
    assert set() < infeasible <= hot
    assert all(records[at].steps <= (records[at].from_step or 0) + 2 for at in infeasible)
    assert infeasible.isdisjoint(record.parent for record in records)


ROOT = Path(etude.search.__file__).parent.parent
FORBIDDEN = {"store", "runner", "round", "time", "datetime", "os"}


def imported(source):
    """Every name that a file imports or imports from: `etude.store` for `from .. import store`."""
    package = ["etude", *source.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(source.read_text())):
        names = (
            [one.name for one in node.names]
            if isinstance(node, ast.Import | ast.ImportFrom)
            else []
        )
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            yield origin
            names = [f"{origin}.{name}" for name in names]
        yield from names


def reached(sources):
    """All that these files see, directly or through others of Etude."""
    names: set[str] = set()
    waiting = list(sources)
    while waiting:
        new = set(imported(waiting.pop())) - names - {"etude"}
        names |= new
        stems = [ROOT.joinpath(*name.split(".")[1:]) for name in new if name.startswith("etude.")]
        files = [path for stem in stems for path in (stem.with_suffix(".py"), stem / "__init__.py")]
        waiting += [file for file in files if file.is_file()]
    return names


def test_no_search_sees_a_store_a_clock_or_a_runner_through_whomever():
    names = reached(ROOT.joinpath("search").rglob("*.py"))

    assert {"etude.study", "etude.record", "etude.space"} <= names
    assert {part for name in names for part in name.split(".")}.isdisjoint(FORBIDDEN)


def test_what_sees_a_store_and_a_runner_is_found_out():
    assert {"etude.runner.base", "etude.store.base"} <= reached([ROOT / "round" / "loop.py"])
