"""What nobody reads is compared by no verdict and edited by no round."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.factories import minimal

from etude.advise.ending import ending, reasons
from etude.advise.next_actions import next_actions
from etude.advise.next_steps import manual_steps
from etude.advise.policy import EXPLOITATION, EXPLORATION, advice
from etude.design.studies import studies
from etude.space import Real

TWO = minimal(name="story", trials=6, scientific={"width": [64, 128]})
EDGE = minimal(
    name="story",
    trials=20,
    scientific={"width": [64, 128]},
    nuisance={"learning_rate": Real(1e-4, 1e-1, log=True)},
)


def without_reading(context, *names):
    """The same round, in which no training asked for these names."""
    records = [replace(one, unread=names) for one in context.analysis.records]
    return context_of(context.experiment, records)


# Six trainings of each, which seeds move.
LUCKY = [[value + k / 1000 for k in range(6)] for value in (0.1, 0.3)]


def two_widths(*names):
    return without_reading(rounds.by_value(*LUCKY, question=TWO), *names)


def test_studies_that_differ_in_nothing_that_is_read_are_not_compared():
    verdict = two_widths("width").verdict

    assert (verdict.status, verdict.winner) == ("no_question", "")
    assert verdict.headline == "Nothing read `width`, so nothing was compared"


def test_the_first_reason_is_that_nobody_reads_it():
    context = two_widths("width")

    assert reasons(context)[0].rules == ("W8",)
    assert context.verdict.doubts[0].startswith("W8: Nothing read `width`")


def test_no_round_is_advised_where_what_is_compared_is_not_read():
    trials = [
        one
        for place, study in enumerate(studies(EDGE))
        for one in rounds.trained(study, bottom={"learning_rate": -0.2}, begin=20 * place)
    ]
    told = context_of(EDGE, trials)
    assert advice(told).recommendations
    context = without_reading(told, "width")

    advised = [advice(context, order) for order in (EXPLORATION, EXPLOITATION)]

    assert [one.recommendations for one in advised] == [(), ()]
    assert 'trial["width"]' in manual_steps(context, context.analysis.records, advised[0])[0]
    assert next_actions(context, advised[0])[0].kind == "by_hand"


def test_a_setting_that_is_taken_whole_is_no_reason_to_doubt():
    context = two_widths()
    records = [replace(one, taken=("width",)) for one in context.analysis.records]
    taken = context_of(context.experiment, records)

    assert "unclear" in {one.status for one in taken.findings if one.check == "unread"}
    assert taken.verdict.status == context.verdict.status
    assert not any("width` is not known" in one.text for one in reasons(taken))


def test_a_side_of_what_nobody_reads_is_not_widened():
    question = minimal(
        name="story",
        trials=40,
        nuisance={"learning_rate": Real(1e-4, 1e-1, log=True), "share": Real(0.1, 0.9)},
    )
    told = rounds.round_of(question, count=40, bottom=rounds.LOW)
    assert {one.path for one in advice(told).recommendations} == {"nuisance.learning_rate"}

    context = without_reading(told, "learning_rate")

    assert all("learning_rate" not in one.path for one in advice(context).recommendations)


@pytest.mark.parametrize("unread", [(), ("width",)])
def test_an_ending_says_it_in_the_form_of_all_endings(unread):
    context = two_widths(*unread)

    shown = ending(context, next_actions(context, advice(context)))

    assert shown.word == ("NOTHING COMPARED" if unread else "BETTER")


def test_a_verdict_holds_for_every_value_of_what_nothing_read():
    question = minimal(
        name="story",
        trials=6,
        scientific={"width": [64, 128]},
        fixed={"label_smoothing": 0.1, "batch_size": 32},
    )
    told = rounds.by_value([0.1] * 6, [0.3] * 6, question=question)
    text = "\n".join(without_reading(told, "label_smoothing").verdict.doubts)

    assert "batch_size = 32" in text
    assert "label_smoothing" not in text
