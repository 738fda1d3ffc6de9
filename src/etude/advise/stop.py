"""When to stop: nothing more is to be gained that a check could see, said with its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyze.trial_noise import trial_noise
from ..analyze.wording import counted, number
from .case import Case


def stop(case: Case) -> str:
    """Why no other round is advised: what is inside, how dense, what more trials would bring.

    Source: R2, C1, C2, A2, X1.
    """
    told = list(_reasons(case))
    because = f": {'; '.join(told)}" if told else ""
    return (
        f"Stop here: no check of this version asks for another round of `{case.experiment.name}`"
        f"{because}. Read the doubts before you conclude; to adopt, train the best setting again "
        "with other seeds (A2, A4)."
    )


def _reasons(case: Case) -> Iterator[str]:
    sides = [one for one in case.findings if (one.check, one.rule) == ("boundary", "C1")]
    inside = sum(one.status == "ok" for one in sides if "side" in one.subject)
    if inside:
        yield f"the best lies inside on {inside} of {counted(len(sides), 'side')} (C1)"
    for study in case.studies:
        yield from _of_study(case, study.name)
        noise = trial_noise(study, case.records)
        if noise.known:
            yield f"retraining one setting of `{study.name}` moves it by {number(noise.sd, 2)} (A2)"


def _of_study(case: Case, study: str) -> Iterator[str]:
    for one in case.findings:
        about_it = one.check == "coverage" and one.subject.get("study") == study
        if about_it and one.evidence.get("gain") is not None:
            gain = number(one.evidence["gain"], 2)
            yield f"twice the trials of `{study}` would gain about {gain} (C2)"
