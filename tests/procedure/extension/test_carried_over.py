"""What is carried over to longer trainings, with which of four confidences."""

from __future__ import annotations

import pytest

from etude.procedure.extension.carried_over import carried_over


@pytest.mark.rule("T9")
def test_the_four_confidences_are_the_playbooks() -> None:
    setting = {
        "warmup_steps": 10,
        "init_scale": 1.0,
        "width": 64,
        "optimizer": "adam",
        "learning_rate": 0.1,
        "weight_decay": 1e-4,
        "mixup": 0.2,
        "schedule": "cosine",
        "decay_steps": 100,
    }

    carried = {one.name: one.confidence for one in carried_over(setting, {})}

    assert carried == {
        "warmup_steps": "very_likely",
        "init_scale": "very_likely",
        "width": "likely",
        "optimizer": "perhaps",
        "learning_rate": "perhaps",
        "weight_decay": "perhaps",
        "mixup": "perhaps",
        "schedule": "unlikely",
        "decay_steps": "unlikely",
    }


def test_what_the_playbook_does_not_speak_of_is_left_out() -> None:
    setting = {"batch_size": 32, "gizmo": 1, "seed": 3}

    assert carried_over(setting, {}) == ()


def test_a_name_of_ones_own_counts_as_what_it_is() -> None:
    (carried,) = carried_over({"gizmo": 3}, {"gizmo": "depth"})

    assert carried.confidence == "likely"
