from __future__ import annotations

import json
import math
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

from etude.finding import Finding, Severity, Words, grouped, sharing_subjects, to_json


@dataclass(frozen=True)
class Subject:
    study: str
    trial: int = 3
    status: Severity = "notice"


calls: list[int] = []


def words(result: Subject, trial: Subject) -> Words:
    calls.append(trial.trial)
    return Words(
        headline="A claim", message=f"Trial {trial.trial}.", evidence={"a": 1}, advice="Look."
    )


@pytest.fixture
def late():
    calls.clear()
    one = Subject("all")
    return Finding.of_trial(one, one, words, rule="C9", check="x", kind="some")


def test_words_of_a_trial_are_made_once_and_not_before_one_is_read(late):
    groups = grouped([late])

    assert groups[0].first is late
    assert calls == []
    assert (late.message, late.advice, late.headline) == ("Trial 3.", "Look.", "A claim")
    assert calls == [3]


def test_a_finding_whose_words_came_late_is_like_any_other(late):
    other = Finding(
        rule="C9",
        check="x",
        status="notice",
        subject={"study": "all", "trial": 3},
        headline="A claim",
        message="Trial 3.",
        evidence={"a": 1},
        advice="Look.",
        kind="some",
    )

    assert pickle.loads(pickle.dumps(late)) == late == other
    assert to_json(late) == to_json(other)
    assert repr(late) == repr(other)
    assert replace(late, status="ok") == replace(other, status="ok")
    with pytest.raises(AttributeError, match="mesage"):
        _ = late.mesage


def test_findings_on_one_trial_share_its_subject_and_no_others_do(late):
    again = replace(late, subject={"study": "all", "trial": 3}, check="y")
    other = replace(late, subject={"study": "all", "trial": 4})
    of_axis = [replace(late, subject={"study": "all", "hyperparameter": "x"}) for _ in range(2)]
    given = [late, again, other, *of_axis]
    before = [dict(one.subject) for one in given]

    shared = list(sharing_subjects(given, {}))

    assert [one.subject for one in shared] == before
    assert shared[0].subject is shared[1].subject
    assert len({id(one.subject) for one in shared}) == 4


def test_a_finding_is_json_without_nan():
    finding = Finding(
        rule="C1",
        check="boundary",
        status="ok",
        subject={"study": "all"},
        message="Fine.",
        evidence={"a": math.nan, "b": (1, math.inf), "c": np.float64(0.5), "d": {"e": None}},
    )

    text = json.dumps(to_json(finding), allow_nan=False)

    assert json.loads(text)["evidence"] == {"a": None, "b": [1, None], "c": 0.5, "d": {"e": None}}


def test_notices_of_several_studies_with_the_same_way_out_are_read_once():
    first = Finding(
        rule="R9",
        check="switches",
        status="notice",
        subject={"study": "a"},
        message="It is mixed up.",
        advice="Begin above none.",
    )
    other = replace(first, advice="Fix it.")

    found = grouped([first, replace(first, subject={"study": "b"}), other])

    assert [one.message for one in found] == [
        "It is mixed up. Alike: 1 more (`b`).",
        "It is mixed up.",
    ]


def test_what_is_unclear_for_other_reasons_is_not_alike():
    noisy = Finding(
        rule="C9",
        check="still_improving",
        status="unclear",
        subject={"study": "a", "trial": 0},
        message="Trial 0 is too noisy.",
        kind="noise",
    )
    broken = [replace(noisy, subject={"trial": at}, kind="infeasible") for at in (2, 3)]

    found = grouped([noisy, *broken, replace(noisy, subject={"trial": 5})])

    assert [[one.subject["trial"] for one in group.members] for group in found] == [[0, 5], [2, 3]]
