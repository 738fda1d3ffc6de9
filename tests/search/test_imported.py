from etude.record import Record, Records
from etude.search import search_of

from .test_contract import LISTED, a_study


def test_there_is_nothing_to_train_for_trials_that_ran_elsewhere():
    study = a_study("imported")

    assert search_of(study).moves(study, Records.of([]), free=100) == []


def test_what_ended_elsewhere_asks_for_nothing_more():
    study = a_study("imported")
    ended = Record(id=0, study="all", index=0, setting=LISTED[0], seed=1, status="completed")

    assert search_of(study).moves(study, Records.of([ended]), free=100) == []
