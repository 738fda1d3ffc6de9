"""A workload in JAX through the runners: what only JAX has, and which library is loaded."""

import json
import subprocess
import sys

import pytest
from tests.runner.libraries import SETTING, runner_of, trial
from tests.runner.sample import HERE, end, events_of, rows
from tests.train.needs_jax import jax

from etude.errors import RunError
from etude.experiment.toml.read import loads
from etude.runner.inline import Inline
from etude.runner.user_code import train_function
from etude.train.backend import DeferredLoop, _refuse_missing, resolved

EXAMPLE = HERE.parents[1] / "examples" / "digits_jax"
assert jax


def test_python_that_decides_by_a_value_is_told_in_the_words_of_jax(tmp_path):
    ended = end(events_of(runner_of("jax", "inline")("Decides"), trial(tmp_path)))

    assert ended.reason == "error"
    assert "return found if found > 0 else -found" in ended.detail
    assert "TracerBoolConversionError" in ended.detail


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

    events = events_of(Inline(lambda: train_function(experiment.train, EXAMPLE)), one)

    errors = [value for _, name, value in rows(events) if name == "valid/error"]
    assert errors[-1] < 0.6
