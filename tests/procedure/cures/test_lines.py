"""The lines of a cure: those of the user's file, where each name stands in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import etude
from etude.advise.edits import applied
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.cures import CureOutcome
from etude.procedure.cures.lines import left_to_author, lines
from etude.procedure.rates.diagnosis import Diagnosis

DIAGNOSIS = Diagnosis(kind="early", rate="learning_rate", best_rate=0.1, held_down=True)


def known(**tables: Any) -> Known:
    plain = {
        "name": "base",
        "metric": "valid/loss",
        "max_steps": 1000,
        "trials": 4,
        "nuisance": {"learning_rate": etude.Real(1e-3, 1.0, log=True)},
        "fixed": {"batch_size": 8, "optimizer": "momentum", "momentum": 0.9},
    }
    experiment = Experiment(**{**plain, **tables})
    setting = {"learning_rate": 0.1, "batch_size": 8, "optimizer": "momentum", "momentum": 0.9}
    return Known(base=experiment, setting=setting, own_loop=True)


def warmup(before: Known) -> CureOutcome:
    changes: dict[str, Any] = {"learning_rate": 0.5, "warmup_steps": 100}
    return CureOutcome(
        cure="warmup",
        title="a warmup over 100 steps",
        setting={**before.setting, **changes},
        changes=changes,
        max_steps=1100,
        rules=("D7",),
    )


def test_the_rate_is_searched_around_its_new_best() -> None:
    before = known()

    coming = applied(before.base, list(lines(before, DIAGNOSIS, warmup(before))))

    domain = coming.nuisance["learning_rate"]
    assert (domain.low, domain.high) == (0.158, 1.58)
    assert coming.fixed["warmup_steps"] == 100
    assert coming.max_steps == 1100


def test_a_fixed_rate_becomes_the_new_one() -> None:
    before = known(nuisance={}, fixed={"learning_rate": 0.1, "batch_size": 8})

    coming = applied(before.base, list(lines(before, DIAGNOSIS, warmup(before))))

    assert coming.fixed["learning_rate"] == 0.5


def test_what_another_optimizer_does_not_read_goes() -> None:
    before = known()
    kept = {key: value for key, value in before.setting.items() if key != "momentum"}
    changes: dict[str, Any] = {"optimizer": "adam", "beta1": 0.9, "learning_rate": 0.001}
    cure = CureOutcome(
        cure="optimizer",
        title="`adam`",
        setting={**kept, **changes},
        changes=changes,
        max_steps=1000,
    )

    coming = applied(before.base, list(lines(before, DIAGNOSIS, cure)))

    assert "momentum" not in coming.fixed
    assert (coming.fixed["optimizer"], coming.fixed["beta1"]) == ("adam", 0.9)


def test_every_line_has_its_rule_and_its_reason() -> None:
    before = known()

    written = list(lines(before, DIAGNOSIS, warmup(before)))

    assert [one.rule for one in written] == ["D7", "D7", "D8"]
    assert all(one.because.endswith(".") for one in written)


def test_a_range_that_the_cure_does_not_read_goes_too() -> None:
    nuisance = {
        "learning_rate": etude.Real(1e-3, 1.0, log=True),
        "warmup_fraction": etude.Real(0.0, 0.1),
    }
    before = replace(known(nuisance=nuisance), setting={"warmup_fraction": 0.05})
    changes = {"learning_rate": 0.5, "warmup_steps": 100}
    cure = CureOutcome(
        cure="warmup", title="a warmup", setting=changes, changes=changes, max_steps=1100
    )

    coming = applied(before.base, list(lines(before, DIAGNOSIS, cure)))

    # A fraction beside steps would be the one that counts.
    assert "warmup_fraction" not in {*coming.nuisance, *coming.fixed}
    assert coming.fixed["warmup_steps"] == 100


def test_what_the_file_compares_is_left_to_its_author() -> None:
    before = known(scientific={"optimizer": ["momentum", "adam"]}, fixed={"batch_size": 8})
    changes = {"optimizer": "adam", "learning_rate": 0.001}
    cure = CureOutcome(cure="optimizer", title="`adam`", changes=changes, max_steps=1000)

    assert left_to_author(before, cure) == ["optimizer"]
    assert "scientific.optimizer" not in [one.path for one in lines(before, DIAGNOSIS, cure)]
