"""What a person sees does not change by accident: every story prints what was written down.

A change that is meant is recorded, in a commit of its own, by `python -m tests.golden.record`.
"""

from __future__ import annotations

import difflib
import platform

import pytest
from tests.golden.play import EXPECTED, rounded, transcript
from tests.golden.stories import STORIES

# A search by Gaussian processes goes other ways with other last bits of a matrix product.
RECORDED_ON = (EXPECTED / "machine").read_text().strip()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_as_it_was_written_down(name, tmp_path):
    if STORIES[name].exact and platform.machine() != RECORDED_ON:
        pytest.skip(f"recorded on {RECORDED_ON}, where a search's matrices are rounded otherwise")
    expected = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")

    told = rounded(transcript(STORIES[name], tmp_path))

    if told != expected:
        lines = difflib.unified_diff(expected.splitlines(), told.splitlines(), lineterm="", n=0)
        pytest.fail("\n".join(line[:300] for line in list(lines)[:40]), pytrace=False)
