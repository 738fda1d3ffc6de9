"""What readers hand on is sanitized before anything names it."""

import pytest

from etude.connect.assembly.sanitize import sanitize
from etude.connect.base import SourceStudy, SourceTrial
from etude.errors import ImportFileError


def studies(*trials, **given):
    return [SourceStudy(name="one", **{"trials": trials, **given})]


def test_names_that_differ_only_in_what_hides_are_refused():
    trial = SourceTrial(name="a", setting={"lr\x07": 1, "lr\x08": 2})

    with pytest.raises(ImportFileError, match="2 names of hyperparameters are `lr\ufffd`"):
        sanitize(studies(trial))


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ({"x" * 301: 1}, "has 301 characters"),
        ({f"x{at}": 1 for at in range(2001)}, "There are 2,001 hyperparameters"),
    ],
)
def test_names_beyond_all_measure_are_refused(setting, what):
    with pytest.raises(ImportFileError, match=what):
        sanitize(studies(SourceTrial(name="a", setting=setting)))


def test_steps_that_cannot_be_are_left_out_and_told():
    rows = ((9, "loss", 0.5), (-1, "loss", 0.4), (0.5, "loss", 0.3), (10**30, "loss", 0.2))

    (study,) = sanitize(studies(SourceTrial(name="a", setting={}, rows=rows)))

    assert study.trials[0].rows == ((9, "loss", 0.5),)
    assert study.left_out == ("3 values at steps that are no whole number from 0 on.",)


def test_a_seed_that_no_store_holds_is_unknown():
    (study,) = sanitize(studies(SourceTrial(name="a", setting={}, seed=2**64)))

    assert study.trials[0].seed is None


def test_a_lone_half_of_a_character_can_be_written_down():
    trial = SourceTrial(name="\ud800", setting={"a\ud800": "\udfff"}, detail="\ud800")

    (study,) = sanitize(studies(trial))

    assert study.trials[0].setting == {"a\ufffd": "\ufffd"}
    assert study.trials[0].detail == "?"
