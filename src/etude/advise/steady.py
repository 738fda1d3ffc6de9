"""C8: late jumps of the metric are met by decay or averaging, which a person builds in."""

from __future__ import annotations

from .case import Case, Remedy


def steady(case: Case) -> list[Remedy]:
    """Words where late jumps may decide the comparison: what to change lies in the training loop.

    Source: C8, L1.
    """
    jumps = case.of("step_variance", "C8", "notice", "problem")
    return [
        Remedy(rule="C8", words=f"C8: {one.message} {one.advice}")
        for one in jumps
        if "trial" not in one.subject
    ]
