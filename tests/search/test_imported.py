from tests.factories import record

from etude.record import Records
from etude.search import search_of

from .test_contract import LISTED, study_with


def test_there_is_nothing_to_train_for_trials_that_ran_elsewhere():
    study = study_with("imported")

    assert search_of(study).moves(study, Records.of([]), free=100) == []


def test_what_ended_elsewhere_asks_for_nothing_more():
    study = study_with("imported")
    ended = record(study, 0, setting=LISTED[0], status="completed")

    assert search_of(study).moves(study, Records.of([ended]), free=100) == []
