"""Over how many examples batch norm takes its statistics, and whether that changes under it.

What is known was logged by a loop that looked through its module, as Etude's own does for
workloads of PyTorch; or the setting says that the norm is batch norm, and how large the batch is.
A model of JAX is a function: of that nothing is said, nor where there is no batch norm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...finding import Finding
from ...playbook.catalogue import known
from ...playbook.metrics import BATCH_NORM_EXAMPLES
from ...record import Record
from ...study import Study
from ...wording import plural
from ..thresholds import BatchNormThresholds

SHIPPED = BatchNormThresholds()
# What the hyperparameter `normalization` calls it, without marks between the words.
_CALLED = frozenset({"batch", "batchnorm", "bn", "batchnormalization"})


@final
@dataclass(frozen=True, kw_only=True)
class BatchNormExamples:
    """The examples behind a batch norm statistic, as far as that is known.

    Args:
        trials: The fewest of each trial that tells, by its id.
        by_setting: Those whose setting tells, and not their loop.
        before: The name of the round before, and the fewest of each of its trials that tells.
    """

    trials: Mapping[int, int]
    by_setting: tuple[int, ...] = ()
    before: tuple[str, Mapping[int, int]] = ("", {})
    thresholds: BatchNormThresholds = SHIPPED

    @property
    def few(self) -> dict[int, int]:
        """The trials whose statistics are over too few."""
        least = self.thresholds.min_examples
        return {trial: count for trial, count in self.trials.items() if count < least}

    @property
    def is_varied(self) -> bool:
        """Whether trials of this round differ in it."""
        counts = self.trials.values()
        return bool(counts) and max(counts) >= self.thresholds.alike * min(counts)

    @property
    def has_changed(self) -> bool:
        """Whether all trials differ in it from all of the round before."""
        now, then = self.trials.values(), self.before[1].values()
        if not now or not then:
            return False
        alike = self.thresholds.alike
        return min(now) >= alike * max(then) or min(then) >= alike * max(now)


def batch_norm(
    studies: Sequence[Study],
    records: Sequence[Record],
    *,
    before: tuple[str, Sequence[Study], Sequence[Record]] | None = None,
    thresholds: BatchNormThresholds = SHIPPED,
) -> BatchNormExamples:
    """The examples behind the batch norm statistics of the trials of these studies.

    Args:
        studies: All of the round.
        records: Its trials.
        before: The round that led to it, with its studies and trials.
        thresholds: When they are too few, and when they differ.

    Source: B1, B2.
    """
    logged, said = _examples(studies, records)
    earlier: tuple[str, Mapping[int, int]] = ("", {})
    if before is not None:
        name, past_studies, past_records = before
        past_logged, past_said = _examples(past_studies, past_records)
        # What a loop saw is not compared with what a setting says of another.
        earlier = (name, past_logged if logged else past_said)
    return BatchNormExamples(
        trials=dict(sorted({**said, **logged}.items())),
        by_setting=tuple(sorted(said.keys() - logged.keys())),
        before=earlier,
        thresholds=thresholds,
    )


def _examples(
    studies: Sequence[Study], records: Sequence[Record]
) -> tuple[dict[int, int], dict[int, int]]:
    """By trial, as its loop logged it, and as its setting says."""
    by_name = {study.name: study for study in studies}
    own = [record for record in records if record.study in by_name]
    logged = {record.id: count for record in own if (count := _logged(record))}
    said = {
        record.id: count
        for record in own
        if record.ended and (count := _said(record, by_name[record.study]))
    }
    return logged, said


def _logged(record: Record) -> int:
    """The fewest that its loop logged; 0 where it logged none that can be."""
    values_P = record.series(BATCH_NORM_EXAMPLES).values_P
    counts_P = values_P[np.isfinite(values_P) & (values_P >= 1.0)]
    return int(counts_P.min()) if len(counts_P) else 0


def _said(record: Record, study: Study) -> int:
    """The batch size, where the setting says that the norm is batch norm; else 0."""
    roles = {
        entry.name: value
        for name, value in record.setting.items()
        if (entry := known(name, study.names)) is not None
    }
    norm, size = roles.get("normalization"), roles.get("batch_size")
    is_batch_norm = isinstance(norm, str) and _plain(norm) in _CALLED
    is_size = isinstance(size, int | float) and not isinstance(size, bool) and size >= 1
    return int(size) if is_batch_norm and is_size and size is not None else 0


def _plain(text: str) -> str:
    """Its letters alone: `Batch_Norm`, `batch-norm` and `BatchNorm2d` are one."""
    return "".join(filter(str.isalpha, text.casefold().removesuffix("2d").removesuffix("1d")))


def findings(result: BatchNormExamples) -> list[Finding]:
    """What is known of the examples behind a statistic; nothing where nothing is.

    A notice where they are too few, where trials differ in them, and where the round before had
    others; `ok` else.

    Source: B1, B2.
    """
    if not result.trials:
        return []
    spoken = list(_notices(result))
    if spoken:
        return spoken
    over = _over(result.trials.values())
    count = plural(len(result.trials), "trial")
    headline = f"Batch norm takes its statistics over {over}"
    return [replace(_finding(result, "B2", headline, f"{headline} in {count}."), status="ok")]


def _notices(result: BatchNormExamples) -> Iterator[Finding]:
    over = _over(result.trials.values())
    if result.few:
        part = len(result.few) < len(result.trials)
        where = f" in {len(result.few)} of {plural(len(result.trials), 'trial')}" if part else ""
        claim = f"Batch norm takes its statistics over {_over(result.few.values())}{where}"
        yield replace(
            _finding(result, "B1", claim, f"{claim}, {_FEW}"),
            advice="Use layer norm or group norm, or hand each device "
            f"{result.thresholds.min_examples} examples or more at a time.",
            kind="few",
        )
    if result.is_varied:
        claim = f"Batch norm's statistics change with the batch: {over}"
        yield replace(
            _finding(result, "B2", claim, f"{claim}. {_VARIED}"), advice=_DECOUPLE, kind="varied"
        )
    elif result.has_changed:
        name, then = result.before
        claim = f"Batch norm's statistics are over {over}, in round `{name}` over "
        claim += _range(then.values())
        yield replace(
            _finding(result, "B2", claim, f"{claim}: {_CHANGED}"), advice=_DECOUPLE, kind="changed"
        )


# Wu and He 2018, Group normalization, table 2: 23.6 % of ResNet-50 with 32 examples a GPU.
_FEW = (
    "which is noise in training that evaluation does not have. Of ResNet-50 on ImageNet, 8 "
    "examples cost 1.2 points of error and 4 cost 3.7 (Wu and He 2018)."
)
_VARIED = "What the batch size does is not told from what batch norm does."
_CHANGED = "batch or hosts are others. What was best there may not be best here."
_DECOUPLE = "Take them over groups of 64, whatever the batch (ghost batch norm), or use layer norm."


def _finding(result: BatchNormExamples, rule: str, headline: str, message: str) -> Finding:
    return Finding(
        rule=rule,
        check="batch_norm",
        status="notice",
        subject={},
        headline=headline,
        message=message,
        evidence={
            "trials": list(result.few or result.trials),
            "examples": {str(trial): count for trial, count in result.trials.items()},
            "by_setting": list(result.by_setting),
            "round_before": {"name": result.before[0], "examples": _bounds(result.before[1])}
            if result.before[1]
            else None,
        },
    )


def _over(counts: Collection[int]) -> str:
    """`1 example`, `16 to 128 examples`."""
    return f"{_range(counts)} {'example' if max(counts) == 1 else 'examples'}"


def _range(counts: Collection[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _bounds(trials: Mapping[int, int]) -> list[int]:
    return [min(trials.values()), max(trials.values())]
