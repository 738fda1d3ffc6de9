"""W&B: what stands in the files that it writes offline, read by its own messages."""

from typing import Any

import pytest
from tests.trackers.following import Followed, wandb_trials

from etude.connect.wandb.transaction_log import records
from etude.errors import RunError
from etude.event import Began, Ended, Logged, Saved
from etude.experiment.tracked_run import arguments
from etude.trackers.session import run_of


@pytest.fixture
def kind():
    return "wandb"


def messages(followed: Followed, kind: str) -> list[Any]:
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = followed.folder.glob("etude.db.wandb/wandb/offline-run-*/*.wandb")
    read = [Record.FromString(data) for _, data in records(path)]
    return [getattr(one, kind) for one in read if one.WhichOneof("record_type") == kind]


def test_a_run_has_group_roles_the_best_checkpoint_and_why_it_failed(followed):
    followed.happens(
        *(Began(0, 0), Logged(0, ((0, "valid/loss", 2.0), (1, "valid/loss", 4.0)))),
        *(Saved(0, 1, 4.0), Logged(0, ((2, "valid/loss", 8.0),))),
        Ended(0, "infeasible", "nan", "no number"),
    )
    followed.catches_up()

    (run, *_) = messages(followed, "run")
    config = {item.key: item.value_json for item in run.config.update}
    summary: dict[str, str] = {}
    for message in messages(followed, "summary"):
        summary |= {item.key or item.nested_key[0]: item.value_json for item in message.update}
    assert run.run_group == "rates/all"
    assert '"learning_rate": "nuisance"' in config["etude"].replace('":"', '": "')
    assert float(summary["valid/loss"]) == 4.0
    assert (summary["status"], summary["reason"]) == ('"infeasible"', '"nan"')
    assert messages(followed, "exit")[-1].exit_code == 1


def test_a_point_of_an_earlier_step_that_comes_late_is_shown_when_the_trial_ends(followed):
    followed.happens(Began(0, 0), Logged(0, ((0, "train/loss", 4.0), (2, "train/loss", 2.0))))
    followed.happens(Logged(0, ((3, "train/loss", 1.0), (1, "valid/loss", 3.0))))
    followed.happens(Ended(0, "completed", steps=4))
    followed.catches_up()

    assert followed.shown() == followed.in_store()


def test_a_run_that_the_training_opens_is_left_to_it_until_the_trial_is_over(followed):
    import wandb

    run = run_of(followed.store.entries()[0], followed.store.files)("all", 0)
    given = arguments(run, "wandb", followed.store.files.trial("rates", 0))
    followed.happens(Began(0, 0), Logged(0, ((0, "valid/loss", 2.0),)))
    followed.catches_up()
    with wandb.init(**given, dir=followed.folder / "etude.db.wandb" / "own") as own:
        own.log({"own/accuracy": 0.5}, step=0)
    wandb.teardown()  # its service has written all of it then
    before = wandb_trials(followed)[0].rows
    followed.happens(Ended(0, "completed", steps=1))
    followed.catches_up()

    (trial,) = wandb_trials(followed)
    assert before == ((0, "own/accuracy", 0.5),)
    assert sorted(trial.rows) == [(0, "own/accuracy", 0.5), (0, "valid/loss", 2.0)]


@pytest.mark.parametrize(
    ("project", "mode", "words"),
    [("a" * 129, "offline", "exceeded 128 characters"), ("digits", "online", "wandb login")],
)
def test_a_name_that_is_refused_is_not_called_a_missing_key(
    project, mode, words, kind, tmp_path, monkeypatch
):
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    options = {"project": project, "mode": mode}
    followed = Followed(kind, tmp_path, track={"wandb": options})
    followed.happens(Began(0, 0), Logged(0, ((0, "valid/loss", 2.0),)))

    with pytest.raises(RunError) as refused:
        followed.catches_up()

    followed.store.close()
    assert words in str(refused.value)
    assert ("has no key" in str(refused.value)) == (mode == "online")
