"""Finding, Recommendation, Verdict: a claim, its rule id, its evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, final

import numpy as np

from .experiment.change import Change
from .space import Domain, Scalar

Severity: TypeAlias = Literal["ok", "notice", "problem", "unclear"]
_OF_A_TRIAL = frozenset(("study", "trial"))


class OfStudy(Protocol):
    """The result of a check on a study."""

    @property
    def study(self) -> str:
        """Its name."""


class OfTrial(Protocol):
    """What a check computed of one trial."""

    @property
    def trial(self) -> int:
        """Its id."""

    @property
    def status(self) -> Severity:
        """What the check says of it."""


R = TypeVar("R", bound=OfStudy)
T = TypeVar("T", bound=OfTrial)


@final
@dataclass(frozen=True, kw_only=True)
class Words:
    """What a finding says, beside what it is about: see `Finding`."""

    headline: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check says about one subject.

    Args:
        rule: The id in the playbook, `C1`.
        check: The check's name, as its file in `analyze/` or `design/`.
        subject: What it is about: `study`, `hyperparameter` and `side`, or `trial`.
        headline: A claim with its number, in at most 14 words; no full stop.
        message: What was found, with its numbers, in at most two sentences.
        evidence: The numbers, and under `trials` the ids it rests on.
        advice: What to do, one imperative sentence; empty where nothing is to be done.
        acknowledged: Whether the author of the experiment knows and accepts it: a caveat then.
        kind: Which of several things the check speaks of; findings of one kind are reported as one.
            It is no key of the JSON, whose evidence has it.
    """

    rule: str
    check: str
    status: Severity
    subject: Mapping[str, Any]
    message: str
    headline: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""
    acknowledged: bool = False
    kind: str = field(default="", metadata={"json": False})
    # What makes the words of a finding of a trial, until somebody reads one.
    maker: tuple[Callable[..., Words], Any, Any] | None = field(
        default=None, init=False, repr=False, compare=False, metadata={"json": False}
    )

    @classmethod
    def of_trial(  # noqa: PLR0913  # the parts of a finding beside its words, by name
        cls,
        result: R,
        trial: T,
        words: Callable[[R, T], Words],
        *,
        rule: str,
        check: str,
        kind: str,
        status: Severity | None = None,
    ) -> Finding:
        """A finding on one trial, whose words are made when somebody reads one of them.

        Of the trials of a large study hardly any is read, and sentences and evidence take most of
        the time and the memory. The status is the trial's own, unless another is given.
        """
        finding = object.__new__(cls)
        for name, value in (
            ("rule", rule),
            ("check", check),
            ("status", trial.status if status is None else status),
            ("subject", {"study": result.study, "trial": trial.trial}),
            ("acknowledged", False),
            ("kind", kind),
            ("maker", (words, result, trial)),
        ):
            object.__setattr__(finding, name, value)
        return finding

    if not TYPE_CHECKING:  # a type checker takes any name for one of a class that has this

        def __getattr__(self, name: str) -> Any:
            """The words of a finding of a trial, all of them once one is read."""
            if name not in Words.__dataclass_fields__:
                raise AttributeError(f"A finding has no `{name}`.")
            if (maker := self.maker) is None:  # another thread has made them meanwhile
                return object.__getattribute__(self, name)
            words, result, trial = maker
            content = words(result, trial)
            for one in Words.__dataclass_fields__:
                object.__setattr__(self, one, getattr(content, one))
            object.__setattr__(self, "maker", None)
            return getattr(self, name)


@final
@dataclass(frozen=True, kw_only=True)
class Group:
    """Findings of one check that say the same: the first speaks for all."""

    members: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The one that speaks."""
        return self.members[0]

    @property
    def message(self) -> str:
        """What the first one says, and of how many others the same holds.

        >>> from dataclasses import replace
        >>> fine = Finding(
        ...     rule="C9", check="x", status="ok", subject={"trial": 3}, message="Trial 3 is fine."
        ... )
        >>> Group(members=(fine, replace(fine, subject={"trial": 5}))).message
        'Trial 3 is fine. Alike: 1 more trial (5).'
        """
        others = self.members[1:]
        if not others:
            return self.first.message
        trials = [finding.subject["trial"] for finding in others if "trial" in finding.subject]
        if len(trials) < len(others):
            studies = {finding.subject.get("study"): None for finding in others}
            named = self.first.status != "unclear" and None not in studies
            which = ", ".join(f"`{study}`" for study in list(studies)[:MAX_NAMED])
            which += ", ..." * (len(studies) > MAX_NAMED)
            return f"{self.first.message} Alike: {len(others)} more{f' ({which})' * named}."
        listed = ", ".join(map(str, trials[:MAX_NAMED])) + (", ..." * (len(trials) > MAX_NAMED))
        noun = "trial" if len(trials) == 1 else "trials"
        return f"{self.first.message} Alike: {len(trials)} more {noun} ({listed})."


def sharing_subjects(
    findings: Iterable[Finding], known: dict[tuple[str, int], Mapping[str, Any]]
) -> Iterator[Finding]:
    """The findings, all those on one trial with one subject: a dict each takes most of their room.

    Args:
        findings: Fresh from a check, which nobody else holds.
        known: The subjects of before, which takes those that are new.
    """
    for one in findings:
        if one.subject.keys() == _OF_A_TRIAL:
            key = (one.subject["study"], one.subject["trial"])
            object.__setattr__(one, "subject", known.setdefault(key, one.subject))
        yield one


# The kind of what a study does not ask, as for a learning rate that it has not: the JSON says so.
UNASKED = "unasked"
# Heuristic: more ids in a row are not read; `check --json` has every one.
MAX_NAMED = 8


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """The findings as people read them, those alike in one, in order of appearance.

    Alike are findings about single trials with the same check, rule and status, and the same `kind`
    where there is one; what one check leaves unclear of studies, by kind too; and notices with the
    same way out, study for study. What nobody asks is left out.
    """
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        if finding.kind == UNASKED:
            continue
        groups.setdefault(_alike(finding), []).append(finding)
    return [Group(members=tuple(members)) for members in groups.values()]


def about_studies(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings about each study, by its name."""
    by_study: dict[str, list[Finding]] = {}
    for finding in findings:
        if "study" in finding.subject:
            by_study.setdefault(finding.subject["study"], []).append(finding)
    return by_study


def _alike(finding: Finding) -> object:
    single = "trial" in finding.subject
    if finding.acknowledged:
        return id(finding)
    if finding.status == "notice" and not single and finding.advice:
        axis = tuple(finding.subject.get(name) for name in ("hyperparameter", "side"))
        return (finding.check, finding.rule, finding.advice, axis)
    if not (single or finding.status == "unclear"):
        return id(finding)
    return (finding.check, finding.rule, finding.status, single, finding.kind)


@final
@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """One line that the next round changes: where, from what, to what, and why.

    Args:
        because: The reason, as the file has it.
        brief: The same in at most 14 words, where the reason is longer; empty where it is not.
    """

    rule: str
    change: Change
    old: Any
    because: str
    brief: str = ""

    @property
    def path(self) -> str:
        """The key in the experiment file, `nuisance.when.optimizer.adam.learning_rate`."""
        return self.change.path

    @property
    def part(self) -> str:
        """The part of the value that changes, `high`; empty for the whole value."""
        return self.change.part

    @property
    def new(self) -> Domain | Scalar | Sequence[Scalar] | None:
        """What the value becomes; None for a key that goes."""
        return self.change.new


# A 95 % interval of a normal value, in standard errors.
SAMPLING_ERRORS = 1.96


@final
@dataclass(frozen=True, kw_only=True)
class Lead:
    """By how much the leader is better than `over`, positive when it is, and how sure that is.

    Args:
        by: In the metric's unit; infinite where the other has no feasible trial.
        low: With `high`, where the lead lies by the luck of both searches and the sampling error:
            95 % of resampled studies, mirrored around `by`. No confidence interval. Infinite where
            too few trials are feasible to know.
        run: How many of the best trials of both are all the leader's.
        p_value: How often one of the two has that many of the best all to itself, were both alike;
            NaN, and `low` and `high` infinite, where a search follows its results: its trials crowd
            around its best, and are no draws.
        error: The standard error of `by` on the validation examples; 0 where not known.
    """

    over: str
    by: float
    low: float
    high: float
    run: int
    p_value: float
    error: float = 0.0
    # Heuristic: the usual 5 %.
    max_p_value: float = 0.05

    @property
    def drawn(self) -> bool:
        """Whether the trials of both are draws, so that they tell of the luck of the search."""
        return not math.isnan(self.p_value)

    @property
    def beyond_error(self) -> bool:
        """Whether it is known and exceeds its sampling error."""
        return math.isfinite(self.by) and self.by > SAMPLING_ERRORS * self.error

    @property
    def holds(self) -> bool:
        """Whether neither the luck of the search nor that of two equal studies explains it."""
        return self.low > 0 and self.p_value <= self.max_p_value

    @property
    def leads(self) -> bool:
        """Whether equal studies seldom look so, and the lead exceeds its sampling error.

        Another seed may still turn it: that is what `better` asks retrainings for.
        """
        return self.beyond_error and self.p_value <= self.max_p_value


@final
@dataclass(frozen=True, kw_only=True)
class StudyMean:
    """The mean of a study's feasible trials, their standard deviation (nan below two), how many."""

    study: str
    mean: float
    sd: float
    trials: int
    infeasible: int


@final
@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """What a table says of a study that was compared.

    Args:
        study: Its name.
        value: The mean of the best setting's trainings where the verdict rests on them, else the
            best value; None where no trial is feasible.
        count: What the value counts, in examples; None where that is not known.
        low: With `high`, the 95 % interval of a mean, by its seeds, or of a best value, by its
            sampling error; None where not known.
        trial: The best one.
        step: Of the best value.
        feasible: How many trials have a value that counts.
        ended: How many trials ended.
        retrained: How many trainings the value rests on.
    """

    study: str
    value: float | None
    count: int | None = None
    low: float | None = None
    high: float | None = None
    trial: int | None = None
    step: int | None = None
    feasible: int = 0
    ended: int = 0
    retrained: int = 1


@final
@dataclass(frozen=True, kw_only=True)
class Caveat:
    """One reason why an answer may change, or may not hold.

    Args:
        text: A claim with its number, and what would settle it, in at most 20 words.
        rules: The rules that make it a reason.
        weight: How much settling it would change the answer, 0 to 100; only the order counts.
        cost: So many trainings would settle it; 0 where none would, or that is not known.
        detail: The same at length.
        topic: Of caveats with one topic the heaviest speaks; empty for one by itself.
        findings: Those that say it too.
    """

    text: str
    rules: tuple[str, ...]
    weight: float
    cost: int = 0
    detail: str = ""
    topic: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def doubt(self) -> str:
        """The rules, then the reason at length, as `doubts` of the JSON have it."""
        return f"{', '.join(self.rules)}: {self.detail or self.text}"


@final
@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to the experiment's question, as far as the evidence carries it.

    Args:
        status: `better` (the winner stands beyond the noise, retrainings agree), `leads` (it stands
            ahead, by one training a setting or too few retrainings), `unclear` (it does not, or a
            check forbids to say), or `no_question` (nothing was compared: only the best setting).
        winner: The name of the study that wins or leads; empty without any.
        message: The answer in one or two sentences, with its numbers.
        headline: The answer in at most 14 words, with its number; no full stop.
        rows: What was compared, the leader first.
        caveats: What the answer does not know or rests on.
        doubts: What the answer does not know or rests on, one sentence each, rules named.
        best_trials: The trials that were compared: the best of each study.
        leads: The leading study's lead over every other, in their order; empty for a single one.
        means: Of the studies that tune nothing, in place of their luckiest seed.
        blocking: The failed checks that keep it open, since their repair could change the order.
        evidence: The same as JSON has it.

    Source: A1, A2, C14, R5.
    """

    status: Literal["better", "leads", "unclear", "no_question"]
    winner: str
    message: str
    headline: str = ""
    rows: tuple[StudyRow, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    doubts: tuple[str, ...] = ()
    best_trials: tuple[int, ...] = ()
    leads: tuple[Lead, ...] = ()
    means: tuple[StudyMean, ...] = ()
    blocking: tuple[Finding, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)


def to_json(finding: Finding) -> dict[str, Any]:
    """The finding as JSON can hold it: NaN and infinite numbers become None, tuples lists."""
    return {
        key.name: _plain(getattr(finding, key.name))
        for key in fields(finding)
        if key.metadata.get("json", True)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
