"""TensorBoard: what its own reader shows of a trial beside its points."""

from pathlib import Path

import pytest
from tests.trackers.following import Followed

from etude.event import Began, Ended, Logged
from etude.experiment.tracked_run import tensorboard_arguments
from etude.trackers.base import StudyNews
from etude.trackers.session import run_of


@pytest.fixture
def kind():
    return "tensorboard"


def texts(place: Path) -> dict[str, str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(place))
    reader.Reload()
    return {
        tag: event.tensor_proto.string_val[0].decode()
        for tag in reader.Tags()["tensors"]
        for event in reader.Tensors(tag)
        if event.tensor_proto.string_val
    }


def place_of(followed: Followed, trial: int = 0) -> Path:
    run = run_of(followed.store.entries()[0], followed.store.files)("all", trial)
    return Path(tensorboard_arguments(run)["log_dir"])


def test_a_text_has_the_setting_with_its_roles_and_another_why_a_trial_failed(followed):
    followed.happens(
        Began(0, 0),
        Logged(0, ((0, "valid/loss", 2.0),)),
        Ended(0, "infeasible", "nan", "no number"),
    )
    followed.catches_up()

    shown = texts(place_of(followed))
    assert "| learning_rate | 0.2958" in shown["setting/text_summary"]
    assert shown["setting/text_summary"].endswith("| nuisance |")
    assert (
        "| status | infeasible |\n| reason | nan |\n| detail | no number |"
        in (shown["trial/text_summary"])
    )


def test_findings_are_a_table_that_is_written_in_place_of_the_one_before(followed):
    followed.happens(Began(0, 0), Logged(0, ((0, "valid/loss", 2.0),)))
    tracker = followed.catches_up()
    run = run_of(followed.store.entries()[0], followed.store.files)("all", 0)
    tracker.summarize(StudyNews(run=run, findings=()))
    tracker.summarize(StudyNews(run=run, findings=()))

    assert texts(place_of(followed).parent)["findings/text_summary"].startswith("| rule | check |")


def test_a_file_that_was_lost_is_written_anew(followed):
    followed.happens(Began(0, 0), Logged(0, ((0, "valid/loss", 2.0),)))
    followed.catches_up()
    for path in place_of(followed).iterdir():
        path.unlink()
    followed.happens(Logged(0, ((1, "valid/loss", 1.0),)))
    followed.catches_up()

    assert followed.shown() == followed.in_store()
