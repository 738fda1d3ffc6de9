"""Ghost batch norm of JAX is that of PyTorch."""

import numpy as np
import pytest
from tests.train.needs_jax import jax, jnp

torch = pytest.importorskip("torch")

from etude.errors import WorkloadError  # noqa: E402  # after what it needs
from etude.train.jax.batch_norm import ghost_batch_norm, moving_average  # noqa: E402  # as above
from etude.train.torch.batch_norm import GhostBatchNorm  # noqa: E402  # as above


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("size", [5, 130])
def test_outputs_gradients_and_averages_are_those_of_pytorch(size, samples):
    given = np.random.default_rng(0).normal(3.0, 2.0, (size, 2, 3)).astype(np.float32)
    inputs = torch.from_numpy(given).movedim(-1, 1).contiguous().requires_grad_()
    norm = GhostBatchNorm(3, samples=samples)

    expected = norm(inputs)
    (expected**3).sum().backward()
    found = ghost_batch_norm(jnp.asarray(given), samples=samples)
    slopes = jax.grad(lambda x: (ghost_batch_norm(x, samples=samples).outputs ** 3).sum())(given)
    mean = moving_average(jnp.zeros(3), found.means_GxC)

    np.testing.assert_allclose(
        found.outputs, expected.detach().movedim(1, -1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(slopes, inputs.grad.movedim(1, -1), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(mean, norm.running_mean, rtol=1e-4)


@pytest.mark.parametrize(("shape", "group"), [((8,), 64), ((8, 3), 1)])
def test_what_it_cannot_normalize_is_refused(shape, group):
    with pytest.raises(WorkloadError, match="two examples or more"):
        ghost_batch_norm(jnp.zeros(shape), group=group)
