"""A workload in JAX through the runners: the same events, ends and words as one in PyTorch."""

import json
import subprocess
import sys

import pytest
from tests.runner.sample import HERE, assignment, end, of, played, rows
from tests.train.needs_jax import jax

from etude.errors import RunError
from etude.event import Began, Refused, Saved
from etude.experiment.toml.read import loads
from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.user_code import train_function
from etude.runner.vectorized import Vectorized
from etude.train.backend import DeferredLoop, _refuse_missing, resolved
from etude.train.jax.examples import Order

EXAMPLE = HERE.parents[1] / "examples" / "digits_jax"
SETTING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 4}
assert jax


def inline(name):
    return Inline(lambda: train_function(f"works_jax.py:{name}", HERE))


def processes(name):
    return Processes(f"works_jax.py:{name}", HERE, workers=1)


def vectorized(name):
    return Vectorized(lambda: train_function(f"works_jax.py:{name}", HERE), width=4)


def wide(name):
    """Stacks in a worker process."""
    runner = processes(name)
    runner.widen(4)
    return runner


RUNNERS = {"inline": inline, "processes": processes, "vectorized": vectorized, "wide": wide}


@pytest.fixture(params=["inline", "vectorized"])
def runner(request):
    """Makes a runner of a workload in `works_jax.py`, in this process."""
    return RUNNERS[request.param]


def trial(folder, **given):
    return assignment(folder, **{"setting": SETTING, **given})


def test_events_come_in_the_order_in_which_they_happened(runner, tmp_path):
    events = played(runner("Plain"), trial(tmp_path))

    assert events[0] == Began(0, 0)
    assert [event.step for event in events if isinstance(event, Saved)][-1] == 7
    assert (end(events).status, end(events).steps) == ("completed", 8)
    assert [step for step, name, _ in rows(events) if name == "valid/loss"] == [1, 3, 5, 7]
    assert [step for step, name, _ in rows(events) if name == "grad_norm"] == list(range(8))


def test_every_runner_makes_the_same_values(tmp_path):
    several = {
        name: [
            row[2]
            for number in range(3)
            for row in rows(of(played(make("Plain"), *trials(tmp_path / name)), number))
        ]
        for name, make in RUNNERS.items()
    }

    assert several["processes"] == several["inline"]
    assert several["wide"] == pytest.approx(several["vectorized"], rel=1e-5)
    assert several["vectorized"] == pytest.approx(several["inline"], rel=1e-4)


def trials(folder):
    return [trial(folder, id=number, seed=number) for number in range(3)]


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("Nan", "nan", "`train/loss` is nan at step 0."),
        ("RaisesInLoss", "error", "ValueError: no loss today"),
        ("AsksWrongly", "error", "'widht'"),
    ],
)
def test_a_setting_that_cannot_be_trained_says_why(runner, tmp_path, name, reason, detail):
    ended = end(played(runner(name), trial(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", reason)
    assert detail in ended.detail
    assert "src/etude" not in ended.detail


def test_python_that_decides_by_a_value_is_told_in_the_words_of_jax(tmp_path):
    ended = end(played(inline("Decides"), trial(tmp_path)))

    assert ended.reason == "error"
    assert "return found if found > 0 else -found" in ended.detail
    assert "TracerBoolConversionError" in ended.detail


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("Misreports", "metric", "has `valid/lost`"),
        ("NoScalar", "input", "`loss` returned an array of shape (4, 1); return one number"),
        ("NoArray", "input", "`loss` returned float; return an array"),
        ("NoModel", "input", "`model` returned int; return"),
        ("Counts", "input", "the parameters are float32, int32. Make them all one of"),
        ("Flax", "input", "`model` returned a module of flax, whose `init` asks for inputs."),
        ("OddMetric", "input", "the metric `loss` has shape (12, 1) for a batch of 12"),
    ],
)
def test_what_keeps_every_trial_from_being_trained_is_refused(runner, tmp_path, name, kind, detail):
    refused = end(played(runner(name), trial(tmp_path)))

    assert isinstance(refused, Refused)
    assert refused.kind == kind
    assert detail in refused.detail


def test_it_goes_up_to_the_step_that_raises_and_takes_no_other_with_it(runner, tmp_path):
    first = {n: int((Order(400, 4, n).rows(0, 30) == 7).any(1).argmax()) for n in range(20)}
    late = max(first, key=first.__getitem__)
    never = [n for n in first if 7 not in Order(400, 4, n).rows(0, 30)]
    several = [trial(tmp_path, id=n, seed=n, max_steps=30) for n in (late, never[0])]

    events = played(runner("RaisesForSome"), *several)

    ended = end(of(events, late))
    assert (ended.status, ended.steps) == ("infeasible", first[late])
    assert 'raise ValueError("example 7 cannot be read")' in ended.detail
    assert end(of(events, never[0])).status == "completed"


def test_a_rehearsal_tells_what_nobody_read_and_how_long_a_step_takes(tmp_path):
    setting = {**SETTING, "width": 8, "beta1": 0.9}

    (event,) = played(
        inline("Plain"), trial(tmp_path, setting=setting, rehearsal=True, max_steps=2)
    )

    assert event.unread == ("beta1", "width")
    assert event.step_s > 0


@pytest.mark.parametrize(("file", "library"), [("works.py", "torch"), ("works_jax.py", "jax")])
def test_neither_library_is_loaded_for_the_other(tmp_path, file, library):
    code = (
        "import sys, json; from pathlib import Path; "
        "from etude.runner.user_code import train_function;"
        f"train_function('{file}:Plain', Path('{HERE}'));"
        "print(json.dumps([name for name in ('torch', 'jax') if name in sys.modules]))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == [library]


def test_a_missing_library_is_told_with_the_way_out():
    said = r"is trained with JAX, and `jax` is missing: `pip install 'etude\[jax\]'`"

    with pytest.raises(RunError, match=said), _refuse_missing("jax"):
        raise ModuleNotFoundError(name="jax")


def test_where_both_are_loaded_the_first_model_tells():
    found = {name: train_function(f"{name}.py:Plain", HERE) for name in ("works", "works_jax")}

    assert all(isinstance(one, DeferredLoop) for one in found.values())
    homes = [type(resolved(one, SETTING)).__module__ for one in found.values()]
    assert homes == ["etude.train.torch.loop", "etude.train.jax.loop"]


def test_the_example_is_trained(tmp_path):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    experiment = loads((EXAMPLE / "mlp.toml").read_text())
    setting = {**SETTING, "width": 8, "dropout": 0.1, "batch_size": 32}
    one = trial(tmp_path, setting=setting, max_steps=60, metric=experiment.metric)

    events = played(Inline(lambda: train_function(experiment.train, EXAMPLE)), one)

    errors = [value for _, name, value in rows(events) if name == "valid/error"]
    assert errors[-1] < 0.6
