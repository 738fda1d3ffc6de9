"""Names that speak of how long a schedule takes."""

import pytest

from etude.playbook.schedule_lengths import is_schedule_length


@pytest.mark.parametrize(
    "name",
    [
        *("decay_steps", "lr_decay_iters", "decay_epochs", "lr_decay_epochs", "decayEpochs"),
        *("T_max", "scheduler.T_max", "scheduler/t_0", "lr_drop", "milestone_1", "lr_milestones"),
        *("total_steps", "num_training_steps", "epochs", "num_epochs", "cooldown_steps"),
        *("cosine_epochs", "lr_step_size", "scheduler.step_size", "lr_decay_every", "hold_steps"),
        *("decay_start_step", "scheduler__T_max", "polynomial_decay_steps", "total_iters"),
    ],
)
def test_a_length_of_a_schedule_is_known_by_its_words(name):
    assert is_schedule_length(name)


@pytest.mark.parametrize(
    "name",
    [
        *("learning_rate", "lr", "lr_max", "warmup_steps", "warmup_epochs", "num_warmup_steps"),
        *("decay_fraction", "weight_decay", "weight_decay_rate", "min_lr", "lr_gamma", "lr_decay"),
        *("ema_decay", "log_every", "eval_every", "step_size", "batch_size", "max_length"),
        *("drop_path", "schedule", "num_cycles", "momentum_decay", "lr_patience", "dropout"),
    ],
)
def test_what_is_no_length_or_keeps_it_is_none(name):
    assert not is_schedule_length(name)


def test_what_a_person_says_of_a_name_decides():
    assert is_schedule_length("tau", {"tau": "decay_steps"})
    assert not is_schedule_length("decay_steps", {"decay_steps": ""})
