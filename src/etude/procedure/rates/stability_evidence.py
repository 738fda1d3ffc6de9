"""What a diagnosis is read by: a table of rates, reasons, and findings with their trials."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from ...advise.ending import Reason
from ...advise.schedule_moves import CONSTANT
from ...analyze.checks.gradient_norm import gradient_norm
from ...finding import Finding, Severity
from ...wording import number, percent, quantity
from ..base import Known
from .diagnosis import Diagnosis, broken_near
from .first_steps_evidence import CHECK, of_first_steps
from .rate_trials import Rate, Rates, RateTrial

# Heuristic: the share of the length that is the start, as in a diagnosis.
_EARLY = 0.1
_STATUS: Mapping[bool | None, Severity] = {True: "problem", False: "ok", None: "unclear"}


def table(known: Known, shown: Diagnosis, *, most: int = 16) -> tuple[tuple[str, ...], ...]:
    """The rates around the best and the border: trainings, mean loss, what broke and when.

    Source: D2.
    """
    if shown.trained is None or not shown.trained.rates:
        return ()
    header = (shown.rate, "trainings", known.base.metric, "broke", "")
    rows = _around(shown, shown.trained.rates, most)
    return (header, *(_row(known, shown, shown.trained, one) for one in rows))


def _around(shown: Diagnosis, rows: Sequence[Rate], most: int) -> Sequence[Rate]:
    """So many rows: those around the best rate, more above it than below."""
    if len(rows) <= most:
        return rows
    middle = next((at for at, one in enumerate(rows) if one.value == shown.best_rate), 0)
    begin = max(0, min(middle - most // 3, len(rows) - most))
    return rows[begin : begin + most]


def _row(known: Known, shown: Diagnosis, trained: Rates, one: Rate) -> tuple[str, ...]:
    loss = "-"
    if one.losses:
        loss = number(known.base.objective.value(one.mean), error=trained.sd)
    marks = {shown.best_rate: "best", shown.unstable_from: "breaks from here"}
    broke = f"{len(one.broke)} of {one.seeds}{_when(one.broke)}"
    return (number(one.value), str(one.seeds), loss, broke, marks.get(one.value, ""))


def _when(broke: Sequence[RateTrial]) -> str:
    """Where trainings broke: `, at 45 %`; empty where none did."""
    if not broke:
        return ""
    learned = [one for one in broke if not one.never_learned]
    if not learned:
        return ", never learned"
    return f", at {percent(max(median(one.onset for one in learned), 0.001))}"


# --- reasons


def reasons(known: Known, shown: Diagnosis) -> tuple[Reason, ...]:
    """What the verdict rests on, what would change it most first, each in at most 20 words.

    Source: D1, D2, D3, D4, L1.
    """
    return tuple(_reasons(known, shown))


def _reasons(known: Known, shown: Diagnosis) -> Iterator[Reason]:
    if known.ended:
        yield Reason(text=known.ended.rstrip("."), rules=("R15",))
    if shown.because:
        yield Reason(text=_sentence(shown.because), rules=("D1",))
    if shown.trained is not None and shown.trained.failed:
        yield Reason(text=_of_failures(shown, shown.trained).headline, rules=("C3",))
    if constant_schedule(known):
        yield Reason(
            text="The schedule is constant: the best rate may be another one under a tuned decay",
            rules=("L1",),
        )
    if shown.trained is None or shown.best_rate is None:
        return
    # What the verdict rests on is said already.
    rule_of_verdict = "D4" if shown.kind == "hidden" else ""
    for finding in _of_rates(known, shown, shown.trained):
        if finding.rule != rule_of_verdict:
            yield Reason(text=finding.headline, rules=(finding.rule,))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def constant_schedule(known: Known) -> bool:
    """Whether the configuration is known to have a constant schedule.

    Source: L1.
    """
    name = "schedule" if known.own_loop else known.name_of("schedule")
    if name is None or (name not in known.setting and not known.own_loop):
        return False
    return str(known.setting.get(name, "constant")).casefold() in CONSTANT


# --- findings


def findings(known: Known, shown: Diagnosis) -> tuple[Finding, ...]:
    """What was found on the way, each with its rule and its trials.

    Source: D1, D2, D3, D4, D5, D9, L1.
    """
    if shown.trained is None:
        return ()
    trained = shown.trained
    every = [trial for one in trained.rates for trial in one.trials]
    # An unseen break is there for sure, though no comparison says what it costs.
    status = "notice" if shown.kind == "hidden" else _STATUS[shown.held_down]
    verdict = _finding(
        "D1",
        status,
        shown,
        trials=[*broken_near(trained), *_best_trials(trained)],
        headline=verdict_line(shown),
        message=f"{_sentence(shown.because)}.",
        advice="Repair this before anything else (D11)." if shown.held_down else "",
        evidence={"best": shown.best_rate, "unstable_from": shown.unstable_from},
    )
    findings = [verdict]
    if shown.best_rate is not None:
        findings += _of_rates(known, shown, trained)
        findings.append(_norms(shown, trained))
    if constant_schedule(known):
        findings.append(_of_schedule(shown, every))
    if trained.failed:
        findings.append(_of_failures(shown, trained))
    return tuple(findings)


def _best_trials(trained: Rates) -> tuple[RateTrial, ...]:
    return trained.best.trials if trained.best else ()


def _of_rates(known: Known, shown: Diagnosis, trained: Rates) -> Iterator[Finding]:
    if shown.first_steps is not None:
        yield of_first_steps(known, shown, shown.first_steps)
    yield from _of_border(shown, trained)
    yield from _of_climbs(shown, trained)
    yield from _of_double_check(shown, trained)


def verdict_line(shown: Diagnosis) -> str:
    """The verdict in at most 14 words, with its numbers.

    Source: D1.
    """
    best = "" if shown.best_rate is None else number(shown.best_rate)
    border = "" if shown.unstable_from is None else number(shown.unstable_from)
    if shown.kind == "unclear":
        return "Whether instability holds the best rate down is open"
    if shown.kind == "hidden":
        probed = "" if shown.first_steps is None else number(shown.first_steps.rate)
        return (
            f"Training breaks unseen between evaluations at `{shown.rate}` = {probed}; the best is "
            f"{best}"
        )
    if shown.kind == "stable":
        breaks = f"training breaks from {border} on" if border else _without_border(shown)
        return f"Nothing holds down the best `{shown.rate}`, {best}; {breaks}"
    if not border:
        return f"Losses climb above the best `{shown.rate}`, {best}, and that holds it down"
    where = "in its first steps" if shown.kind == "early" else "in mid-training"
    return f"Training breaks {where} from `{shown.rate}` = {border} on; the best is {best}"


def _without_border(shown: Diagnosis) -> str:
    """What broke where no border is known: nothing, or too little for one, with its count."""
    trained = shown.trained
    if trained is None or not trained.broken:
        return "no rate that was tried breaks"
    return f"no border: {trained.broken} of {trained.trainings} trainings broke"


def _of_border(shown: Diagnosis, trained: Rates) -> Iterator[Finding]:
    border = shown.unstable_from
    if border is None:
        return
    above = [trial for one in trained.rates if one.value >= border for trial in one.trials]
    below = [trial for one in trained.rates if one.value < border for trial in one.trials]
    broke = {id(trial) for one in trained.rates for trial in one.broke}
    count, fewer = (sum(id(one) in broke for one in trials) for trials in (above, below))
    text = f"From {number(border)} on {count} of {len(above)} trainings break, below {fewer} of "
    early = sum(trial.onset <= _EARLY for trial in broken_near(trained))
    yield _finding(
        "D2",
        "ok",
        shown,
        trials=above,
        headline=f"{text}{len(below)}",
        message=f"{text}{len(below)}. From there on a quarter or more break; "
        f"{early} of {len(broken_near(trained))} near it do so in the first tenth.",
        evidence={"unstable_from": border, "broke": count, "broke_below": fewer},
    )


def _of_climbs(shown: Diagnosis, trained: Rates, *, times: float = 3.0) -> Iterator[Finding]:
    """Whether losses just above the best rate climb for a while."""
    assert trained.lowest is not None
    lowest = trained.lowest.value
    above = [trial for one in trained.between(lowest, times * lowest) for trial in one.trials]
    if not above:
        return
    climbing = [trial for trial in above if trial.climb() > 0.0]
    expect = ": expect a gain from stabilizing" if 2 * len(climbing) >= len(above) else ""
    yield _finding(
        "D2",
        "notice" if expect else "ok",
        shown,
        trials=above,
        headline=f"Above the best rate {len(climbing)} of {len(above)} training losses climb "
        f"for a while{expect}",
        message=f"Of {quantity(len(above), 'training')} above the best rate, up to {times:g} times "
        f"it, the training loss of {len(climbing)} climbs for a while.",
        evidence={"climb": [round(trial.climb(), 3) for trial in above]},
    )


def _of_double_check(shown: Diagnosis, trained: Rates) -> Iterator[Finding]:
    """What trainings at 5 and 10 times the best rate do."""
    checked = [
        one
        for one in trained.rates
        if any("double-check" in trial.experiment for trial in one.trials)
    ]
    trials = [trial for one in checked for trial in one.trials]
    broke = [trial for one in checked for trial in one.broke]
    if not trials:
        return
    jumped = [trial for trial in broke if trial.onset > _EARLY]
    at = " and ".join(number(one.value) for one in checked)
    count = f"{len(broke)} of {len(trials)} trainings break at {at}"
    after = f", {len(jumped)} after a tenth of the steps" if broke else ""
    yield _finding(
        "D3",
        "notice" if jumped else "ok",
        shown,
        trials=trials,
        headline=f"{count}{after}",
        message=f"At 5 and 10 times the rate that was best then, {count}{after}: every workload "
        "breaks at some rate.",
        evidence={
            "rates": [one.value for one in checked],
            "broke": len(broke),
            "jumped": len(jumped),
        },
    )


def _norms(shown: Diagnosis, trained: Rates) -> Finding:
    """The gradient norms at the best rate, beside those of trainings that break."""
    best, broke = _best_trials(trained), broken_near(trained)
    high = [_high(trained, trials) for trials in (best, broke)]
    if math.isnan(high[0]):
        return _finding(
            "D5",
            "unclear",
            shown,
            trials=best,
            headline="No training at the best rate logged enough of `grad_norm`",
            message="Without the norm of the unclipped gradient nothing says where to clip.",
            advice="Log `grad_norm`, the L2 norm of the full, unclipped gradient, at every step.",
        )
    beside = "" if math.isnan(high[1]) else f", {number(high[1], 2)} where training breaks"
    return _finding(
        "D9",
        "ok",
        shown,
        trials=[*best, *broke],
        headline=f"`grad_norm`: 90 % below {number(high[0], 2)} at the best rate{beside}",
        message=f"Of the unclipped gradient norms at the best rate 90 % lie below "
        f"{number(high[0], 2)}{beside}.",
        evidence={"percentile_best": high[0], "percentile_broke": high[1]},
    )


def _high(trained: Rates, trials: Iterable[RateTrial]) -> float:
    """The mean of the 90th percentiles of the norms; NaN where none logged enough of them."""
    result = gradient_norm(trained.study, [one.curves for one in trials])
    high = [one.high for one in result.trials if one.high is not None]
    return fmean(high) if high else math.nan


def _of_schedule(shown: Diagnosis, trials: Sequence[RateTrial]) -> Finding:
    return _finding(
        "L1",
        "notice",
        shown,
        trials=trials,
        headline="The schedule is constant, while rates are compared",
        message="The schedule is constant. Under a decay another rate may be the best, and a "
        "higher one usable.",
        advice="Tune some decay, linear or cosine to begin with, before the rate is settled.",
    )


def _of_failures(shown: Diagnosis, trained: Rates) -> Finding:
    count = quantity(len(trained.failed), "training")
    return _finding(
        "C3",
        "unclear",
        shown,
        trials=trained.failed,
        headline=f"{count} ended by an error and say nothing of their rate",
        message=f"{count} ended by an error of the code or the machine, and are left out.",
        advice="Look at what ended them.",
    )


def _finding(
    rule: str,
    status: Severity,
    shown: Diagnosis,
    *,
    trials: Iterable[RateTrial],
    evidence: dict[str, Any] | None = None,
    **words: str,
) -> Finding:
    """A finding about the rate, with the trials of each round that it rests on."""
    of_rounds: dict[str, list[int]] = {}
    for one in trials:
        of_rounds.setdefault(one.experiment, []).append(one.trial)
    last = next(iter(of_rounds), "")
    return Finding(
        rule=rule,
        check=CHECK,
        status=status,
        subject={"experiment": last, "hyperparameter": shown.rate},
        evidence={"trials": of_rounds.get(last, []), "rounds": of_rounds, **(evidence or {})},
        **words,  # type: ignore[arg-type]  # headline, message and advice
    )
