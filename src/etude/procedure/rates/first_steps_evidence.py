"""What the first steps show, as a finding: breaks that evaluations do not see."""

from __future__ import annotations

from typing import Any

from ...finding import Finding
from ...wording import number
from ..base import Known
from .diagnosis import Diagnosis
from .first_steps import FirstSteps

# The check that all findings of a diagnosis add to.
CHECK = "stability"


def of_first_steps(known: Known, shown: Diagnosis, probed: FirstSteps) -> Finding:
    """What trainings at twice the rate of the lowest loss do in their first steps.

    Source: D4.
    """
    subject = {"experiment": probed.experiment, "hyperparameter": shown.rate}
    if not probed.probes:
        return Finding(
            rule="D4",
            check=CHECK,
            status="unclear",
            subject=subject,
            headline="No training evaluated its first steps often enough to show a break there",
            message=f"A break in the first steps that recovers would not show: no training at "
            f"{number(probed.rate)} came to five evaluations of its first {probed.steps:,} steps.",
            advice="Report the metric wherever `trial.evaluates(step)` says so.",
        )
    count = f"{len(probed.hidden)} of {len(probed.probes)}"
    text = f"At {number(probed.rate)} {count} trainings break and recover in their first steps"
    visible = sum(one.broke and not one.recovered for one in probed.probes)
    lasting = f" {visible} more break and do not recover." if visible else ""
    own = f" A schedule of your own loop may be stretched over these {probed.steps:,} steps."
    own = "" if known.own_loop or probed.steps == known.base.max_steps else own
    highest = max((one.rise for one in probed.probes if one.recovered), default=0.0)
    return Finding(
        rule="D4",
        check=CHECK,
        status="problem" if shown.kind == "hidden" else "ok",
        subject=subject,
        headline=text,
        message=f"{text}, {probed.steps:,} of them, each evaluated; the largest rise is "
        f"{number(highest, 2)} of what training gained.{lasting}{own}",
        evidence={
            **_places(probed),
            "rate": probed.rate,
            "rise": [one.rise for one in probed.probes],
            "step": [one.at for one in probed.probes],
        },
        advice="Try a warmup first (D6)." if shown.kind == "hidden" else "",
    )


def _places(probed: FirstSteps) -> dict[str, Any]:
    """The probes by their rounds, and those of the first."""
    rounds: dict[str, list[int]] = {}
    for one in probed.probes:
        rounds.setdefault(one.experiment, []).append(one.trial)
    return {"trials": rounds.get(probed.experiment, []), "rounds": rounds}
