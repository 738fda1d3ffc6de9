import pytest
from tests.store.sample import begun, folders, saved

from etude.errors import OwnedError
from etude.event import Began
from etude.store import open_store

ASIDE = ".etude-0123456789abcdef.partial"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "etude.db"


@pytest.fixture
def killed(place):
    """A store whose last owner was killed, with all that it could not sweep."""
    store = open_store(place)
    begun(store)
    store.append("rates", [Began(0, 0)])
    saved(store, 3, 0.5)
    checkpoints = store.files.checkpoints("rates", 0)
    for name in ("1", "5", "9.partial", "3.old"):
        (checkpoints / name / "deep").mkdir(parents=True)
    (store.files.checkpoints("rates", 17) / "3").mkdir(parents=True)  # a fork, never committed
    (store.files.rehearsal("rates") / "checkpoints" / "1").mkdir(parents=True)
    for trial_id in (0, 1):
        store.files.trial("rates", trial_id).mkdir(parents=True)
        store.files.log("rates", trial_id).touch()
    (place.parent / ASIDE).touch()
    yield store
    store.close()


def test_the_next_owner_sweeps_what_no_record_names(killed, place):
    with killed.own("rates"):
        pass

    assert folders(killed) == {"3"}
    assert not killed.files.checkpoints("rates", 17).exists()
    assert not killed.files.rehearsal("rates").exists()
    assert not killed.files.trial("rates", 1).exists()
    assert not (place.parent / ASIDE).exists()


def test_what_is_not_ours_stays(killed):
    checkpoints = killed.files.checkpoints("rates", 0)
    theirs = [
        checkpoints / "best",
        checkpoints / "1.tar",
        checkpoints.parent / "notes" / "1",
        killed.files.trial("rates", 0) / "plots",
        killed.files.trial("rates", 0).parent / "shared",
    ]
    for one in theirs:
        one.mkdir(parents=True)
    killed.files.log("rates", 0).write_text("a word\n")
    (checkpoints / "2").symlink_to(theirs[0])

    with killed.own("rates"):
        pass

    assert [one for one in theirs if not one.is_dir()] == []
    assert killed.files.log("rates", 0).read_text() == "a word\n"
    assert (checkpoints / "2").is_symlink()


def test_nothing_is_swept_while_another_owner_runs(killed, place):
    other = open_store(place)
    litter = killed.files.checkpoints("rates", 0) / "9.partial"

    with other.own("rates"):
        litter.mkdir(exist_ok=True)
        with pytest.raises(OwnedError), killed.own("rates"):
            pass
        during = litter.exists()

    other.close()
    assert during


def test_what_another_experiment_owns_is_left_alone(killed):
    theirs = killed.files.checkpoints("others", 0) / "9.partial"
    theirs.mkdir(parents=True)

    with killed.own("rates"):
        pass

    assert theirs.is_dir()
