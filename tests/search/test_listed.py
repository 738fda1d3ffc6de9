from dataclasses import replace

from etude.record import Records
from etude.search.listed import Listed

from .test_quasi_random import STUDY, history

ROWS = ({"learning_rate": 0.1}, {"learning_rate": 0.3}, {"learning_rate": 0.1})


def moves(count=0, free=10):
    one = replace(STUDY, max_trials=len(ROWS), listed=ROWS, search="listed")
    return [start.searched for start in Listed().moves(one, history(count), free)]


def test_the_settings_come_as_they_were_written():
    assert moves() == list(ROWS)


def test_it_goes_on_where_it_stood():
    assert moves(count=1, free=1) == [ROWS[1]]
    assert moves(count=3) == []


def test_a_study_without_configurations_has_no_trial():
    assert Listed().moves(STUDY, Records.of([]), 10) == []
