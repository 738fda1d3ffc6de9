"""Which checkpoint a trial goes on from."""

from dataclasses import replace

import pytest
from tests.round.scripted import five_trials

from etude.design.split import split
from etude.event import Began, Logged, Saved
from etude.experiment.entry import Entry
from etude.round.loop import started
from etude.round.resume import assignment, lost_checkpoints
from etude.search import search_of
from etude.search.quasi_random import QuasiRandom


@pytest.fixture
def halfway(store):
    """A trial with checkpoints after steps 1 and 2, left running."""
    one = five_trials()
    store.begin(Entry(experiment=one, text=""))
    plan = [(study, QuasiRandom()) for study in split(one)]
    started(plan, store, one.name)
    folder = store.files.checkpoints(one.name, 0)
    [(folder / str(step)).mkdir(parents=True) for step in (1, 2)]
    rows = ((0, "train/loss", 5.0), (1, "train/loss", 4.0), (1, "valid/loss", 3.0))
    store.append(one.name, [Began(0, 0), Logged(0, rows), Saved(0, 1, 3.0), Saved(0, 2, 4.0)])
    return one, folder, store


def resumption(halfway):
    one, _, store = halfway
    return assignment(one, store, store.records(one.name)[0])


@pytest.mark.rule("K2")
def test_a_trial_goes_on_from_its_last_checkpoint(halfway):
    found = resumption(halfway)

    assert found.resume_step == 2
    assert found.first_losses == {"train/loss": 5.0, "valid/loss": 3.0}


def test_a_checkpoint_that_is_not_there_is_not_gone_on_from(halfway):
    (halfway[1] / "2").rmdir()

    assert resumption(halfway).resume_step == 1


def test_a_trial_whose_last_checkpoint_is_gone_is_known(halfway):
    one, folder, store = halfway
    before = lost_checkpoints(store, one.name, store.records(one.name)[:])
    (folder / "2").rmdir()

    after = lost_checkpoints(store, one.name, store.records(one.name)[:])

    assert (before, after) == ((), (0,))


def test_without_a_checkpoint_a_trial_begins_anew(halfway):
    [(halfway[1] / step).rmdir() for step in ("1", "2")]
    found = resumption(halfway)

    assert found.resume_step is None
    assert found.first_losses == {}


def test_a_folder_that_the_store_does_not_know_is_no_checkpoint(halfway):
    (halfway[1] / "9").mkdir()

    assert resumption(halfway).resume_step == 2


def test_the_seed_of_a_split_goes_beside_the_setting(store):
    rows = [{"rate": 0.1, "split_seed": seed} for seed in (3, 5)]
    one = replace(five_trials(), nuisance={}, scientific={}, trials=0, configurations=rows)
    store.begin(Entry(experiment=one, text=""))
    (study,) = split(one)
    started([(study, search_of(study))], store, one.name)

    given = assignment(one, store, store.records(one.name)[1])

    assert given.split_seed == 5
    assert "split_seed" not in given.setting


def test_a_hyperparameter_of_that_name_elsewhere_is_the_users_own(store):
    one = replace(five_trials(), fixed={"split_seed": 3})
    store.begin(Entry(experiment=one, text=""))
    started([(study, QuasiRandom()) for study in split(one)], store, one.name)

    given = assignment(one, store, store.records(one.name)[0])

    assert given.split_seed is None
    assert given.setting["split_seed"] == 3
