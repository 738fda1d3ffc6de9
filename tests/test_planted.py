"""How `benchmarks/planted.py` judges the answers of procedures; and that what it plants can run."""

import importlib.util
import sys
from pathlib import Path

import pytest

from etude.experiment.toml.read import read

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def planted():
    spec = importlib.util.spec_from_file_location("planted", ROOT / "benchmarks" / "planted.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted"] = module
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("planted", None)


def stability(verdict, cure=None, architecture=(), *, held_down=None, findings=(), **settings):
    chosen = cure and {"name": cure, "settings": settings, "compared": "better"}
    return {
        "procedure": "stability",
        "answer": {
            "verdict": verdict,
            "held_down": held_down,
            "cure": chosen,
            "architecture": [{"module": name, "advice": text} for name, text in architecture],
        },
        "findings": list(findings),
    }


CASES = [
    ("mid_training", stability("mid_training"), {}, "found"),
    ("mid_training", stability("unclear"), {}, "unclear"),
    ("mid_training", stability("stable"), {}, "wrong"),
    ("hidden", stability("early"), {}, "unclear"),
    ("hidden", stability("stable"), {}, "wrong"),
    ("early", stability("early", "warmup", warmup_steps=60), {"survives": 1.0}, "found"),
    ("early", stability("early", "warmup", warmup_steps=2), {"survives": 0.4}, "wrong"),
    ("early", stability("early", "clipping", gradient_clip=1.0), {"survives": None}, "unclear"),
    (
        "warmup_300",
        stability("early", "warmup", warmup_steps=300),
        {"survives": 1.0, "tenth_survives": 0.2},
        "found",
    ),
    (
        "warmup_300",
        stability("early", "warmup", warmup_steps=3000),
        {"survives": 1.0, "tenth_survives": 1.0},
        "unclear",
    ),
    (
        "warmup_300",
        stability("early", "warmup", warmup_steps=30),
        {"survives": 0.0, "tenth_survives": 0.0},
        "wrong",
    ),
    ("outliers", stability("mid_training", "clipping", gradient_clip=2.0), {}, "found"),
    ("outliers", stability("stable"), {}, "wrong"),
    ("clipping_refused", stability("early", "clipping", gradient_clip=2.0), {}, "wrong"),
    ("clipping_refused", stability("early", "lower_rate"), {}, "found"),
    (
        "clipping_refused",
        stability("early", findings=[{"rule": "D9, D10", "status": "problem"}]),
        {},
        "found",
    ),
    (
        "norm_after_sum",
        stability("early", architecture=[("blocks.0.norm", "Norm it before the sum.")]),
        {},
        "found",
    ),
    ("norm_after_sum", stability("early"), {}, "unclear"),
    ("norm_after_sum", stability("stable"), {}, "wrong"),
    ("branches", stability("early", architecture=[("head", "Start at zero.")]), {}, "wrong"),
    ("healthy_noise", stability("stable", held_down=False), {}, "found"),
    ("healthy_noise", stability("unclear"), {}, "unclear"),
    ("healthy_noise", stability("stable", held_down=True), {}, "wrong"),
    ("healthy_noise", stability("stable", "warmup", warmup_steps=9), {}, "wrong"),
    (
        "full_fit",
        {"answer": {"regime": "not_compute_bound", "full_fit_step": 900}},
        {"full_fit_step": 800},
        "found",
    ),
    (
        "full_fit",
        {"answer": {"regime": "not_compute_bound", "full_fit_step": 1200}},
        {"full_fit_step": 800},
        "wrong",
    ),
    ("full_fit", {"answer": {"regime": "unclear", "full_fit_step": None}}, {}, "unclear"),
    ("compute_bound", {"answer": {"regime": "compute_bound"}}, {}, "found"),
    ("width_moves", {"answer": {}, "findings": [{"rule": "S17", "status": "ok"}]}, {}, "wrong"),
    ("width_stays", {"answer": {"model": {"moved": False}}}, {}, "found"),
    ("turns", {"answer": {"turned": []}}, {}, "wrong"),
    ("turns", {"answer": {"turned": [{"name": "kind"}]}}, {}, "found"),
]


@pytest.mark.parametrize(("name", "said", "truth", "ruling"), CASES)
def test_an_answer_is_found_wrong_or_unclear_by_what_it_claims(planted, name, said, truth, ruling):
    plant = planted.BY_NAME[name]

    assert plant.judge(said, truth) == ruling


COSINE = {"optimizer": "sgd", "batch_size": 32, "schedule": "cosine", "decay_steps": 400}


@pytest.mark.parametrize(
    ("schedule", "ruling"),
    [({"decay_steps": 2000}, "found"), ({"decay_steps": 400}, "wrong"), (None, "unclear")],
)
def test_a_cosine_whose_added_steps_have_no_rate_is_wrong(planted, schedule, ruling):
    given = schedule and {"name": "cosine", "refused": False, "settings": schedule}
    said = {"answer": {"schedule": given}, "findings": []}
    truth = {"fixed": COSINE, "from_steps": 400, "max_steps": 2000}

    assert planted.cosine(said, truth) == ruling


@pytest.mark.parametrize(
    ("mean", "shrinkage", "ruling"),
    [(0.31, 0.8, "found"), (0.31, None, "unclear"), (0.20, 0.8, "wrong")],
)
def test_a_mean_that_is_as_lucky_as_the_luckiest_trial_is_wrong(planted, mean, shrinkage, ruling):
    said = {"answer": {"mean": mean, "sd": 0.03, "retrainings": 9, "shrinkage": shrinkage}}
    truth = {"mean": 0.3, "sd": 0.03, "standard_error": 0.01, "luckiest": 0.2}

    assert planted.luck(said, truth) == ruling


FOLDERS = sorted(path.name for path in (ROOT / "benchmarks" / "plants").iterdir())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_plant_is_an_experiment_that_a_seed_is_given_to(planted, name, tmp_path):
    plants = {plant.name: plant for plant in (*planted.BY_NAME.values(), *planted.REAL)}

    file = planted.written(plants[name], 7, tmp_path)

    assert read(file).seed == 7
