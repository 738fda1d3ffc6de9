import math
from dataclasses import replace

import pytest
from tests.connect.huggingface.pairs import Fit, Pairs, of_six, resumed, saved, trained
from tests.runner.sample import end, rows
from torch import nn
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback

from etude.connect.huggingface import training
from etude.event import Paused, Refused, Saved


class Breaks(TrainerCallback):
    """Does something to the model at one step."""

    def __init__(self, step, does):
        self._step, self._does = step, does

    def on_step_begin(self, args, state, control, model=None, **others):
        if state.global_step == self._step:
            self._does(model)


def raises(model):
    raise LookupError("no word of that number")


def breaks(model):
    nn.init.constant_(model.classifier.weight, math.nan)


def test_a_schedule_that_stops_a_trial_ends_it_after_its_checkpoint(tmp_path):
    events = trained(Fit(), of_six(tmp_path), halt_at=1)

    assert (end(events).status, end(events).reason) == ("stopped", "schedule")
    assert max(step for step, _, _ in rows(events)) <= 2
    assert saved(events, 1).value is not None


def test_a_paused_trial_goes_on_where_it_paused(tmp_path):
    fit, given = Fit(), of_six(tmp_path, until_step=4)
    whole = trained(fit, of_six(tmp_path / "whole"))

    first = trained(fit, given)
    second = trained(fit, replace(resumed(given, first, 3), until_step=None))

    assert isinstance(first[-1], Paused)
    assert rows(first) + rows(second) == rows(whole)
    assert fit.ends[-1] == fit.ends[0]


@pytest.mark.parametrize("until_step", [None, 4])
def test_a_trial_that_was_killed_after_its_last_checkpoint_has_only_to_end(until_step, tmp_path):
    given = of_six(tmp_path, until_step=until_step)
    events = trained(Fit(), given)
    last = [event.step for event in events if isinstance(event, Saved)][-1]

    again = trained(Fit(), resumed(given, events, last))

    assert rows(again) == []
    assert type(again[-1]) is type(events[-1])


def test_a_trainer_that_tells_no_place_in_its_data_trains_all_the_same(tmp_path, monkeypatch):
    """As those of transformers before 5.3."""
    monkeypatch.setattr(training, "_BEGIN", "_no_such_method")

    events = trained(Fit(), of_six(tmp_path))

    assert end(events).status == "completed"


def test_a_loss_that_is_no_number_makes_its_trial_infeasible(tmp_path):
    fit = Fit(callbacks=[Breaks(2, breaks)])

    events = trained(fit, of_six(tmp_path))

    assert (end(events).status, end(events).reason) == ("infeasible", "nan")
    assert end(events).detail == "`train/loss` is nan at step 2."
    assert fit.ends == []


def test_an_exception_of_the_users_has_its_own_traceback(tmp_path):
    events = trained(Fit(callbacks=[Breaks(2, raises)]), of_six(tmp_path))

    assert (end(events).status, end(events).reason) == ("infeasible", "error")
    assert "in raises" in end(events).detail
    assert end(events).detail.endswith("LookupError: no word of that number")
    assert "src/etude" not in end(events).detail


def test_values_of_several_data_sets_are_one_report(tmp_path):
    data = {"same": Pairs(4), "other": Pairs(2)}

    events = trained(Fit(eval_dataset=data), of_six(tmp_path, metric="valid/other_loss"))

    assert end(events).status == "completed"
    assert {name for _, name, _ in rows(events) if name.startswith("valid")} == {
        *("valid/same_loss", "valid/same_accuracy"),
        *("valid/other_loss", "valid/other_accuracy"),
    }


def test_a_metric_that_is_never_evaluated_stops_the_run(tmp_path):
    refused = end(trained(Fit(), of_six(tmp_path, metric="valid/f1")))

    assert isinstance(refused, Refused)
    assert "`valid/f1`" in refused.detail
    assert "`valid/accuracy`, `valid/loss`" in refused.detail


@pytest.mark.parametrize(
    ("given", "arguments", "said"),
    [
        ({"eval_dataset": None}, {}, "Pass `eval_dataset=` to the Trainer."),
        (
            {"train_dataset": Pairs(1)},
            {"dataloader_drop_last": True},
            "had no step, 0 of 6 done: its `train_dataset` gave no batch.",
        ),
    ],
)
def test_a_trainer_that_cannot_train_a_trial_is_told_why(given, arguments, said, tmp_path):
    events = trained(Fit(arguments, **given), of_six(tmp_path))

    assert said in end(events).detail.splitlines()[-1]


def test_workers_that_outlive_an_epoch_are_told_of_at_the_rehearsal(tmp_path, capsys):
    arguments = {"dataloader_num_workers": 1, "dataloader_persistent_workers": True}
    given = of_six(tmp_path, rehearsal=True, max_steps=1, evaluations=1, whole_steps=6)

    trained(Fit(arguments), given)

    assert "draws other random numbers in its workers" in capsys.readouterr().err


class Saves(TrainerCallback):
    """Asks for a checkpoint of a step that nobody evaluates."""

    def on_step_end(self, args, state, control, **others):
        control.should_save = control.should_save or state.global_step == 3


def test_a_checkpoint_of_another_callback_has_no_value_of_an_earlier_step(tmp_path):
    events = trained(Fit(callbacks=[Saves()]), of_six(tmp_path))

    assert saved(events, 2).value is None
    assert saved(events, 3).value is not None
    assert (end(events).status, end(events).steps) == ("completed", 6)


def test_early_stopping_of_the_trainer_is_refused_for_a_schedule(tmp_path):
    fit = Fit({"metric_for_best_model": "loss"}, callbacks=[EarlyStoppingCallback()])

    assert "a schedule stops trials" in end(trained(fit, of_six(tmp_path))).detail


class EvaluatesBoth(Trainer):
    """Evaluates the training set beside the usual one, as many do."""

    def evaluate(self, *given, **named):
        super().evaluate(self.train_dataset, metric_key_prefix="train")
        return super().evaluate(*given, **named)


def test_the_training_set_that_is_evaluated_beside_is_no_evaluation_of_the_trial(tmp_path):
    plain = trained(Fit(), of_six(tmp_path / "plain"))

    both = trained(Fit(kind=EvaluatesBoth), of_six(tmp_path / "both"))

    assert end(both).status == "completed"
    named = [row[:2] for row in rows(both)]
    assert [row for row in named if row[1] != "train/accuracy"] == [row[:2] for row in rows(plain)]
    assert [row for row in named if row[1] == "train/accuracy"] == [
        (step, "train/accuracy") for step in (1, 3, 5)
    ]


def test_an_evaluation_at_the_start_is_not_logged_again_where_a_trial_goes_on(tmp_path):
    given, fit = of_six(tmp_path), Fit({"eval_on_start": True})
    events = trained(fit, given)

    again = trained(fit, resumed(given, events, 3))

    assert rows(again) == [row for row in rows(events) if row[0] > 3]
