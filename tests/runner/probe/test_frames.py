"""Where a training is, by its frames."""

from __future__ import annotations

import pytest

from etude.runner.probe.frames import place, stack_now

from .stacks import here


def load_batch():
    return here()


def get_batch():
    return here()


def load_training_data():
    return here()


def rows():
    yield here()


def update():
    return here()


def train_on_batch():
    return here()


def batch_norm():
    return here()


class Examples:
    def __getitem__(self, at):
        return here()


def train(make):
    return make()


@pytest.mark.parametrize(
    "make",
    [load_batch, get_batch, load_training_data, lambda: next(rows()), lambda: Examples()[0]],
    ids=["name", "get", "training", "rows", "item"],
)
@pytest.mark.rule("I1")
def test_what_makes_a_batch_is_input(make):
    assert place(train(make), asynchronous=False) == "input"


@pytest.mark.parametrize("step", [update, train_on_batch, batch_norm])
def test_a_step_is_none(step):
    assert place(train(step), asynchronous=False) == "elsewhere"


def test_a_value_of_a_device_is_a_wait_where_steps_are_sent_ahead():
    class Array:
        def item(self):
            return here()

    def value():
        return Array().item()  # a line with .item(

    stack = train(value)[1:]

    assert place(stack, asynchronous=True) == "synchronization"
    assert place(stack, asynchronous=False) == "elsewhere"


def test_a_thread_that_has_ended_has_no_frames():
    assert stack_now(-1) == []
