from __future__ import annotations

import pytest
from tests.factories import record, two_optimizers

from etude.analyze.checks.fixed_caveats import findings, fixed_caveats
from etude.design.split import split

FIXED = {"batch_size": 64, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}}


@pytest.mark.rule("R5")
def test_every_fixed_hyperparameter_is_one_notice():
    studies = split(two_optimizers(fixed=FIXED))

    found = findings(fixed_caveats(studies))

    assert [(each.rule, each.status, dict(each.subject)) for each in found] == [
        ("R5", "notice", {"hyperparameter": "batch_size"}),
        ("R5", "notice", {"hyperparameter": "epsilon", "study": "optimizer=adam"}),
    ]


def test_one_name_with_two_values_is_two_caveats():
    when = {"adam": {"warmup": 10}, "nesterov": {"warmup": 100}}
    studies = split(two_optimizers(fixed={"when": {"optimizer": when}}))

    assert [each.value for each in fixed_caveats(studies).caveats] == [10, 100]


def test_a_password_that_is_fixed_is_in_no_text_and_no_evidence():
    held = {"api_key": "a1b2c3d4e5", "password": "pw", "data": "s3://me:hush@host/a"}

    found = findings(fixed_caveats(split(two_optimizers(fixed=held))))

    assert [one.evidence["value"] for one in found] == ["***", "s3://me:***@host/a", "***"]
    assert not [one for one in found for value in held.values() if f" {value}:" in one.message]


def test_nothing_fixed_is_no_caveat():
    assert findings(fixed_caveats(split(two_optimizers(fixed={})))) == []


def test_what_nothing_read_holds_for_every_value_of_it():
    studies = split(two_optimizers(fixed=FIXED))
    records = [
        record(study, place, 0.5, unread=("batch_size",)) for place, study in enumerate(studies)
    ]

    assert [each.hyperparameter for each in fixed_caveats(studies, records).caveats] == ["epsilon"]
