from __future__ import annotations

import json
import math

import numpy as np

from etude.finding import Finding, to_json


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
