"""Curves with labels: real trainings labelled by hand, read where the data is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from measure import ROOT

from etude.analyze.views.curves import TrialCurves, trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.space import Real
from etude.study import Study

CURVES = ROOT.parent / "shared" / "data" / "curves"
LABELLED = ("ogbg", "criteo1tb", "imagenet_resnet", "librispeech_conformer")
NANOGPT = "nanogpt_unstable"
BERT = CURVES.parent / "seeds" / "bert"
# What says a trial is unstable; `ok` says that it is not, and all else is not scored.
UNSTABLE = frozenset(
    {
        "nan_diverged",
        "diverged_no_recovery",
        "diverged_recovered",
        "repeated_instability",
        "never_learned",
        "failed_collapsed",
        "failed_never_learned",
    }
)
STABLE = frozenset({"ok", "learned"})
YES_NO = frozenset({"yes", "no"})
# Workloads without labels. All trials that were called unstable were looked at once by eye:
# these are. A trial called so that is not here counts as called so wrongly.
UNSTABLE_BY_EYE = {
    "fastmri": frozenset({1462, 2494, 3543}),
    "imagenet_vit": frozenset({785, 786, 1482}),
    "librispeech_deepspeech": frozenset({797, 798, 799, 800, 801, 1497, 2529, 3230}),
    "wmt": frozenset({818, 820, 821, 1517, 3246, 3247}),
    "ogbg_again": frozenset({120, 1572, 2959, 3306, 3307, 3308, 3309}),
    "wmt_again": frozenset({502, 888, 890, 891, 1587, 3316, 3317, 3670}),
}
NEVER_DIVERGED = frozenset(
    {"aborted_at_start", "stuck_then_learns", "late_degradation", "no_validation_metric", "no_data"}
)


@dataclass(frozen=True)
class Workload:
    """A study's trials with what each check should say: True, False, or nothing at all."""

    name: str
    study: Study
    traces: list[TrialCurves]
    outcomes: Mapping[int, str] = field(default_factory=dict)
    truths: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)


def study_of(name: str, metric: str, max_steps: int, *, maximize: bool) -> Study:
    """A study with a learning rate, named as the workload."""
    question = Experiment(
        metric=metric,
        maximize=maximize,
        max_steps=max_steps,
        trials=100,
        nuisance={"learning_rate": Real(1e-9, 1e3, log=True)},
    )
    return replace(split(question)[0], name=name)


def record_of(
    study: Study, trial: int, curves: Mapping[str, tuple[list[int], list[float]]], **given: object
) -> Record:
    """An ended trial; infeasible where its last loss is not finite."""
    names = tuple(sorted(curves))
    rows = [
        (step, names.index(name), value)
        for name in names
        for step, value in zip(*curves[name], strict=True)
    ]
    ends = [curves[name][1][-1] for name in names if name.endswith("loss") and curves[name][1]]
    broke = bool(ends) and not all(np.isfinite(ends))
    return Record(
        id=trial,
        study=study.name,
        index=trial,
        setting={"learning_rate": 0.01, **given},
        seed=trial,
        status="infeasible" if broke else "completed",
        reason="nan" if broke else "",
        steps=1 + max((row[0] for row in rows), default=-1),
        points=Points(np.array(sorted(rows), dtype=POINT), names),
    )


def workloads(names: tuple[str, ...] = LABELLED) -> Iterator[Workload]:
    """The labelled workloads, one study each."""
    index = pd.read_csv(CURVES / "index.csv").set_index("folder")
    for name in names:
        row = index.loc[f"curves/{name}"]
        study = study_of(name, row["metric"], int(row["max_steps"]), maximize=bool(row["maximize"]))
        trials = pd.read_csv(CURVES / name / "trials.csv").set_index("trial")
        grouped = pd.read_csv(CURVES / name / "curves.csv").groupby("trial")
        records = []
        for trial, settings in trials.iterrows():
            mine = grouped.get_group(trial) if trial in grouped.groups else pd.DataFrame()
            curves = {
                metric: (rows["step"].tolist(), rows["value"].tolist())
                for metric, rows in (mine.groupby("metric") if len(mine) else ())
            }
            found = {
                key: float(settings[key])
                for key in ("learning_rate", "warmup_fraction")
                if np.isfinite(settings[key])
            }
            records.append(record_of(study, int(trial), curves, **found))
        path = CURVES / name / "labels.csv"
        labels = pd.read_csv(path).set_index("trial") if path.exists() else pd.DataFrame()
        yield labelled(name, study, records, labels)


def labelled(name: str, study: Study, records: list[Record], labels: pd.DataFrame) -> Workload:
    """The workload with the truths that its labels state."""
    if labels.empty:
        return Workload(name, study, trial_curves(study, outcomes(study, records)))
    ends = {int(trial): str(label) for trial, label in labels["outcome"].items()}
    stable = {
        trial: label in UNSTABLE for trial, label in ends.items() if label in UNSTABLE | STABLE
    }
    truths = {"stability": stable}
    for check, column in (
        ("overfitting_by_loss", "overfits_by_loss"),
        ("overfitting_by_metric", "overfits_by_metric"),
        ("still_improving", "still_improving_at_end"),
    ):
        answers = labels[column] if column in labels else pd.Series(dtype=object)
        truths[check] = {
            int(trial): answer == "yes" for trial, answer in answers.items() if answer in YES_NO
        }
    return Workload(name, study, trial_curves(study, outcomes(study, records)), ends, truths)


def nanogpt(folder: Path = CURVES / NANOGPT) -> Iterator[Workload]:
    """Eight training losses alone, and two runs with validation."""
    labels = pd.read_csv(folder / "labels.csv").rename(columns={"overfit": "overfits_by_loss"})
    for file, metric in (("train_curves", "train/loss"), ("eval_curves", "valid/loss")):
        mine = labels[labels["file"] == f"{file}.csv"].reset_index(drop=True)
        table = pd.read_csv(folder / f"{file}.csv").rename(
            columns={"log_index": "step", "train_loss": "train/loss", "val_loss": "valid/loss"}
        )
        study = study_of(f"nanogpt {file}", metric, int(table["step"].max()) + 1, maximize=False)
        records = []
        for trial, run in enumerate(mine["run"]):
            rows = table[table["run"] == run]
            curves = {
                name: (rows["step"].tolist(), rows[name].tolist())
                for name in ("train/loss", "valid/loss")
                if name in rows
            }
            records.append(record_of(study, trial, curves))
        yield labelled(study.name, study, records, mine)


def bert(folder: Path = BERT) -> Iterator[Workload]:
    """Fine-tunings of one model with 50 seeds each, eleven evaluations long; many collapse."""
    labels = pd.read_csv(folder / "labels.csv").set_index(["condition", "task"])
    curves = pd.read_csv(folder / "curves.csv").rename(
        columns={"train_loss": "train/loss", "val_loss": "valid/loss", "val_metric": "valid/metric"}
    )
    for (condition, task), mine in labels.groupby(level=[0, 1]):
        rows = curves[(curves["condition"] == condition) & (curves["task"] == task)]
        name = f"bert {condition} {task}"
        study = study_of(name, "valid/metric", int(rows["step"].max()) + 1, maximize=True)
        records = [
            record_of(
                study,
                int(seed),
                {
                    metric: (each["step"].tolist(), each[metric].tolist())
                    for metric in ("train/loss", "valid/loss", "valid/metric")
                },
            )
            for seed, each in rows.groupby("seed")
        ]
        yield labelled(name, study, records, mine.set_index("seed"))
