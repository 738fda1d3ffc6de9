"""The loop for workloads whose model is JAX's: the same names, with `jit` and `vmap` below them."""
