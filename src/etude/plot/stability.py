"""Where in training trials became unstable, those that recovered beside those that did not."""

from __future__ import annotations

from collections import Counter

import altair as alt

from ..analyze.checks.stability import Stability
from ..wording import quantity
from .histogram import paired_bars

_LASTING = ("nan", "diverged")
_WORDS = {
    "nan": "no longer finite",
    "diverged": "diverged for good",
    "diverged_recovered": "broke and went on",
    "repeated": "broke again and again",
    "never_learned": "never learned",
}


def draw(result: Stability) -> alt.LayerChart:
    """How many trials first became unstable at each share of the steps; the beginning is shaded.

    Source: C4, D1.
    """
    unstable = [
        (trial.kind, trial.fraction)
        for trial in result.trials
        if trial.kind not in ("", "never_learned") and trial.fraction
    ]
    recovered = [share for kind, share in unstable if kind not in _LASTING]
    lasting = [share for kind, share in unstable if kind in _LASTING]
    return paired_bars(
        {"box": recovered, "infeasible": lasting},
        [(0.0, 0.1)],
        title=f"broke first, of {result.max_steps:,} steps",
        note="pale: went on; red: did not" if unstable else "no trial broke",
    )


def has_marks(result: Stability) -> bool:
    """Whether there is anything to draw."""
    return any(
        trial.kind not in ("", "never_learned") and trial.fraction for trial in result.trials
    )


def caption(result: Stability) -> str:
    """How many trials were unstable in each way, and whether that holds the best rate down.

    Source: C4, D1, D3.
    """
    judged = [trial for trial in result.trials if trial.status != "unclear"]
    if not judged:
        return "No trial has curves long enough to say whether it was stable."
    kinds: Counter[str] = Counter(trial.kind for trial in judged if trial.kind)
    ways = ", ".join(f"{kinds[kind]:,} {_WORDS[kind]}" for kind in _WORDS if kinds[kind])
    text = f"Of {quantity(len(judged), 'trial')}, {sum(kinds.values()):,} were unstable"
    text += f": {ways}" if ways else ""
    shared = sum(bool(trial.shared) for trial in judged)
    if result.limit.status == "notice":
        return text + "; the best stable trial lies at their edge."
    return text + (f"; {shared:,} broke at one share of the steps." if shared else ".")
