"""Evaluations on training examples in JAX."""

from tests.train import jaxes
from tests.train.stacks import Told, plain, together, trial

from etude.train.jax.loop import Loop


def test_an_evaluation_on_training_examples_is_the_same_alone_and_in_a_stack(tmp_path):
    loop = Loop(jaxes.workload())
    asked = {"steps": 12, "evaluations": 3, "evaluate_training": 20}
    alone = [plain(loop, trial(tmp_path / "a", number, Told(), **asked)) for number in range(2)]

    stacked = together(loop, [trial(tmp_path / "b", n, Told(), **asked) for n in range(2)])

    for one, other in zip(alone, stacked, strict=True):
        assert len(one.values("train/error")) == 3
        assert one.values("train/error").tolist() == other.values("train/error").tolist()
        assert one.values("valid/error").tolist() == other.values("valid/error").tolist()
