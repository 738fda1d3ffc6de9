"""JAX, or a word that what needs it is skipped: to be imported before what imports it."""

import pytest

jax = pytest.importorskip("jax", reason="JAX is not there: pip install 'etude[jax]'")
jnp = jax.numpy
