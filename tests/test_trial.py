import math
import re
import time
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from etude.assignment import Assignment
from etude.errors import Halted, Infeasible, Misreport, Misused, RunError
from etude.trial import Trial


class Heard:
    """A channel that keeps what it hears."""

    def __init__(self):
        self.news = []

    def marked(self, moment, step):
        self.news.append((moment, step))

    def logged(self, step, values):
        self.news.append(("logged", step, dict(values)))

    def saved(self, step, value, contents):
        self.news.append(("saved", step, value))

    def of(self, kind):
        return [news[1:] for news in self.news if news[0] == kind]


@pytest.fixture
def channel():
    return Heard()


@pytest.fixture
def given(tmp_path):
    return Assignment(
        id=3,
        study="optimizer=adam",
        setting={"learning_rate": 0.1, "optimizer": "adam"},
        seed=11,
        max_steps=10,
        evaluations=3,
        metric="valid/loss",
        maximize=False,
        diverged_above=100.0,
        folder=tmp_path / "trial",
        checkpoints=tmp_path / "checkpoints",
    )


@pytest.fixture
def trial(given, channel):
    return Trial(given, channel, now_s=time.monotonic)


def resumed(given, channel, step):
    (given.checkpoints / str(step)).mkdir(parents=True)
    return Trial(replace(given, resume_step=step), channel, now_s=time.monotonic)


def train(trial):
    """The steps that a plain loop does, and those that it evaluates."""
    steps = list(trial.steps())
    return steps, [step for step in steps if trial.evaluates(step)]


def test_a_trial_hands_out_its_setting(trial):
    assert trial["learning_rate"] == 0.1
    assert trial.setting == {"learning_rate": 0.1, "optimizer": "adam"}
    assert (trial.id, trial.seed, trial.max_steps) == (3, 11, 10)


def test_a_trial_says_which_hyperparameters_exist(trial):
    assert "learning_rate" in trial
    assert "momentum" not in trial


def test_an_unknown_hyperparameter_is_told_with_the_known_ones(trial):
    with pytest.raises(KeyError, match=r"no hyperparameter `momentum`.*`learning_rate`, `opt"):
        trial["momentum"]


def test_changing_the_setting_changes_nothing_else(trial, given):
    trial.setting["learning_rate"] = 9.0

    assert given.setting["learning_rate"] == 0.1


def test_the_folder_is_made_when_first_asked_for(trial, given):
    assert not given.folder.exists()
    assert trial.folder.is_dir()


@pytest.mark.rule("E2")
@pytest.mark.parametrize(
    ("max_steps", "evaluations", "expected"),
    [
        (10, 3, [3, 6, 9]),
        (10, 1, [9]),
        (10, 10, list(range(10))),
        (3, 50, [0, 1, 2]),
        (1, 1, [0]),
        (1000, 4, [249, 499, 749, 999]),
    ],
)
def test_evaluations_are_evenly_spaced_and_the_last_step_is_one(
    given, channel, max_steps, evaluations, expected
):
    trial = Trial(
        replace(given, max_steps=max_steps, evaluations=evaluations), channel, now_s=time.monotonic
    )

    assert train(trial) == (list(range(max_steps)), expected)


def test_steps_go_on_after_what_was_restored(given, channel):
    trial = resumed(given, channel, 6)

    assert trial.restore(lambda path: None)
    assert train(trial) == ([7, 8, 9], [9])
    assert trial.updates == 10


def test_a_trial_restored_at_its_end_has_nothing_left_to_do(given, channel):
    trial = resumed(given, channel, 9)
    trial.restore(lambda path: None)

    assert list(trial.steps()) == []
    assert trial.updates == 10


def test_restore_hands_over_the_folder_of_the_checkpoint(given, channel):
    seen: list[object] = []

    resumed(given, channel, 6).restore(seen.append)

    assert seen == [given.checkpoints / "6"]


def test_restore_without_a_checkpoint_does_nothing(trial):
    assert not trial.restore(lambda path: pytest.fail("there is nothing to load"))
    assert train(trial)[0] == list(range(10))


def test_without_restore_a_trial_begins_at_zero_though_there_is_a_checkpoint(given, channel):
    trial = resumed(given, channel, 6)

    assert next(trial.steps()) == 0
    assert channel.of("began") == [(0,)]


@pytest.mark.parametrize(
    "begin",
    [
        lambda trial: next(trial.steps()),
        lambda trial: trial.log(0, {"grad_norm": 1.0}),
        lambda trial: trial.report(0, {"valid/loss": 1.0}),
    ],
)
@pytest.mark.parametrize("step", [None, 6])
def test_restore_too_late_is_told_at_once(given, channel, begin, step):
    trial = Trial(replace(given, resume_step=step), channel, now_s=time.monotonic)
    begin(trial)

    with pytest.raises(RunError, match=r"`restore` comes before .* Move it up"):
        trial.restore(lambda path: None)


def test_the_beginning_is_told_once(trial, channel):
    trial.log(0, {"grad_norm": 1.0})
    list(trial.steps())

    assert channel.of("began") == [(0,)]
    assert channel.of("stepped") == [(step,) for step in range(10)]


def test_values_of_any_library_become_plain_numbers(trial, channel):
    class Tensor:
        def __float__(self):
            return 0.5

    trial.log(0, {"train/loss": Tensor(), "grad_norm": 2})

    assert channel.of("logged") == [(0, {"train/loss": 0.5, "grad_norm": 2.0})]
    assert all(type(value) is float for value in channel.of("logged")[0][1].values())


def test_updates_count_what_was_done(trial):
    steps = trial.steps()
    [next(steps) for _ in range(5)]

    assert trial.updates == 4  # the fifth is not over yet


def test_updates_count_reports_of_a_loop_of_its_own(trial):
    trial.report(6, {"valid/loss": 1.0})

    assert trial.updates == 7


def test_a_first_report_without_the_metric_says_what_it_had(trial):
    with pytest.raises(Misreport) as misreport:
        trial.report(3, {"valid/los": 1.0, "accuracy": 0.5})

    assert str(misreport.value) == (
        "The experiment's metric is `valid/loss`, but the first report (step 3) has `accuracy`, "
        "`valid/los`. Did you mean `valid/los`? Report `valid/loss`, or change `metric` in "
        "[experiment]."
    )


def test_a_report_of_training_values_may_come_before_the_first_of_the_metric(trial, channel):
    trial.report(0, {"train/loss": 1.0, "grad_norm": 2.0})
    reported_before = trial.reported
    trial.report(1, {"valid/loss": 1.0})

    assert (reported_before, trial.reported) == (False, True)
    assert len(channel.of("logged")) == 2


def test_an_empty_report_says_so(trial):
    with pytest.raises(Misreport, match=r"\(step 3\) has nothing\. Report"):
        trial.report(3, {})


def test_a_later_report_may_lack_the_metric(trial, channel):
    trial.report(3, {"valid/loss": 1.0})
    trial.report(4, {"valid/error": 0.5})

    assert len(channel.of("logged")) == 2


def test_logging_the_metric_is_no_report(trial):
    trial.log(0, {"valid/loss": 1.0})

    assert not trial.reported


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["train/loss", "loss", "valid/loss", "auxiliary_loss"])
def test_a_loss_that_is_no_number_ends_the_trial(trial, channel, name, value):
    with pytest.raises(Infeasible) as left:
        trial.log(4, {name: value})

    assert left.value.reason == "nan"
    assert f"`{name}` is {value} at step 4." in str(left.value)
    assert channel.of("logged")
    assert trial.updates == 5


def test_only_losses_are_judged(trial):
    trial.log(0, {"grad_norm": 1.0, "train/error": 1.0})

    trial.log(1, {"grad_norm": math.nan, "train/error": 1e9})


@pytest.mark.parametrize(
    ("first", "later", "threshold", "maximize", "ends"),
    [
        (1.0, 101.1, 100.0, False, True),
        (1.0, 101.0, 100.0, False, False),
        (1.0, 3.1, 2.0, False, True),
        (1.0, 1e300, False, False, False),
        (1.0, -1e300, 100.0, False, False),
        (-2.0, 198.0, 100.0, False, False),
        (-2.0, 199.0, 100.0, False, True),
        (0.0, 1e300, 100.0, False, False),
        (0.5, -49.6, 100.0, True, True),
        (0.5, 1e300, 100.0, True, False),
    ],
)
def test_a_metric_far_worse_than_it_began_ends_the_trial(
    given, channel, first, later, threshold, maximize, ends
):
    trial = Trial(
        replace(given, diverged_above=threshold, maximize=maximize), channel, now_s=time.monotonic
    )
    trial.report(0, {"valid/loss": first})

    assert diverged(trial, later) == ends


def diverged(trial, value):
    try:
        trial.report(1, {"valid/loss": value})
    except Infeasible as left:
        return left.reason == "diverged"
    return False


def test_each_loss_is_judged_by_its_own_beginning(trial):
    trial.log(0, {"train/loss": 1e-3, "valid/loss": 1.0})

    with pytest.raises(Infeasible, match=r"`train/loss` is 0\.5 at step 1, more than 100 times"):
        trial.log(1, {"valid/loss": 0.5, "train/loss": 0.5})


def test_a_training_loss_falls_also_where_the_metric_rises(given, channel):
    trial = Trial(replace(given, maximize=True), channel, now_s=time.monotonic)
    trial.log(0, {"train/loss": 1.0})

    with pytest.raises(Infeasible, match="train/loss"):
        trial.log(1, {"train/loss": 102.0})


def test_a_resumed_trial_is_judged_by_where_it_began_at_first(given, channel):
    trial = Trial(replace(given, first_losses={"train/loss": 0.01}), channel, now_s=time.monotonic)

    with pytest.raises(Infeasible, match=r"its first value 0\.01"):
        trial.log(5, {"train/loss": 2.0})


def test_a_trial_past_its_limit_leaves_its_loop(given, channel):
    trial = Trial(replace(given, max_wall_s=0.0), channel, now_s=time.monotonic)

    with pytest.raises(Halted) as left:
        list(trial.steps())
    assert left.value.reason == "time_limit"


def test_a_trial_past_its_limit_leaves_a_loop_of_its_own_at_its_report(given, channel):
    trial = Trial(replace(given, max_wall_s=0.0), channel, now_s=time.monotonic)

    with pytest.raises(Halted):
        trial.report(0, {"valid/loss": 1.0})
    assert channel.of("logged")


def test_leaving_is_no_exception_that_a_loop_would_swallow():
    assert not any(issubclass(leave, Exception) for leave in (Halted, Infeasible, Misreport))


def save(text):
    return lambda folder: (folder / "weights").write_text(text)


def test_a_checkpoint_is_written_aside_and_renamed(trial, channel, given):
    seen: list[object] = []

    trial.report(3, {"valid/loss": 0.5}, checkpoint=lambda path: seen.append((path, path.is_dir())))

    assert seen == [(given.checkpoints / "3.partial", True)]
    assert [each.name for each in given.checkpoints.iterdir()] == ["3"]
    assert channel.news[-1] == ("saved", 3, 0.5)


def test_a_checkpoint_that_fails_leaves_none(trial, channel, given):
    def fail(folder):
        (folder / "weights").write_text("half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        trial.report(3, {"valid/loss": 0.5}, checkpoint=fail)

    assert not (given.checkpoints / "3").exists()
    assert channel.of("saved") == []


def test_what_a_crash_left_of_a_checkpoint_is_not_built_upon(trial, given):
    (given.checkpoints / "3.partial").mkdir(parents=True)
    (given.checkpoints / "3.partial" / "half").touch()

    trial.report(3, {"valid/loss": 0.5}, checkpoint=save("whole"))

    assert [each.name for each in (given.checkpoints / "3").iterdir()] == ["weights"]


def test_a_checkpoint_of_the_same_step_replaces_the_old_one(trial, given):
    trial.report(3, {"valid/loss": 0.5}, checkpoint=save("old"))
    trial.report(3, {"valid/loss": 0.4}, checkpoint=save("new"))

    assert (given.checkpoints / "3" / "weights").read_text() == "new"
    assert [each.name for each in given.checkpoints.iterdir()] == ["3"]


def test_a_checkpoint_may_come_without_the_metric(trial, channel):
    trial.report(3, {"valid/loss": 0.5})
    trial.report(4, {}, checkpoint=save("weights"))

    assert channel.of("saved") == [(4, None)]


def test_an_infeasible_report_leaves_no_checkpoint(trial, channel):
    with pytest.raises(Infeasible):
        trial.report(3, {"valid/loss": math.nan}, checkpoint=save("weights"))

    assert channel.of("saved") == []


def test_a_trial_is_a_mapping_of_its_setting(trial):
    assert dict(trial) == trial.setting
    assert dict(**trial) == trial.setting
    assert list(trial) == ["learning_rate", "optimizer"]


def test_to_list_the_names_of_a_rehearsed_trial_reads_none(given, channel):
    rehearsed = Trial(replace(given, rehearsal=True), channel, now_s=time.monotonic)

    list(rehearsed)
    rehearsed["optimizer"]

    assert rehearsed.unread == ("learning_rate",)


def test_the_length_of_the_steps_is_how_many_are_left(trial):
    steps = trial.steps()
    [next(steps) for _ in range(3)]

    assert len(steps) == 7


def test_fewer_steps_are_left_after_a_restore(given, channel):
    trial = resumed(given, channel, 6)
    trial.restore(lambda path: None)

    assert len(trial.steps()) == 3


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        (10, "Step 0 is the first update: pass `step - 1`"),
        (25, "or raise `max_steps` for a longer loop"),
        (2.0, "Pass `int(step)`, 2"),
        (-1, "Pass the step that `trial.steps()` gave"),
    ],
)
def test_a_step_that_cannot_be_is_met_again_where_the_loop_swallows_it(trial, channel, step, hint):
    with pytest.raises(RunError, match=re.escape(hint)):
        trial.report(step, {"valid/loss": 1.0})

    with pytest.raises(Misused, match=re.escape(hint)):
        trial.report(3, {"valid/loss": 1.0})
    assert channel.of("logged") == []


def test_a_rehearsal_is_left_quietly_two_steps_beyond_its_end(given, channel):
    tried = Trial(
        replace(given, rehearsal=True, max_steps=2, whole_steps=10), channel, now_s=time.monotonic
    )
    tried.report(2, {"valid/loss": 1.0})

    with pytest.raises(Halted) as left:
        tried.log(3, {"train/loss": 1.0})

    assert left.value.reason == "rehearsal"
    assert channel.of("logged") == []


def test_a_rehearsal_does_not_pass_the_end_of_the_whole_trial(given, channel):
    tried = Trial(
        replace(given, rehearsal=True, max_steps=2, whole_steps=10), channel, now_s=time.monotonic
    )

    with pytest.raises(RunError, match="got 10"):
        tried.report(10, {"valid/loss": 1.0})


@pytest.mark.parametrize("name", ["Train Loss", "train_nll", "loss/train", "val-loss", "ce"])
def test_a_loss_by_any_known_name_ends_a_trial_that_diverges(trial, name):
    with pytest.raises(Infeasible):
        trial.log(1, {name: math.nan})


class Name(str):
    """A library's own kind of text."""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (3, "got 3 (int)"),
        (b"loss", "got b'loss' (bytes)"),
        (None, "(NoneType)"),
        ("x" * 1001, "1,001"),
    ],
)
def test_a_metric_whose_name_is_no_text_is_refused_in_words(trial, name, said):
    with pytest.raises(RunError, match="Names of metrics") as refusal:
        trial.report(0, {"valid/loss": 1.0, name: 1.0})

    assert said in str(refusal.value)
    assert isinstance(trial.left, Misused)


def test_a_first_report_of_names_that_are_no_text_is_refused_in_words(trial):
    with pytest.raises(RunError, match="Names of metrics are text"):
        trial.report(0, {3: 1.0, "loss": 1.0})


def test_a_metric_s_name_is_plain_text_that_can_be_stored(trial, channel):
    trial.report(0, {"valid/loss": 1.0, Name("a"): 1.0, "\udcff": 1.0})

    ((_, values),) = channel.of("logged")
    assert [type(name) for name in values] == [str, str, str]
    assert list(values) == ["valid/loss", "a", r"\udcff"]


def test_a_split_is_handed_over_beside_the_setting_and_counts_as_read_when_asked(given, channel):
    trial = Trial(replace(given, split_seed=7), channel, now_s=time.monotonic)
    before = trial.unread

    assert "split_seed" not in dict(trial)
    assert trial.split_seed == 7
    assert "split_seed" in before
    assert "split_seed" not in trial.unread


def test_without_a_split_there_is_none_and_nothing_to_read(trial):
    assert "split_seed" not in trial.unread
    assert trial.split_seed is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (0.5, "takes a step and a dict of values by name, got 0.5 (float) for the dict"),
        ([("valid/loss", 0.5)], "takes a step and a dict of values by name"),
        (
            {"valid": {"loss": 0.5}},
            '`valid` is a dict, and values are numbers.* {"valid/loss": ...}',
        ),
        ({"valid/loss": [0.5]}, "`valid/loss` at step 1 is no number: got [0.5] (list)"),
        ({"valid/loss": "0.5 nats"}, "`valid/loss` at step 1 is no number"),
        ({"valid/loss": np.ones(3)}, "got ndarray of shape (3,). Report one number for it"),
    ],
)
def test_values_of_a_wrong_type_are_named_before_the_hours_are_spent(given, channel, values, why):
    tried = Trial(replace(given, rehearsal=True, whole_steps=20), channel, now_s=time.monotonic)
    pattern = re.escape(why).replace(re.escape(".*"), ".*")

    with pytest.raises(RunError, match=pattern):
        tried.report(1, values)


def test_a_value_that_one_setting_lacks_ends_its_trial_alone(trial):
    with pytest.raises(TypeError, match="`valid/loss` at step 0 is no number: got None"):
        trial.report(0, {"valid/loss": None})

    trial.report(1, {"valid/loss": 0.5})


@pytest.mark.parametrize("value", [np.array([0.5]), np.float16(0.5), Decimal("0.5"), "0.5"])
def test_a_value_is_the_number_of_whatever_library(trial, channel, value):
    trial.report(1, {"valid/loss": value})

    assert channel.of("logged") == [(1, {"valid/loss": 0.5})]


def test_a_whole_number_beyond_all_floats_is_infinite(trial):
    with pytest.raises(Infeasible, match="`valid/loss` is inf at step 1"):
        trial.report(1, {"valid/loss": 10**400})


@pytest.mark.parametrize(("step", "hint"), [(2.0, "Pass `int(step)`, 2."), (True, "got True")])
def test_a_step_of_another_type_is_refused(trial, step, hint):
    with pytest.raises(RunError, match=re.escape(hint)):
        trial.report(step, {"valid/loss": 0.5})


def test_a_rehearsal_names_the_length_of_the_experiment(given, channel):
    assignment = replace(given, rehearsal=True, max_steps=2, whole_steps=20)

    with pytest.raises(RunError, match="got -1 where max_steps is 20"):
        Trial(assignment, channel, now_s=time.monotonic).report(-1, {"valid/loss": 0.5})


@pytest.mark.parametrize(
    ("attribute", "hint"),
    [
        ("learning_rate", 'Read the hyperparameter as `trial["learning_rate"]`'),
        ("get", '`"learning_rate" in trial` tells whether there is one'),
        ("suggest_float", "its range stands in the experiment file"),
        ("items", "`trial.setting` is the plain dict"),
        ("reports", "Did you mean `report`?"),
    ],
)
def test_what_a_trial_lacks_is_told_with_what_it_has(trial, attribute, hint):
    with pytest.raises(AttributeError, match=re.escape(hint)):
        getattr(trial, attribute)


def test_another_part_of_the_data_is_not_what_was_meant(trial):
    with pytest.raises(Misreport) as caught:
        trial.report(0, {"test/loss": 0.5})

    assert "Did you mean" not in str(caught.value)
    assert "What comes without it is for `trial.log`" in str(caught.value)
