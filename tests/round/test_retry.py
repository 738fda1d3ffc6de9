"""Trials that the code or the machine ended, trained again."""

import pytest
from tests.factories import rates

import etude
from etude.cli.run import result_lines
from etude.errors import TrainError
from etude.record import is_code_failure
from etude.round.retry import refuse_code_failures
from etude.store.memory import Memory


def fails_at(ids, kind=FileNotFoundError):
    def train(trial):
        if trial.id in ids:
            raise kind("no data")
        return trial["learning_rate"]

    return train


def statuses(result):
    return [(record.status, record.reason) for record in result.records]


DONE, FAILED = ("completed", ""), ("infeasible", "error")


def test_only_what_the_code_ended_is_trained_again():
    store = Memory()
    etude.run(rates(), fails_at({1, 2}), store=store)
    etude.run(rates(trials=6), fails_at({4}, ValueError), store=store)

    again = etude.run(rates(trials=6), fails_at(()), store=store, agreed=["retry_errors"])

    assert statuses(again) == [DONE] * 4 + [FAILED] + [DONE]


def test_without_being_asked_nothing_is_trained_again():
    store = Memory()
    etude.run(rates(), fails_at({1}), store=store)

    assert statuses(etude.run(rates(), fails_at(()), store=store))[1] == FAILED


def test_a_study_that_the_code_ended_for_the_most_part_is_refused():
    result = etude.run(rates(), fails_at({1, 2, 3}))

    with pytest.raises(TrainError) as stop:
        refuse_code_failures(result, again="etude run x.toml --retry-errors")

    assert stop.value.trial_ids == (1, 2, 3)
    assert stop.value.summary.startswith("3 of 4 trials of the study (FileNotFoundError at ")
    assert stop.value.summary.endswith("etude run x.toml --retry-errors")
    assert stop.value.user_traceback.endswith("FileNotFoundError: no data")


def test_each_kind_of_error_is_named_with_its_count_and_shown_once():
    def train(trial):
        if trial.id > 0:
            raise (KeyError if trial.id == 3 else FileNotFoundError)("no data")
        return trial["learning_rate"]

    result = etude.run(rates(), train)

    with pytest.raises(TrainError) as stop:
        refuse_code_failures(result, again="")
    assert "(2 FileNotFoundError at test_retry.py:" in stop.value.summary
    assert ", 1 KeyError at test_retry.py:" in stop.value.summary
    assert stop.value.user_traceback.count("Traceback") == 2
    first, *_ = result.ending().steps
    assert first.text.startswith("Mend the code")
    assert "FILE" not in first.text


@pytest.mark.parametrize(
    "train", [fails_at({1, 2}), fails_at({1, 2, 3}, ValueError)], ids=["half", "settings"]
)
def test_other_studies_are_not(train):
    result = etude.run(rates(), train)

    refuse_code_failures(result, again="")

    assert FAILED in statuses(result)


def dying(folder, how):
    """An experiment of which trial 1 ends its worker."""
    (folder / "train.py").write_text(
        "import os, signal\n"
        "def train(trial):\n"
        f"    if trial.id == 1 and not os.path.exists('mended'): {how}\n"
        "    return trial['learning_rate']\n"
    )
    (folder / "e.toml").write_text(
        '[experiment]\nmetric = "valid/loss"\nmax_steps = 3\ntrials = 4\ntrain = "train.py:train"\n'
        "[nuisance]\nlearning_rate = { low = 0.1, high = 1.0 }\n"
    )
    return folder / "e.toml"


@pytest.mark.parametrize(
    ("how", "named", "by_code"),
    [
        ("os._exit(7)", "exit code 7", [1]),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", []),
    ],
)
def test_a_trial_whose_workers_died_is_named_and_trained_again(
    tmp_path, monkeypatch, how, named, by_code
):
    monkeypatch.chdir(tmp_path)
    file, store = dying(tmp_path, how), tmp_path / "e.db"
    result = etude.run(file, store=store, workers=1)
    said = "\n".join(result_lines(result, None))

    again = (tmp_path / "mended").write_text("") or etude.run(
        file, store=store, workers=1, agreed=["retry_errors"]
    )

    assert "Trial 1: its worker died each time" in said
    assert f"({named}" in said
    assert [record.id for record in result.records if is_code_failure(record)] == by_code
    assert statuses(again) == [DONE] * 4
    assert "died" not in "\n".join(result_lines(again, None))
