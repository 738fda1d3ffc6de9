"""How `benchmarks/start_planted.py` judges what is said of a start; and that its plants can run."""

import importlib.util
import sys
from pathlib import Path

import pytest

from etude.experiment.toml.read import read

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def planted():
    spec = importlib.util.spec_from_file_location(
        "start_planted", ROOT / "benchmarks" / "start_planted.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["start_planted"] = module
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("start_planted", None)


def batch(verdict, cause=None, cure="prefetch", **answer):
    given = {"verdict": verdict, "bottleneck": cause, "bottleneck_cure": cause and cure, **answer}
    return {"batch-size": {"answer": given}}


def check(**statuses):
    findings = [
        {"check": name, "status": status} for name, given in statuses.items() for status in given
    ]
    return {"check": {"findings": findings}}


LIMIT = {"largest_feasible": 64}
FLAT = {"useful": 64}
CRITICAL = {"critical": 24.0}
CASES = [
    (
        "memory",
        batch("growing", largest_feasible=64, useful=64, limited_by="memory"),
        LIMIT,
        "found",
    ),
    ("memory", batch("unclear", largest_feasible=64, limited_by="memory"), LIMIT, "found"),
    ("memory", batch("growing", largest_feasible=64, limited_by="examples"), LIMIT, "wrong"),
    ("memory", batch("growing", largest_feasible=64, limited_by=None), LIMIT, "unclear"),
    ("memory", batch("growing", largest_feasible=32, limited_by="memory"), LIMIT, "wrong"),
    (
        "memory",
        batch("saturated", largest_feasible=64, useful=16, limited_by="memory"),
        LIMIT,
        "wrong",
    ),
    ("memory", batch("unclear", largest_feasible=None), LIMIT, "unclear"),
    ("saturation", batch("saturated", useful=64), FLAT, "found"),
    ("saturation", batch("saturated", useful=128), FLAT, "wrong"),
    ("saturation", batch("saturated", useful=None), FLAT, "unclear"),
    ("saturation", batch("unclear", useful=None), FLAT, "unclear"),
    ("saturation", batch("growing", useful=64), FLAT, "wrong"),
    ("saturation", batch("bottleneck", "input", useful=None), FLAT, "wrong"),
    ("input", batch("bottleneck", "input"), {}, "found"),
    ("input", batch("bottleneck", "input", cure=""), {}, "unclear"),
    ("input", batch("bottleneck", "host_to_device"), {}, "wrong"),
    ("input", batch("saturated", useful=2), {}, "wrong"),
    ("input", batch("unclear"), {}, "unclear"),
    ("synchronization", batch("bottleneck", "synchronization"), {"costs": 1.7}, "found"),
    ("synchronization", batch("bottleneck", "input"), {"costs": 1.7}, "wrong"),
    ("synchronization", batch("saturated", useful=8), {"costs": 1.02}, "unclear"),
    ("copies", batch("bottleneck", "host_to_device"), {}, "found"),
    ("ignored", batch("ignored"), {}, "found"),
    ("ignored", batch("growing", useful=1024), {}, "wrong"),
    ("ignored", batch("unclear", useful=1024), {}, "wrong"),
    ("ignored", batch("unclear"), {}, "unclear"),
    ("critical", batch("saturated", critical=40), CRITICAL, "found"),
    ("critical", batch("saturated", critical=12), CRITICAL, "found"),
    ("critical", batch("saturated", critical=64), CRITICAL, "wrong"),
    ("critical", batch("saturated", critical=None), CRITICAL, "unclear"),
    ("skewed", check(evaluation_sample=["problem"]), {}, "found"),
    ("skewed", check(evaluation_sample=["ok"]), {}, "wrong"),
    ("skewed", check(evaluation_sample=["ok", "unclear"]), {}, "unclear"),
    ("skewed", check(rare_class=["problem"]), {}, "unclear"),
    ("overlap", check(periodicity=["ok", "notice", "ok"]), {}, "found"),
    ("online", check(evaluation_kind=["unclear"]), {}, "unclear"),
    ("healthy_torch", batch("growing") | check(rare_class=["ok"]), {}, "found"),
    ("healthy_torch", batch("unclear") | check(boundary=["problem"]), {}, "found"),
    ("healthy_torch", batch("saturated") | check(rare_class=["notice"]), {}, "wrong"),
    ("healthy_torch", batch("bottleneck", "input") | check(), {}, "wrong"),
    ("healthy_torch", batch("growing"), {}, "unclear"),
]


@pytest.mark.parametrize(("name", "said", "truth", "ruling"), CASES)
def test_an_answer_is_found_wrong_or_unclear_by_what_it_claims(planted, name, said, truth, ruling):
    plant = planted.BY_NAME[name]

    assert plant.judge(said, truth) == ruling


FOLDERS = sorted(path.name for path in (ROOT / "benchmarks" / "plants_start").iterdir())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_plant_is_an_experiment_that_a_seed_is_given_to(planted, name, tmp_path):
    file = planted.written(planted.BY_NAME[name], 7, tmp_path)

    assert read(file).seed == 7
    assert "SEED = 7" in (tmp_path / "train.py").read_text()


@pytest.mark.parametrize("seed", range(100, 140))
def test_the_largest_size_fits_with_room_for_the_interpreter_and_twice_it_never_does(planted, seed):
    plant = planted.BY_NAME["memory"]
    truth, example = plant.truth_of(seed), plant.constants_of(seed)["MIB_PER_EXAMPLE"]
    size, limit = truth["largest_feasible"], truth["limit_mib"]

    assert size * example + 750 <= limit <= 0.75 * 2 * size * example
