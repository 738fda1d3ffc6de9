"""What the answer says of probes that could not be timed."""

from __future__ import annotations

from dataclasses import replace

from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.batch.answer import batch_answer
from etude.procedure.batch.history import History
from etude.procedure.batch.measurement import measured

from .curves import alone, history


def test_a_step_that_never_ends_is_named_and_no_load_is_blamed():
    known = Known(
        base=Experiment(name="x", metric="valid/loss", max_steps=9, trials=1), setting={"bs": 1}
    )
    probes = History((alone(1, "slow", detail="A step takes more than 60 s."),))

    answer = batch_answer(known, measured("bs", probes), probes)

    assert answer.line.startswith("No step ended")
    assert answer.reasons[0].text == "`bs` = 1 was not timed: A step takes more than 60 s"
    assert not any("load" in reason.text for reason in answer.reasons)


def answered(setting, probes):
    base = Experiment(name="x", metric="valid/loss", max_steps=9, trials=1, fixed=dict(setting))
    return batch_answer(Known(base=base, setting=setting), measured("bs", probes), probes)


def test_one_size_that_nothing_ended_is_no_answer_to_write_into_the_file():
    answer = answered({"bs": 8}, History((alone(1),)))

    assert (answer.word, answer.values["useful"], answer.lines) == ("UNCLEAR", None, ())
    assert not any("sound" in reason.text for reason in answer.reasons)


def test_one_size_beside_which_memory_ends_is_the_one_to_take():
    answer = answered({"bs": 8}, History((alone(1), alone(2, "out_of_memory"))))

    assert answer.values["useful"] == 1
    assert [line.change.new for line in answer.lines] == [1]


def growing():
    """Each size holds what it should, and gains up to the largest that was asked for."""
    probes = history(lambda size: 0.004, most=64).probes
    held = (replace(one, memory_bytes=(300 + 8 * one.batch_size) * 2**20) for one in probes)
    return History(tuple(held))


def test_growth_up_to_the_largest_tried_makes_no_file_smaller():
    answer = answered({"bs": 256}, growing())

    assert (answer.word, answer.values["useful"], answer.lines) == ("GROWING", 64, ())
    assert "Above 64 nothing was tried, and the file has 256" in [
        one.text for one in answer.reasons
    ]


def test_growth_up_to_the_largest_tried_is_not_said_to_end_there():
    (line,) = answered({"bs": 4}, growing()).lines

    assert line.because == "the throughput still grows at 64, the largest tried."
