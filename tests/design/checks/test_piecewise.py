"""L2 and L4: a piecewise schedule is a notice, with what its pieces are at this length."""

import pytest
from tests.form import offences

from etude.space import Choice

from ..designs import RATE, design, findings_of

FIXED = {"batch_size": 64, "schedule": "piecewise"}


def findings(**given):
    return findings_of(design(fixed={**FIXED, **given}), "L2")


@pytest.mark.rule("L2", "L4")
@pytest.mark.parametrize(
    ("given", "headline"),
    [
        ({}, "`schedule` is piecewise"),
        ({"schedule_pieces": "0:1 50:0.1"}, "`schedule` is piecewise, with 2 pieces"),
        ({"schedule_pieces": "what:ever"}, "`schedule` is piecewise"),
        (
            {"schedule_pieces": "0:1 85:0.1", "warmup_steps": 10, "hold_steps": 5},
            "`schedule` is piecewise, and 1 of 2 pieces begin after the last step",
        ),
        (
            {"schedule_pieces": "0:1 84:0.1", "warmup_fraction": 0.1, "hold_steps": 5},
            "`schedule` is piecewise, with 2 pieces",
        ),
        (
            {"schedule_pieces": "0:1 50:0.1 100:0.01 3000:0.001"},
            "`schedule` is piecewise, and 2 of 4 pieces begin after the last step",
        ),
    ],
)
def test_it_says_how_many_pieces_there_are_and_how_many_never_come(given, headline):
    (finding,) = findings(**given)

    assert (finding.headline, finding.status) == (headline, "notice")
    assert finding.subject == {"hyperparameter": "schedule"}
    assert "L4" in finding.advice
    assert list(offences(finding)) == []


def test_a_schedule_of_a_loop_of_ones_own_is_known_by_its_name():
    (finding,) = findings_of(design(fixed={"lr_scheduler": "piecewise_constant"}), "L2")

    assert finding.subject == {"hyperparameter": "lr_scheduler"}


@pytest.mark.parametrize(
    "given",
    [
        {"scientific": {"schedule": ["linear", "piecewise"]}},
        {"nuisance": {"learning_rate": RATE, "schedule": Choice(["cosine", "piecewise"])}},
    ],
)
def test_one_of_several_schedules_is_noticed_too(given):
    assert len(findings_of(design(**given), "L2")) == 1


def test_a_schedule_of_one_study_names_that_study():
    compared = design(
        scientific={"optimizer": ["adam", "sgd"]},
        fixed={"when": {"optimizer": {"sgd": {"schedule": "piecewise"}}}},
    )

    (finding,) = findings_of(compared, "L2")

    assert finding.subject == {"hyperparameter": "schedule", "study": "optimizer=sgd"}
