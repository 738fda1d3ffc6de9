"""Process-wide state of libraries, found where they are loaded, and generators."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from .state_kinds import Generator, Kind, by_attribute, by_functions


def _autocast(torch: Any) -> tuple[Any, ...]:
    return (
        torch.is_autocast_cache_enabled(),
        *(
            (torch.is_autocast_enabled(device), torch.get_autocast_dtype(device))
            for device in ("cpu", "cuda")
        ),
    )


def _restore_autocast(torch: Any, value: tuple[Any, ...]) -> None:
    is_cached, *devices = value
    torch.set_autocast_cache_enabled(is_cached)
    for device, (is_enabled, dtype) in zip(("cpu", "cuda"), devices, strict=True):
        torch.set_autocast_enabled(device, is_enabled)
        torch.set_autocast_dtype(device, dtype)


def _deterministic(torch: Any) -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _restore_default_device(torch: Any, device: Any) -> None:
    # On the processor without a mode, which would cost something at each call.
    torch.set_default_device(None if device.type == "cpu" else device)


def _cuda_device(torch: Any) -> int:
    """The current one; before CUDA has begun, the one that it begins on."""
    return int(torch.cuda.current_device()) if torch.cuda.is_initialized() else 0


def _restore_jax(jax: Any, before: Mapping[str, Any]) -> None:
    for name, value in jax.config.values.items():
        if name in before and value != before[name]:
            jax.config.update(name, before[name])


def _pandas_options(pandas: Any) -> dict[str, Any]:
    options: dict[str, Any] = {}
    groups = [("", pandas.options.d)]
    for prefix, group in groups:
        for name, value in group.items():
            if type(value) is dict:
                groups.append((f"{prefix}{name}.", value))
            else:
                options[f"{prefix}{name}"] = value
    return options


def _restore_pandas(pandas: Any, before: Mapping[str, Any]) -> None:
    for name, value in _pandas_options(pandas).items():
        if name in before and value is not before[name]:
            pandas.set_option(name, before[name])


def _flushes_denormals(_: Any) -> bool:
    return sys.float_info.min / 2 == 0.0


# PyTorch's precisions are set by two families of names, of which a mixture cannot be read: what
# cannot be read is put back with the other family.
_BACKENDS = (
    "fp32_precision",
    "cudnn.fp32_precision",
    "cudnn.conv.fp32_precision",
    "cudnn.rnn.fp32_precision",
    "cuda.matmul.fp32_precision",
    "mkldnn.matmul.fp32_precision",
    "mkldnn.conv.fp32_precision",
    "mkldnn.rnn.fp32_precision",
    "cuda.matmul.allow_tf32",
    "cudnn.allow_tf32",
    "cuda.matmul.allow_fp16_reduced_precision_reduction",
    "cuda.matmul.allow_bf16_reduced_precision_reduction",
    "cudnn.enabled",
    "cudnn.benchmark",
    "cudnn.deterministic",
    "mkldnn.enabled",
    "mkldnn.deterministic",
    "opt_einsum.enabled",
    "opt_einsum.strategy",
)

LIBRARIES: Mapping[str, Kind] = (
    {
        "NumPy's error state": Kind(
            "numpy",
            lambda numpy: (numpy.geterr(), numpy.geterrcall()),
            lambda numpy, value: (numpy.seterr(**value[0]), numpy.seterrcall(value[1])),
        ),
        "NumPy's print options": Kind(
            "numpy",
            lambda numpy: numpy.get_printoptions(),
            lambda numpy, value: numpy.set_printoptions(**value),
        ),
        "NumPy's buffer size": by_functions("numpy", "getbufsize", "setbufsize"),
        "pandas' options": Kind("pandas", _pandas_options, _restore_pandas),
        "scikit-learn's configuration": Kind(
            "sklearn",
            lambda sklearn: sklearn.get_config(),
            lambda sklearn, value: sklearn.set_config(**value),
        ),
        "JAX's configuration": Kind("jax", lambda jax: dict(jax.config.values), _restore_jax),
        "PyTorch's default dtype": by_functions("torch", "get_default_dtype", "set_default_dtype"),
        "PyTorch's default device": Kind(
            "torch", lambda torch: torch.get_default_device(), _restore_default_device
        ),
        "PyTorch's gradient mode": by_functions("torch", "is_grad_enabled", "set_grad_enabled"),
        "PyTorch's anomaly detection": Kind(
            "torch",
            lambda torch: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            lambda torch, value: torch.autograd.set_detect_anomaly(*value),
        ),
        "PyTorch's autocast": Kind("torch", _autocast, _restore_autocast),
        "PyTorch's deterministic algorithms": Kind(
            "torch",
            _deterministic,
            lambda torch, value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
        ),
        "PyTorch's filling of uninitialized memory": by_attribute(
            "torch", "utils.deterministic.fill_uninitialized_memory"
        ),
        "PyTorch's number of threads": by_functions("torch", "get_num_threads", "set_num_threads"),
        "PyTorch's number of threads between operators": by_functions(
            "torch", "get_num_interop_threads", "set_num_interop_threads"
        ),
        "PyTorch's flushing of denormal numbers": Kind(
            "torch", _flushes_denormals, lambda torch, value: torch.set_flush_denormal(value)
        ),
        "PyTorch's precision of float32 products": by_functions(
            "torch", "get_float32_matmul_precision", "set_float32_matmul_precision"
        ),
        "PyTorch's CUDA device": Kind(
            "torch", _cuda_device, lambda torch, device: torch.cuda.set_device(device)
        ),
    }
    | {f"torch.backends.{path}": by_attribute("torch", f"backends.{path}") for path in _BACKENDS}
    | {
        f"PyTorch's {name} attention": by_functions(
            "torch", f"backends.cuda.{name}_sdp_enabled", f"backends.cuda.enable_{name}_sdp"
        )
        for name in ("flash", "mem_efficient", "math", "cudnn")
    }
)


def _seed_torch(torch: Any, seed: int) -> None:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:  # a hundred times as fast
        torch.default_generator.manual_seed(seed)


def _torch_states(torch: Any) -> tuple[Any, ...]:
    is_begun = torch.cuda.is_initialized()
    return (torch.get_rng_state(), torch.cuda.get_rng_state_all() if is_begun else None)


def _restore_torch(torch: Any, states: tuple[Any, ...]) -> None:
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state_all(states[1])


GENERATORS: Mapping[str, Generator] = {
    "Python's": Generator(
        "random",
        lambda random, seed: random.seed(seed),
        lambda random: random.getstate(),
        lambda random, state: random.setstate(state),
    ),
    "NumPy's": Generator(
        "numpy.random",
        lambda random, seed: random.seed(seed),
        lambda random: random.get_state(),
        lambda random, state: random.set_state(state),
    ),
    "PyTorch's": Generator("torch", _seed_torch, _torch_states, _restore_torch),
}
