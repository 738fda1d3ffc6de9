"""How often a comparison adopts what is the same, and how often it sees what differs.

Final values of real retrainings: 600 fine-tunings of BERT and 1,515 trainings of GPT-2's size.
Axes: R comparisons, N retrainings of an arm.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from measure import ROOT, Output
from numpy.typing import NDArray
from scipy import stats

from etude.analyze.comparison import Comparison, comparison
from etude.analyze.comparison.sequential import (
    LOOKS,
    SequentialPlan,
    power,
    sequential_plan,
)

SEEDS = ROOT.parent / "shared" / "data" / "seeds"
SIZES = (3, 5, 10, 20)
# The most, in percent, that one may adopt in error; the least power for each of Welch's.
MAX_FALSE, MIN_POWER = 5.0, 0.95
# Of fewer finds of Welch's, in percent, a ratio says nothing.
VISIBLE = 10.0
# Whose failures lie in a mode of their own: `labels.csv` counts 18, 29 and more of 50.
BIMODAL = ("not_debiased CoLA", "not_debiased MRPC", "not_debiased RTE")
SHIFTED = ("2024-12-08", "not_debiased CoLA", "not_debiased MRPC", "reinit_debiased STS-B")
SHIFTS = (0.5, 1.0, 1.5, 2.0)  # of the pool's standard deviation
EFFECTS = (0.5, 1.0, 1.5, 2.0)  # of the normal values of the plan's power

Values: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """All retrainings of one treatment, lower is better, NaN failed."""

    name: str
    shape: str
    values: Values


def pools() -> list[Pool]:
    """Every treatment with retrainings enough for two arms of three."""
    tables = pd.read_csv(SEEDS / "nanogpt" / "runs.csv").groupby("group")["final_val_loss"]
    found = [
        Pool(str(name), "unimodal", values.to_numpy())
        for name, values in tables
        if len(values) >= 2 * SIZES[0]
    ]
    bert = pd.read_csv(SEEDS / "bert" / "runs.csv")
    labels = pd.read_csv(SEEDS / "bert" / "labels.csv")
    bert = bert.merge(labels, on=["condition", "task", "seed"], how="left")
    failed = bert["outcome"].astype(str).str.startswith("failed").to_numpy()
    for (treatment, task), rows in bert.groupby(["condition", "task"]):
        name = f"{treatment} {task}"
        for metric in ("val_last", "test_last"):
            values = -rows[metric].to_numpy()
            broken = failed[rows.index]
            shape = "bimodal" if name in BIMODAL else "unimodal"
            shape = "failing" if np.isnan(values).any() else shape
            found.append(Pool(f"{name} {metric}", shape, values))
            if name in BIMODAL:  # the same, as one who counts what never learned as failed has it
                found.append(Pool(f"{name} {metric}", "failing", np.where(broken, np.nan, values)))
    return found


def halves(values: Values, size: int, rng: np.random.Generator) -> tuple[Values, Values]:
    """Two arms from the random halves of a pool."""
    drawn = rng.permutation(values)[: 2 * size]
    return drawn[:size], drawn[size:]


def adopted(found: Comparison) -> bool:
    """Whether it says better or worse."""
    return found.answer in ("better", "worse")


def welch(a: Values, b: Values) -> bool:
    """Whether Welch's test says that they differ; whoever asks it drops what failed."""
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(len(a), len(b)) < 2:
        return False
    parts = [one.var(ddof=1) / len(one) for one in (a, b)]
    by, error = abs(a.mean() - b.mean()), sum(parts)
    if error == 0:
        return bool(by > 0)
    below = sum(part**2 / (len(one) - 1) for part, one in zip(parts, (a, b), strict=True))
    return bool(2 * stats.t.sf(by / np.sqrt(error), error**2 / below) <= 0.05)


def false_adoption(output: Output, known: Sequence[Pool], rounds: int) -> dict[str, float]:
    """A against A: `rounds` comparisons for each size and shape."""
    rng = np.random.default_rng(1)
    figures: dict[str, float] = {}
    output.say()
    output.say("A against A: better or worse, % (in brackets: Welch's test)")
    output.say(f"{'':12}" + "".join(f"{f'n = {size}':>16}" for size in SIZES))
    for shape in ("unimodal", "bimodal", "failing"):
        cells = []
        for size in SIZES:
            mine = [one for one in known if one.shape == shape and len(one.values) >= 2 * size]
            arms = [halves(mine[k % len(mine)].values, size, rng) for k in range(rounds)]
            said = 100 * np.mean([adopted(comparison(a, b)) for a, b in arms])
            other = 100 * np.mean([welch(a, b) for a, b in arms])
            figures[f"false_adoption.{shape}.{size}"] = float(said)
            cells.append(f"{said:.1f} ({other:.1f})")
        output.say(f"{shape:12}" + "".join(f"{cell:>16}" for cell in cells))
    return figures


@dataclass(frozen=True)
class Case:
    """Two treatments that differ, or one against itself shifted."""

    name: str
    kind: str
    a: Values
    b: Values
    shift: float = 0.0


def cases(known: Sequence[Pool]) -> Iterator[Case]:
    """Real pairs of treatments, then shifts of one."""
    plain = {one.name: one for one in known if one.shape != "failing"}
    pairs = [("not", "standard"), ("standard", "reinit"), ("not", "reinit")]
    endings = {"not": "not_debiased", "standard": "standard_debiased", "reinit": "reinit_debiased"}
    for rest in sorted({name.split(" ", 1)[1] for name in plain if "_debiased " in name}):
        for a, b in pairs:
            first, second = (plain.get(f"{endings[one]} {rest}") for one in (a, b))
            if first and second:
                yield Case(f"{a} - {second.name}", "real", first.values, second.values)
    frame = pd.read_csv(SEEDS / "nanogpt" / "comparisons.csv")
    for row in frame.itertuples():
        first, second = plain.get(row.baseline), plain.get(row.candidate)
        if first and second:
            yield Case(str(row.candidate), "real", first.values, second.values)
    shifted = [one for one in plain.values() if one.name.startswith(SHIFTED)]
    for one in shifted:
        for shift in SHIFTS:
            by = shift * float(one.values.std())
            kind = f"shifted {one.shape}"
            yield Case(f"{one.name} + {shift}", kind, one.values, one.values, by)


def arms(case: Case, size: int, rng: np.random.Generator) -> tuple[Values, Values]:
    if case.shift:
        a, b = halves(case.a, size, rng)
        return a + case.shift, b
    return rng.permutation(case.a)[:size], rng.permutation(case.b)[:size]


def powers(output: Output, known: Sequence[Pool], rounds: int) -> dict[str, float]:
    """Power beside Welch's at the same number of retrainings."""
    rng = np.random.default_rng(2)
    found = []
    for case in cases(known):
        for size in (one for one in SIZES if one <= min(len(case.a), len(case.b))):
            drawn = [arms(case, size, rng) for _ in range(rounds)]
            mine = 100 * np.mean([adopted(comparison(a, b)) for a, b in drawn])
            other = 100 * np.mean([welch(a, b) for a, b in drawn])
            found.append((case.kind, case.name, size, mine, other))
    table = pd.DataFrame(found, columns=["kind", "case", "n", "ours", "welch"])
    table = table[table["welch"] > VISIBLE]
    table["ratio"] = table["ours"] / table["welch"]
    output.say()
    output.say(f"Power, means over cells in which Welch's finds more than {VISIBLE:.0f} %")
    output.say(f"{'':20}{'n':>4}{'cells':>7}{'ours':>8}{'Welch':>8}{'ratio':>8}{'least':>8}")
    for (kind, size), rows in table.groupby(["kind", "n"]):
        means = rows[["ours", "welch"]].mean()
        output.say(
            f"{kind:20}{size:4}{len(rows):7}{means['ours']:8.1f}{means['welch']:8.1f}"
            f"{means['ours'] / means['welch']:8.3f}{rows['ratio'].min():8.3f}"
        )
    output.say("The lowest:")
    for row in table.nsmallest(5, "ratio").itertuples():
        output.say(f"  {row.case}, n = {row.n}: {row.ours:.1f} of {row.welch:.1f}")
    total = table[["ours", "welch"]].sum()
    return {
        "power_over_welch.min": float(table["ratio"].min()),
        "power_over_welch.all": float(total["ours"] / total["welch"]),
    }


def stops(a: Values, b: Values, planned: SequentialPlan) -> bool:
    """Whether one look or another of a plan says better or worse."""
    return any(adopted(comparison(a[:n], b[:n], plan=planned)) for n in planned.looks)


def found_by_look(planned: SequentialPlan, effect: float, rounds: int) -> list[float]:
    """In what percentage of normal arms so far apart one look up to each says so."""
    rng = np.random.default_rng(4)
    found = np.zeros((rounds, len(planned.looks)), dtype=bool)
    for row in found:
        a, b = rng.standard_normal((2, planned.last))
        said = [adopted(comparison(a[:n], b[:n] - effect, plan=planned)) for n in planned.looks]
        row[:] = np.logical_or.accumulate(said)
    return [float(each) for each in 100 * found.mean(axis=0)]


def sequential(output: Output, known: Sequence[Pool], rounds: int) -> dict[str, float]:
    """All looks of the plan together, on equal arms and on normal ones that differ."""
    planned, rng = sequential_plan(LOOKS), np.random.default_rng(3)
    figures = {}
    output.say()
    known_levels = zip(LOOKS, planned.levels, strict=True)
    bounds = ", ".join(f"{n}: p < {p:.4f}" if p else f"{n}: only to see" for n, p in known_levels)
    output.say(f"Looks at {bounds}")
    for shape in ("unimodal", "bimodal", "failing"):
        mine = [one for one in known if one.shape == shape and len(one.values) >= 2 * LOOKS[-1]]
        said = [
            stops(*halves(mine[k % len(mine)].values, LOOKS[-1], rng), planned)
            for k in range(rounds)
        ]
        figures[f"sequential.false.{shape}"] = float(100 * np.mean(said))
        output.say(f"A against A, {shape}: {figures[f'sequential.false.{shape}']:.1f} % in all")
    output.say(f"{'found by look, %':24}" + "".join(f"{f'n = {n}':>8}" for n in LOOKS))
    for effect in EFFECTS:
        row = found_by_look(planned, effect, rounds // 4)
        said = 100 * power(planned, effect)[-1]
        output.say(
            f"{f'{effect} deviations':24}"
            + "".join(f"{each:8.1f}" for each in row)
            + f"   (said: {said:.1f})"
        )
        figures[f"sequential.power.{effect}"] = row[-1]
    return figures


def verdicts(output: Output) -> dict[str, float]:
    """The comparisons that somebody judged."""
    labels: list[tuple[str, Comparison]] = []
    nanogpt = pd.read_csv(SEEDS / "nanogpt" / "runs.csv").groupby("group")["final_val_loss"]
    for row in pd.read_csv(SEEDS / "nanogpt" / "comparisons.csv").itertuples():
        groups = [nanogpt.get_group(one).tolist() for one in (row.baseline, row.candidate)]
        labels.append((str(row.label), comparison(*groups)))
    bert = pd.read_csv(SEEDS / "bert" / "runs.csv").set_index(["condition", "task"]).sort_index()
    for row in pd.read_csv(SEEDS / "bert" / "comparisons.csv").itertuples():
        groups = [
            bert.loc[(one, row.task), row.metric].tolist() for one in (row.baseline, row.candidate)
        ]
        labels.append((str(row.label), comparison(*groups, maximize=True)))
    counts: Mapping[tuple[str, str], int] = pd.Series(
        [(label, found.answer) for label, found in labels]
    ).value_counts()
    output.say()
    output.say("Judged comparisons: the label, ours, how many")
    for (label, answer), count in sorted(counts.items()):
        output.say(f"  {label:28}{answer:16}{count:4}")
    clear = [(label, found.answer) for label, found in labels if label in TRUTHS]
    against = sum(contradiction(TRUTHS[label], answer) for label, answer in clear)
    return {
        "verdicts.clear": len(clear),
        "verdicts.contradictions": against,
        "verdicts.decided": sum(answer != "undecided" for _, answer in clear) / len(clear),
    }


TRUTHS = {
    "candidate_better": "better",
    "candidate_worse": "worse",
    "no_detectable_difference": "no_difference",
}


def contradiction(truth: str, answer: str) -> float:
    """1 for the opposite, half for a difference where there is none or the reverse."""
    if answer in ("undecided", truth):
        return 0.0
    return 0.5 if "no_difference" in (truth, answer) else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few comparisons, nothing kept")
    quick = parser.parse_args().quick
    if not SEEDS.is_dir():
        raise SystemExit("../shared/data is absent: there are no retrainings to compare.")
    output = Output("adoption", keep=not quick)
    known = pools()
    rounds, drawn = (200, 50) if quick else (2000, 1500)
    output.say(f"{rounds} comparisons a cell of A against A, {drawn} a cell of power")
    figures = false_adoption(output, known, rounds)
    worst = max(figures.values())
    overall = float(np.mean(list(figures.values())))
    seen = powers(output, known, drawn)
    looked = sequential(output, known, rounds)
    falsely = max(value for name, value in looked.items() if "false" in name)
    # A cell is an estimate: a true 5 % exceeds this in one of forty.
    reach = MAX_FALSE + 2 * (MAX_FALSE * (100 - MAX_FALSE) / rounds) ** 0.5
    judged = verdicts(output)
    output.say()
    for name, value, holds in (
        ("false adoption, all", overall, overall <= MAX_FALSE),
        (f"false adoption, worst cell (bar {reach:.1f})", worst, worst <= reach),
        ("power over Welch's, least", seen["power_over_welch.min"], None),
        ("power over Welch's, all", seen["power_over_welch.all"], None),
        (f"false over all looks, worst (bar {reach:.1f})", falsely, falsely <= reach),
        (
            "contradictions",
            judged["verdicts.contradictions"],
            not judged["verdicts.contradictions"],
        ),
        ("decided of the clear", judged["verdicts.decided"], judged["verdicts.decided"] >= 0.9),
    ):
        held = value >= MIN_POWER if holds is None else holds
        output.say(f"{name:42}{value:8.3f}   {'holds' if held else 'MISSED'}")
    summary = {
        "false_adoption": overall,
        "false_adoption.worst": worst,
        "sequential.false": falsely,
    }
    output.end(summary | seen | judged | figures | looked)


if __name__ == "__main__":
    main()
