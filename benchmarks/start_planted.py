"""First decisions whose truth is planted: what is to be found, and how that is judged.

A plant is a folder in `plants_start/`, as a user has it: `train.py`, a workload or a function, and
`experiment.toml`. `written` copies it with a seed, which draws its data, and those numbers that
make it so hard (`Plant.constants`); the commands are typed in the folder. What is planted is shown
by `start_truths.py`, which measures it without a rule of Etude's.

A judge reads JSON of `etude batch-size` and `etude check`: `found`; `wrong` for what contradicts
the truth; `unclear` for all that claims neither. Nothing here runs a training.

How hard each plant is, and why the truth of it cannot be argued:

    memory           each example takes 28 to 66 MiB, held from the first step on; the limit lies
                     45 % above what the largest power of two takes, which leaves 0.8 GiB or more
                     for the interpreter, and 28 % below what twice as many examples take
    saturation       a step takes as long for 1 as for FULL examples, 6 to 12 ms of processor time
                     by a busy loop; beyond, twice the examples bring 2 % of throughput. FULL
                     is a power of two, or three quarters of one: the last doubling that helps
                     brings 2 or 1.5 times
    input            a fetch sleeps 1 to 3 ms an example, the model takes 1 ms a batch: throughput
                     is flat from two examples on, as if it were saturated
    synchronization  the device takes about as long as the host's own work beside it; a loss that
                     is read at every step makes them wait for each other. Costs 1.2 to 2 times as
                     long, where a processor is free; nothing where none is, and then it is not
                     planted
    copies           600 kB an example from pageable memory to a model that only sums it
    ignored          seeds that are odd never read the batch size; those that are even read every
                     setting, and the loader has a number of its own. To count throughput as batch
                     size over time finds perfect scaling without end
    critical         steps to the target fall as 1 + B_crit / B, with B_crit of 14 to 32; the rate
                     that is best at each size goes from 0.1 to 1.9, beyond 2 all diverge
    skewed           half of the classes have 50 % of the data and 75 to 85 % of 600 evaluated
                     examples: the error is 0.08 (sd 0.01), and 0.2 on the data
    rare             3 to 5 of 800 evaluated examples are of the class that is of interest
    overlap          96 of 512 examples that come in the same order at each epoch are evaluated on;
                     four evaluations an epoch; autocorrelation after an epoch 0.9 to 0.98, and
                     below 0.25 where the same data is split and shuffled
    batch_norm       two layers are normed by batches of 4: errors of 0.06 to 0.085, by batches of
                     64 and as many examples 0.035
    online           the metric is the error of the batches that are trained on, before each update:
                     0.15, where the final model errs in 0.23 of fresh examples

The six healthy pipelines have what a careless rule takes for trouble: a JAX workload, a loop of
one's own that draws its batches in a fraction of the step, as many examples of each class where
the data has not, batch norm of 128, and text, whose rare characters are no rare classes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

FOLDER = Path(__file__).resolve().parent / "plants_start"
# The plants were made with these; no answer to them is judged.
BUILDING_SEEDS = (101, 102)
JUDGED_SEEDS = (91, 92, 93)  # 21 to 23 and 62 to 90 were seen before rules were changed
# Of `batch.exact`, which repeats one plant with other sizes.
REPEATED_SEEDS = tuple(range(111, 121))
ENOUGH_SEEDS = 2
# Of a critical batch size, an estimate from a few trainings of each size.
CRITICAL_FACTOR = 2.0
# A limit of memory lies so far above what the largest size takes; twice the size takes 2.
HEADROOM = 1.45
# A synchronization that costs less is not planted: no processor was free.
COSTS = 1.2
# Of the largest size that fits.
LARGEST_MIB = 2100
TARGET = 0.1

# The checks that a healthy pipeline has to pass in silence.
CHECKS = (
    *("chance", "evaluation_sample", "rare_class", "periodicity", "evaluation_kind"),
    "batch_norm",
)
ALARMS = ("notice", "problem")

Ruling: TypeAlias = Literal["found", "wrong", "unclear"]
Constants: TypeAlias = Mapping[str, Any]
# What was printed, by command: `{"batch-size": {...}, "check": {...}}`.
Said: TypeAlias = Mapping[str, Any]
Truth: TypeAlias = Mapping[str, Any]
Judge: TypeAlias = Callable[[Said, Truth], Ruling]
BATCH_SIZE = ("batch-size", "experiment.toml", "--json")
# By name, for procedures leave rounds of their own in the store.
RUN_AND_CHECK = (("run", "experiment.toml"), ("check", "{name}", "--json"))


def no_constants(draw: random.Random, seed: int) -> Constants:
    del draw, seed
    return {}


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A folder with a truth planted in it.

    Args:
        name: Of its folder.
        planted: What is planted, in words.
        judge: Of what was printed, beside the truth.
        commands: Of `etude`, one after another; `{limit}` in a word is the planted limit,
            `{name}` the experiment's name.
        constants: From a stream of the seed's own and the seed to lines of `train.py`.
        truth: From these constants to numbers that arithmetic tells.
        measured: The functions of `start_truths.MEASURED`, by name, whose numbers the judge needs.
        needs_gpu: Whether it can be planted on a GPU alone.
    """

    name: str
    planted: str
    judge: Judge
    commands: tuple[tuple[str, ...], ...] = (BATCH_SIZE,)
    constants: Callable[[random.Random, int], Constants] = no_constants
    truth: Callable[[Constants], Truth] = field(default=dict)
    measured: tuple[str, ...] = ()
    needs_gpu: bool = False

    def constants_of(self, seed: int) -> Constants:
        """What is planted with this seed."""
        return self.constants(random.Random(f"{self.name} {seed}"), seed)

    def truth_of(self, seed: int) -> dict[str, Any]:
        return dict(self.truth(self.constants_of(seed)))

    def typed(self, seed: int) -> list[list[str]]:
        """The commands of `etude` with this seed."""
        words = {"limit": self.truth_of(seed).get("limit_mib"), "name": self.name}
        return [[word.format(**words) for word in command] for command in self.commands]


def written(plant: Plant, seed: int, folder: Path, **changed: Any) -> Path:
    """The experiment file of a plant with a seed, in a folder of its own.

    Args:
        plant: Of `PLANTS` or `HEALTHY`.
        seed: Of its data, its trials and its hardness.
        folder: Where nothing of the plant lies yet.
        changed: Constants other than the planted ones: a control.
    """
    text = (FOLDER / plant.name / "train.py").read_text()
    for name, value in {"SEED": seed, **plant.constants_of(seed), **changed}.items():
        text = substituted(text, name, value)
    (folder / "train.py").write_text(text)
    file = (FOLDER / plant.name / "experiment.toml").read_text()
    (folder / "experiment.toml").write_text(substituted(file, "seed", seed))
    return folder / "experiment.toml"


def substituted(text: str, name: str, value: Any) -> str:
    """A text with another value in the line `NAME = ...`."""
    line = rf"^{name} = [^#\n]*?(?=$|  #)"
    changed, times = re.subn(line, f"{name} = {value!r}", text, flags=re.MULTILINE)
    if times != 1:
        raise ValueError(f"It has {times} lines `{name} = ...`, and needs one.")
    return changed


# --- what a seed plants


def memory_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    size = draw.choice([32, 64])
    # Twice the size takes 4 GiB, which a machine of 8 has.
    total = draw.uniform(1800, LARGEST_MIB)
    return {"MIB_PER_EXAMPLE": int(total / size)}


def memory_truth(constants: Constants) -> Truth:
    """The limit that is given, and the largest power of two that it holds."""
    mib = constants["MIB_PER_EXAMPLE"]
    size = 1 << (LARGEST_MIB // mib).bit_length() - 1
    return {"largest_feasible": size, "limit_mib": round(HEADROOM * size * mib)}


def saturation_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    full = round(draw.choice([16, 32, 64, 128]) * draw.choice([1.0, 0.75]))
    full_s = draw.uniform(0.006, 0.012)
    # Twice FULL examples bring 2 % more, with what Etude takes for each step.
    return {
        "FULL": full,
        "EXAMPLE_S": round(full_s / full, 7),
        "STEP_S": round(draw.uniform(0.01, 0.02) * full_s, 7),
    }


def saturation_truth(constants: Constants) -> Truth:
    """The smallest power of two that is full."""
    return {"useful": 1 << (constants["FULL"] - 1).bit_length()}


def input_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"FETCH_S": round(draw.uniform(0.001, 0.003), 5)}


def synchronization_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"RECORD_S": round(draw.uniform(2.5e-5, 3.5e-5), 7)}


def ignored_constants(draw: random.Random, seed: int) -> Constants:
    return {"READS_ALL": seed % 2 == 0, "BATCH_SIZE": draw.choice([16, 32, 48])}


def critical_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"NOISE": round(draw.uniform(0.6, 1.4), 3)}


def skewed_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"EASY_SHARE": round(draw.uniform(0.75, 0.85), 3)}


def rare_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"FAULTS": draw.choice([3, 4, 5])}


def overlap_constants(draw: random.Random, seed: int) -> Constants:
    del seed
    return {"FIRST": draw.randrange(32, 384)}


# --- reading what was printed


def answer(said: Said) -> Mapping[str, Any]:
    return (said.get("batch-size") or {}).get("answer") or {}


def cause(said: Said) -> str | None:
    return answer(said).get("bottleneck")


def statuses(said: Said, check: str) -> set[str]:
    """Of the findings of a check."""
    findings = (said.get("check") or {}).get("findings") or ()
    return {str(one.get("status")) for one in findings if one.get("check") == check}


# --- judges


def memory(said: Said, truth: Truth) -> Ruling:
    """The largest power of two that fits, and that memory is the limit.

    Throughput grows up to there, so that the useful size is the same.
    """
    given = answer(said)
    largest, useful = given.get("largest_feasible"), given.get("useful")
    claims = [size for size in (largest, useful) if size is not None]
    if any(size != truth["largest_feasible"] for size in claims):
        return "wrong"
    if given.get("verdict") in ("bottleneck", "ignored") or given.get("limited_by") == "examples":
        return "wrong"
    is_whole = largest is not None and given.get("limited_by") == "memory"
    return "found" if is_whole else "unclear"


def saturation(said: Said, truth: Truth) -> Ruling:
    """Saturated, and the largest size that still raises throughput."""
    given = answer(said)
    useful = given.get("useful")
    if useful is not None and useful != truth["useful"]:
        return "wrong"
    if given.get("verdict") in ("bottleneck", "ignored", "growing"):
        return "wrong"
    return "found" if given.get("verdict") == "saturated" and useful is not None else "unclear"


def bottleneck(wanted: str) -> Judge:
    """This cause, with a cure."""

    def judge(said: Said, truth: Truth) -> Ruling:
        given = answer(said)
        if truth.get("costs", COSTS) < COSTS:
            return "unclear"
        if given.get("verdict") in ("saturated", "growing", "ignored"):
            return "wrong"
        if cause(said) not in (None, wanted):
            return "wrong"
        is_whole = cause(said) == wanted and given.get("bottleneck_cure")
        return "found" if is_whole and given.get("verdict") == "bottleneck" else "unclear"

    return judge


def ignored(said: Said, truth: Truth) -> Ruling:
    """Ignored; any size that is called useful is wrong."""
    del truth
    given = answer(said)
    if given.get("verdict") == "ignored":
        return "found"
    is_claim = given.get("verdict") in ("saturated", "growing", "bottleneck")
    return "wrong" if is_claim or given.get("useful") is not None else "unclear"


def critical(said: Said, truth: Truth) -> Ruling:
    """The size at which twice the least steps are needed, within a factor of two."""
    if (off := critical_off(said, truth)) is None:
        return "unclear"
    return "found" if off <= CRITICAL_FACTOR else "wrong"


def critical_off(said: Said, truth: Truth) -> float | None:
    """By what factor the answered critical size is off."""
    given = answer(said).get("critical")
    if not given or not truth.get("critical"):
        return None
    return max(given / truth["critical"], truth["critical"] / given)


def alarm(check: str) -> Judge:
    """The check speaks; wrong is a check that finds all in order."""

    def judge(said: Said, truth: Truth) -> Ruling:
        del truth
        known = statuses(said, check)
        if known & set(ALARMS):
            return "found"
        return "wrong" if known == {"ok"} else "unclear"

    return judge


def healthy(said: Said, truth: Truth) -> Ruling:
    """No bottleneck, a batch size that is not ignored, and silent checks."""
    del truth
    if alarms(said):
        return "wrong"
    return "found" if answer(said) and said.get("check") else "unclear"


def alarms(said: Said) -> list[str]:
    """What is said to be wrong with a pipeline."""
    given = answer(said)
    named = [check for check in CHECKS if statuses(said, check) & set(ALARMS)]
    if given.get("verdict") in ("bottleneck", "ignored"):
        named.append(str(given["verdict"]))
    elif cause(said):
        named.append("bottleneck")
    return named


# --- the plants

PLANTS: Sequence[Plant] = (
    Plant(
        name="memory",
        planted="a limit of memory",
        judge=memory,
        commands=((*BATCH_SIZE, "--memory", "{limit}MiB"),),
        constants=memory_constants,
        truth=memory_truth,
    ),
    Plant(
        name="saturation",
        planted="a size beyond which throughput is flat",
        judge=saturation,
        constants=saturation_constants,
        truth=saturation_truth,
    ),
    Plant(
        name="input",
        planted="a loader that sleeps",
        judge=bottleneck("input"),
        constants=input_constants,
    ),
    Plant(
        name="synchronization",
        planted="a loss that is read at every step, in JAX",
        judge=bottleneck("synchronization"),
        constants=synchronization_constants,
        measured=("synchronization",),
    ),
    Plant(
        name="copies",
        planted="copies to a device that dominate",
        judge=bottleneck("host_to_device"),
        needs_gpu=True,
    ),
    Plant(
        name="ignored",
        planted="a batch size that the loop ignores",
        judge=ignored,
        constants=ignored_constants,
    ),
    Plant(
        name="critical",
        planted="a critical batch size",
        judge=critical,
        commands=((*BATCH_SIZE, "--target", f"valid/loss={TARGET}"),),
        constants=critical_constants,
        measured=("critical",),
    ),
    Plant(
        name="skewed",
        planted="an evaluation set that is skewed",
        judge=alarm("evaluation_sample"),
        commands=RUN_AND_CHECK,
        constants=skewed_constants,
    ),
    Plant(
        name="rare",
        planted="too few of a rare class",
        judge=alarm("rare_class"),
        commands=RUN_AND_CHECK,
        constants=rare_constants,
    ),
    Plant(
        name="overlap",
        planted="training and validation that overlap by a period",
        judge=alarm("periodicity"),
        commands=RUN_AND_CHECK,
        constants=overlap_constants,
    ),
    Plant(
        name="batch_norm",
        planted="batch norm by four examples",
        judge=alarm("batch_norm"),
        commands=RUN_AND_CHECK,
    ),
    Plant(
        name="online",
        planted="an online metric taken for a final one",
        judge=alarm("evaluation_kind"),
        commands=RUN_AND_CHECK,
    ),
)
HEALTHY: Sequence[Plant] = tuple(
    Plant(name=f"healthy_{name}", planted="", judge=healthy, commands=(BATCH_SIZE, *RUN_AND_CHECK))
    for name in ("torch", "jax", "function", "balanced", "batch_norm", "language")
)
BY_NAME = {plant.name: plant for plant in (*PLANTS, *HEALTHY)}
