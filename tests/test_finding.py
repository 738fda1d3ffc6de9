from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np

from etude.finding import Finding, grouped, to_json


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
