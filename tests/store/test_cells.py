"""A cell that is not what it was names store, experiment and trial, in every column of a store."""

import sqlite3

import pytest
from tests.store.bad_cells import BAD, columns, reading, sound_store, with_cell

from etude.errors import DamagedError
from etude.store import open_store

# What is only shown, or never read: any text may stand there.
FREE = {
    ("experiment", "source"), ("experiment", "created"), ("experiment", "place"),
    ("launch", "command"), ("launch", "folder"), ("launch", "started"), ("launch", "commit_id"),
    ("launch", "uncommitted"), ("trial", "study"), ("trial", "reason"), ("trial", "detail"),
    ("trial", "name"), ("metric", "name"), ("code_text", "text"), ("code_text", "hash"),
    ("launch", "process"), ("trial", "seed"), ("chunk", "id"), ("launch", "id"),
    ("trial", "launch_id"), ("trial", "until_step"), ("trial", "from_step"), ("trial", "parent_id"),
    ("stretch", "code"), ("checkpoint", "value"), ("code_file", "code"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    place = tmp_path_factory.mktemp("sound") / "etude.db"
    sound_store(place)
    return place


def answers(sound, folder, table, column):
    """What a reader says of each bad value that the database itself takes."""
    place = folder / "bad.db"
    return [reading(place) for value in BAD if with_cell(sound, place, table, column, value)]


def test_a_sound_store_is_read(sound):
    assert reading(sound) == ""


def test_a_bad_cell_of_any_column_is_refused_by_name_or_does_no_harm(sound, tmp_path):
    said = {
        (table, column): answers(sound, tmp_path, table, column) for table, column in columns(sound)
    }

    every = [(cell, one) for cell, ones in said.items() for one in ones if one]
    wrong = [(cell, one) for cell, one in every if not one.startswith("DamagedError: The store")]
    silent = {cell for cell, ones in said.items() if ones and not any(ones)}
    assert len(every) > 120
    assert wrong == []
    assert silent <= FREE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("trial set setting = '{'", "`setting` of trial 0 of experiment `rates`"),
        ("trial set setting = '{}'", "a setting with `learning_rate`"),
        ("trial set steps = 'abc'", "`steps` of trial 0 of experiment `rates`"),
        ("trial set status = 'asleep'", "`status` of trial 0 of experiment `rates`"),
        ("trial set id = 77 where id = 2", "`id` of trial 2 of experiment `rates`"),
        ("trial set setting = cast(x'ff41' as text)", "text in UTF-8"),
        ("chunk set points = x'01020304050607'", "`points` of trial 1 of experiment `rates`"),
        (f"chunk set points = x'{'00' * 8}09000000{'00' * 8}'", "points of known metrics"),
        ("chunk set trial_id = 9", "`trial_id` of trial 9 of experiment `rates`"),
        ("chunk set experiment_id = 9", "an experiment of the store"),
        ("checkpoint set step = -3", "`step` of trial 0 of experiment `rates`"),
        ("launch set versions = '{'", "`versions` of experiment `rates`"),
        ("experiment set text = 'x ='", "`text` of experiment `rates`"),
        ("experiment set name = 'other'", "the name in its text"),
        ("experiment set prior = '[1]'", "`prior` of experiment `rates`"),
        ("code_file set hash = 'else'", "the hash of its files"),
        ("stretch set launch_id = 9", "a launch of the experiment"),
        ("metric set id = 7 where id = 2", "as points know it"),
    ],
)
def test_a_bad_cell_names_store_experiment_and_trial(sound, tmp_path, change, words):
    place = tmp_path / "bad.db"
    place.write_bytes(sound.read_bytes())
    db = sqlite3.connect(place, isolation_level=None)
    db.execute(f"update {change}")
    db.close()

    said = reading(place)

    assert said.startswith(f"DamagedError: The store `{place}` is damaged: ")
    assert words in said
    assert said.endswith("Restore the store from a copy, or name another with --store.")


def test_the_error_carries_the_cell(sound, tmp_path):
    place = tmp_path / "bad.db"
    with_cell(sound, place, "trial", "steps", "'abc'")
    store = open_store(place, create=False)

    with pytest.raises(DamagedError) as refusal:
        store.records("rates")[:]

    store.close()
    assert refusal.value.cell == ("trial", "steps")
    assert (refusal.value.experiment, refusal.value.trial_id) == ("rates", 2)
