"""The answer of `training-length`: regime, length, the lines of the file, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import final

from ...advise.ending import NextStep, Reason
from ...finding import Finding
from ...record import Record
from ...wording import did_you_mean, join, number, quantity
from ..base import Answer, Known, Round
from .full_fit import FAILURES, FullFit, RateFit, fastest
from .length_lines import length_lines, schedule_name
from .length_refined import RefinedLength, refined
from .regime import RegimeEvidence, regime_without_fit
from .unregularized import UnregularizedConfiguration

_WORDS = {
    "compute_bound": "COMPUTE-BOUND",
    "not_compute_bound": "NOT COMPUTE-BOUND",
    "unclear": "UNCLEAR",
}
KEYS = ("regime", "max_steps", "learning_rate", "full_fit_step", "at_edge")


@final
@dataclass(frozen=True, kw_only=True)
class LengthEvidence:
    """What the sweeps showed.

    Args:
        coarse: The rates of the first sweep and its extensions, one training each.
        near: Those near the fastest, several trainings each; empty where none were trained.
        nearest: The training with the lowest loss on its training set.
        at_edge: Whether the best rate lies at the edge of what was tried.
        switched: What was switched off for it.
        length: That of the first sweep.
        longer: The step that sweeps all that is affordable; None where the first sweep had it.
        examples: So many training examples were evaluated at most, in Etude's loop.
    """

    known: Known
    rate_name: str
    fit: FullFit | None
    coarse: tuple[RateFit, ...]
    near: tuple[RateFit, ...]
    nearest: tuple[Round, Record] | None
    at_edge: bool
    switched: UnregularizedConfiguration
    length: int
    longer: NextStep | None
    examples: int

    @property
    def fastest(self) -> RateFit | None:
        """The rate that is answered with: near the fastest of the sweep, else that itself."""
        return fastest(self.near or self.coarse)

    @property
    def refuted(self) -> RateFit | None:
        """The fit of one training that trainings near it, with other seeds, do not bear out."""
        return fastest(self.coarse) if self.near and not fastest(self.near) else None


def length_answer(evidence: LengthEvidence) -> Answer:
    """The regime with the first number of steps, or why there is none.

    Source: T1, T5, T7, T11, T13, S12.
    """
    if not evidence.coarse:
        return _open(evidence.known, "No rate was trained", evidence.known.ended)
    best = evidence.fastest
    if best is not None:
        return _fitted(evidence, best)
    if evidence.refuted is not None:
        return _refuted(evidence, evidence.refuted)
    if evidence.nearest is None:
        broken = sum(one.broken for one in evidence.coarse)
        line = f"{broken} of {len(evidence.coarse)} trainings broke, and no rate fits"
        answer = _open(evidence.known, line, "No rate trained to its end", _table(evidence))
        see = NextStep(command="etude stability FILE", text="See what breaks them, and where")
        give = NextStep(
            command="", text=f"Or give a rate that trains: --set {evidence.rate_name}=VALUE"
        )
        return replace(answer, steps=(see, give))
    if evidence.longer is not None:
        return _too_short(evidence, evidence.longer)
    return _unfitted(evidence, *evidence.nearest)


def without_target(known: Known, fit: FullFit | None, logged: Collection[str]) -> Answer:
    """The answer where trainings log nothing by which a full fit shows.

    Args:
        known: What is known, trainings among it.
        fit: What was declared a full fit; None where nothing was.
        logged: The metrics that they log.

    Source: T7.
    """
    if fit is not None:
        line = f"No training logs `{fit.metric}`, so a full fit would not show"
        near = did_you_mean(fit.metric, sorted(one for one in logged if one.startswith("train/")))
        return _open(known, line, f"Name a metric of the training set with --full-fit. {near}")
    line = "No training error is logged, so a full fit would not show"
    why = (
        "Name a metric of the training set, `--full-fit train/loss=0.01`, or let `metrics` return "
        "`error`."
        if known.own_loop
        else "Report `train/error` at each evaluation, or declare it: `--full-fit train/loss=0.01`."
    )
    return _open(known, line, why)


def _open(known: Known, line: str, why: str, table: tuple[tuple[str, ...], ...] = ()) -> Answer:
    values: dict[str, object] = dict.fromkeys(KEYS)
    reasons = (why, known.ended) if known.ended and known.ended != why else (why,)
    return Answer(
        word=_WORDS["unclear"],
        line=line,
        values={**values, "regime": "unclear"},
        table=table,
        reasons=tuple(Reason(text=text.rstrip("."), rules=("T7",)) for text in reasons if text),
    )


def _refuted(evidence: LengthEvidence, once: RateFit) -> Answer:
    """That a training fitted and trainings with other seeds seldom do: no length follows."""
    line = f"One training fits after {math.ceil(once.median):,} steps, few others near it do"
    why = "What one seed takes is luck in part, so no length follows from it"
    declare = "Declare a full fit that most seeds reach: --full-fit METRIC=VALUE"
    answer = _open(evidence.known, line, why, _table(evidence))
    return replace(
        answer,
        reasons=(*answer.reasons, *_caveats(evidence)),
        steps=(NextStep(command="", text=declare),),
    )


def _too_short(evidence: LengthEvidence, longer: NextStep) -> Answer:
    """That no rate fits in twice the steps of a trial that did: no regime follows."""
    line = f"No rate fits in {evidence.length:,} steps, though a trial of your study did"
    why = "The regime is that of the most steps you can afford, and fewer were swept"
    answer = _open(evidence.known, line, why, _table(evidence))
    caveats = (*_caveats(evidence), *_of_switched(evidence))
    return replace(answer, reasons=(*answer.reasons, *caveats), steps=(longer,))


# --- with a full fit


def _fitted(evidence: LengthEvidence, best: RateFit) -> Answer:
    fit_step = math.ceil(best.median)
    length = refined(evidence.known, fit_step)
    rate = f"`{evidence.rate_name}` = {number(best.rate)}"
    lines, by_hand = length_lines(evidence.known, length, evidence.rate_name, best.rate)
    return Answer(
        word=_WORDS["not_compute_bound"],
        line=f"A full fit takes {quantity(fit_step, 'step')} at {rate}",
        values={
            "regime": "not_compute_bound",
            "max_steps": length.steps,
            "learning_rate": best.rate,
            "full_fit_step": fit_step,
            "at_edge": evidence.at_edge,
        },
        table=_table(evidence),
        reasons=tuple(_reasons(evidence, best, length)),
        lines=lines,
        findings=(_finding(evidence, "ok", f"A full fit takes {fit_step:,} steps at {rate}"),),
        steps=_next_steps(length.steps, by_hand, has_lines=bool(lines)),
    )


def _reasons(evidence: LengthEvidence, best: RateFit, length: RefinedLength) -> Iterator[Reason]:
    """What the length rests on or does not know, what would change it most first."""
    yield from _caveats(evidence)
    yield from length.reasons
    if evidence.known.ended:
        yield Reason(text=evidence.known.ended.rstrip("."), rules=("T7",))
    if not evidence.near:
        text = "The fewest of one training a rate, which is luck in part: other seeds may differ"
        yield Reason(text=text, rules=("A1", "T7"))
    elif len(best.steps) > 1:
        low, high = (number(end, 4) for end in (min(best.steps), max(best.steps)))
        trainings = quantity(len(best.steps), "training")
        yield Reason(text=f"The median of {trainings} that took {low} to {high}", rules=("A1",))
    if schedule := schedule_name(evidence.known):
        text = f"A {schedule} schedule is tuned to its length: retune it at the new one"
        yield Reason(text=text, rules=("S12", "T9"))
    if length.steps <= math.ceil(best.median):
        text = (
            "So few steps may demand a perfectly tuned decay; a generous length is easier to tune"
        )
        yield Reason(text=text, rules=("T11",))
    yield from _of_switched(evidence)


def _caveats(evidence: LengthEvidence) -> Iterator[Reason]:
    records = [record for played in evidence.known.rounds for record in played.records]
    if failed := sum(one.status == "infeasible" and one.reason in FAILURES for one in records):
        text = f"{quantity(failed, 'training')} ended by an error and left out"
        yield Reason(text=text, rules=("C3",))
    if evidence.at_edge:
        text = f"The best `{evidence.rate_name}` lies at the edge of the sweep: others may do"
        yield Reason(text=text, rules=("T7",))
    medians = [one.median for one in evidence.coarse]
    if len(medians) > 2 and max(medians) - min(medians) < evidence.coarse[0].interval:
        text = f"Every `{evidence.rate_name}` takes as long: does your loop read it?"
        yield Reason(text=text, rules=("T7",))
    yield from _sampled(evidence)


def _sampled(evidence: LengthEvidence) -> Iterator[Reason]:
    """That a full fit was seen on some training examples alone."""
    count = _training_examples(evidence)
    if count is not None and count > evidence.examples:
        text = f"Its fit is judged by {evidence.examples:,} of {count:,} training examples"
        yield Reason(text=f"{text}, evenly spread", rules=("E4", "T7"))


def _training_examples(evidence: LengthEvidence) -> int | None:
    """The examples of the training set, by the epochs that Etude's loop logs; None elsewhere."""
    if not evidence.known.own_loop or evidence.nearest is None:
        return None
    epochs = evidence.nearest[1].series("epoch")
    batch = evidence.known.setting.get("batch_size")
    if not len(epochs) or not isinstance(batch, int | float):
        return None
    return round((int(epochs.steps_P[-1]) + 1) * batch / float(epochs.values_P[-1]))


def _of_switched(evidence: LengthEvidence) -> Iterator[Reason]:
    """What was switched off, and what could not be: with it, other lengths are right."""
    switched = evidence.switched
    if switched.left:
        names = join([f"`{name}`" for name in switched.left], most=2)
        text = f"{names} cannot be made constant from outside: `--set` or `--without` the value"
        yield Reason(text=text, rules=("T7",))
    if switched.off:
        names = join([f"`{name}`" for name in switched.off], most=3)
        verb = "was" if len(switched.off) == 1 else "were"
        text = f"{names} {verb} off: with more noise of the gradient it takes more steps"
        yield Reason(text=text, rules=("T2", "T6"))
    else:
        text = "No regularization has a name to switch it off by; what your code does stayed on"
        yield Reason(text=text, rules=("T7",))
    text = "Another batch size, optimizer or architecture needs its own: ask again after a change"
    yield Reason(text=text, rules=("T2", "T6"))


def _next_steps(steps: int, by_hand: str, *, has_lines: bool) -> tuple[NextStep, ...]:
    if by_hand:
        return (NextStep(command="", text=by_hand.rstrip(".")),)
    if not has_lines:
        return ()
    text = f"Write the lines with `-o`, and tune a study of {quantity(steps, 'step')} a trial"
    return (NextStep(command="", text=text),)


# --- without one


def _unfitted(evidence: LengthEvidence, played: Round, record: Record) -> Answer:
    fit = evidence.fit
    seen = regime_without_fit(played, record, fit, at_edge=evidence.at_edge)
    rate = float(record.setting[evidence.rate_name])
    values = {
        "regime": seen.regime,
        "max_steps": None,
        "learning_rate": rate,
        "full_fit_step": None,
        "at_edge": evidence.at_edge,
    }
    steps = quantity(evidence.length, "step")
    lines = {
        "compute_bound": f"Training still gains after {steps}, and no rate fits fully",
        "not_compute_bound": f"No rate fits the training set in {steps}, nor gains by more",
        "unclear": f"No rate fits the training set in {steps}; whether more would is open",
    }
    if fit is None:
        lines = {
            "compute_bound": f"Training still gains after {steps}",
            "not_compute_bound": f"Training no longer gains after {steps}",
            "unclear": f"Whether training still gains after {steps} is open",
        }
    return Answer(
        word=_WORDS[seen.regime],
        line=lines[seen.regime],
        values=values,
        table=_table(evidence),
        reasons=tuple(_reasons_unfitted(evidence, seen)),
        findings=(_finding(evidence, _severity(seen), lines[seen.regime]),),
        steps=_steps_unfitted(seen, evidence.length),
    )


def _severity(seen: RegimeEvidence) -> str:
    return "unclear" if seen.regime == "unclear" else "notice"


def _reasons_unfitted(evidence: LengthEvidence, seen: RegimeEvidence) -> Iterator[Reason]:
    because = seen.because[0].upper() + seen.because[1:] if seen.because else ""
    rules = ("T1",)
    yield Reason(text=because, rules=rules)
    if seen.has_turned:
        text = "A training set that cannot be fitted fully: expect little from regularization"
        yield Reason(text=text, rules=("T13",))
    if evidence.fit is not None:
        text = f"Without a full fit (a {evidence.fit.words}) the sweep gives no length: refused"
        yield Reason(text=text, rules=("T7",))
    else:
        text = "No training error is logged, so no length: declare a fit, --full-fit METRIC=VALUE"
        yield Reason(text=text, rules=("T7",))
    yield from _caveats(evidence)
    if evidence.known.ended:
        yield Reason(text=evidence.known.ended.rstrip("."), rules=("T7",))
    if seen.regime == "compute_bound":
        text = "A scarce budget of steps may demand a perfectly tuned decay: tune it with the rate"
        yield Reason(text=text, rules=("T11",))
    yield from _of_switched(evidence)


def _steps_unfitted(seen: RegimeEvidence, affordable: int) -> tuple[NextStep, ...]:
    texts = {
        "compute_bound": (
            "Tune in one to three rounds of growing length, the first of about "
            f"{affordable // 10:,} steps, and check conclusions again on the last (T8)",
            f"Can you afford more than {affordable:,} steps? Then ask with --max-steps",
        ),
        "not_compute_bound": (
            "Declare what is a full fit, --full-fit METRIC=VALUE, or take a larger model",
        ),
        "unclear": (f"Ask again with more than {quantity(affordable, 'step')}: --max-steps",),
    }
    return tuple(NextStep(command="", text=text) for text in texts[seen.regime])


# --- what both show


def _table(evidence: LengthEvidence) -> tuple[tuple[str, ...], ...]:
    """A row a rate, lowest first: its trainings, and the steps to a full fit."""
    rows = [
        (
            number(one.rate, 3),
            str(len(one.steps)),
            f"{math.ceil(one.median):,}" if math.isfinite(one.median) else "never",
            "" if one.reached is None else number(one.reached, 2),
            str(one.broken) if one.broken else "",
        )
        for one in sorted([*evidence.coarse, *evidence.near], key=lambda one: one.rate)
    ]
    if evidence.fit is None:
        return ()
    metric = evidence.fit.metric
    head = (evidence.rate_name, "trainings", "full fit after", f"best {metric}", "broke")
    return (head, *rows) if rows else ()


def _finding(evidence: LengthEvidence, status: str, headline: str) -> Finding:
    best = evidence.fastest
    trials = sum(len(one.steps) for one in [*evidence.coarse, *evidence.near])
    return Finding(
        rule="T7" if best is not None else "T1",
        check="training_length",
        status=status,  # type: ignore[arg-type]  # one of the four
        subject={"hyperparameter": evidence.rate_name},
        headline=headline,
        message=f"{headline}, in {quantity(trials, 'training')} at constant rates.",
        evidence={
            "rates": [one.rate for one in [*evidence.coarse, *evidence.near]],
            "steps": [list(one.steps) for one in [*evidence.coarse, *evidence.near]],
            "rounds": [one.experiment.name for one in evidence.known.rounds],
        },
    )
