"""What the answer says of probes that could not be timed."""

from __future__ import annotations

from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.batch.answer import batch_answer
from etude.procedure.batch.history import History
from etude.procedure.batch.measurement import measured

from .curves import alone


def test_a_step_that_never_ends_is_named_and_no_load_is_blamed():
    known = Known(
        base=Experiment(name="x", metric="valid/loss", max_steps=9, trials=1), setting={"bs": 1}
    )
    probes = History((alone(1, "slow", detail="A step takes more than 60 s."),))

    answer = batch_answer(known, measured("bs", probes), probes)

    assert answer.line.startswith("No step ended")
    assert answer.reasons[0].text == "`bs` = 1 was not timed: A step takes more than 60 s"
    assert not any("load" in reason.text for reason in answer.reasons)
