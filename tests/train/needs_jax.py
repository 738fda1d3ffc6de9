"""JAX, or a word that what needs it is skipped: to be imported before what imports it."""

import os

import pytest

jax = pytest.importorskip("jax", reason="JAX is not there: pip install 'etude[jax]'")
jnp = jax.numpy

# Laws hold however well a program is optimized; the tests take two thirds of the time so. Workers
# inherit it, for another program may come to other bits.
jax.config.update("jax_disable_most_optimizations", True)
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
