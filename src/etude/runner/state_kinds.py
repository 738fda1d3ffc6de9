"""Kinds of process-wide state: how each is read and put back, and the generators."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, final

# These keep an address, a session or a key of a service that goes on in this process, and that the
# next trial would start again or lose: what they set stays. So do the handlers of their loggers.
SERVICES = {
    "CLEARML": "the task that is open",
    "COMET": "the key of the experiment that is open",
    "DASK": "the address of the cluster",
    "MLFLOW": "the address of the server, the run that is open",
    "NEPTUNE": "the project and the connection",
    "PYSPARK": "the port of the gateway that was started",
    "RAY": "the address and the job of the cluster",
    "WANDB": "the socket of the service that was started, the run and its key",
}


@final
@dataclass(frozen=True)
class Kind:
    """One kind of process-wide state.

    Args:
        library: The module that has it; where it is not loaded, there is nothing to put back.
        save: Its value, of the library.
        restore: Sets it to such a value.
        main_thread: Only the main thread may set it.
        anew: It is read before each trial, for what calls the trial sets it.
    """

    library: str
    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], object]
    main_thread: bool = False
    anew: bool = False


@final
@dataclass(frozen=True)
class Generator:
    """A process-wide random generator, or all those of a library."""

    library: str
    seed: Callable[[Any, int], object]
    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], object]


def _function(library: str, getter: str, setter: str) -> Kind:
    """A value that one function returns and another one sets."""
    read: Callable[[Any], Any] = attrgetter(getter)
    put: Callable[[Any], Any] = attrgetter(setter)

    def save(module: Any) -> Any:
        return read(module)()

    def restore(module: Any, value: Any) -> object:
        return put(module)(value)

    return Kind(library, save, restore)


def _attribute(library: str, path: str) -> Kind:
    """A value that is an attribute."""
    parent, _, name = path.rpartition(".")
    holder = attrgetter(parent) if parent else lambda module: module
    return Kind(
        library,
        attrgetter(path),
        lambda module, value: setattr(holder(module), name, value),
    )


@final
class _Environment(dict[Any, Any]):
    """The environment; two are equal where they differ by what services set alone."""

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) or not any(True for _ in _differing(self, other))

    __hash__ = None


def _environment(os: Any) -> _Environment:
    # The public copy decodes every name: 20 us a trial.
    return _Environment(os.environ._data)  # noqa: SLF001  # see above


def _differing(one: Mapping[Any, Any], other: Any) -> Iterator[Any]:
    for key in one.keys() | other.keys():
        if one.get(key) != other.get(key) and not _is_service(key.decode(errors="replace")):
            yield key


def _restore_environment(os: Any, before: Mapping[Any, Any]) -> None:
    zone = os.environ.get("TZ")
    for key in list(_differing(_environment(os), before)):
        name = os.fsdecode(key)
        if key in before:
            os.environ[name] = os.fsdecode(before[key])
        else:
            del os.environ[name]
    if zone != os.environ.get("TZ") and "time" in sys.modules:
        sys.modules["time"].tzset()


def _is_service(name: str) -> bool:
    return name.lstrip("_").upper().partition("_")[0].partition(".")[0] in SERVICES


def _loggers(logging: Any) -> dict[str, tuple[Any, ...]]:
    """Handlers and switches of the root logger, and of all others that have been set up."""
    root = logging.root
    named = root.manager.loggerDict
    states = {
        name: (tuple(one.handlers), one.level, one.propagate, one.disabled)
        for name, one in named.items()
        if isinstance(one, logging.Logger)
        and (one.handlers or one.level or one.disabled or not one.propagate)
        and not _is_service(name)
    }
    states[""] = (tuple(root.handlers), root.level, root.propagate, root.manager.disable)
    return states


def _restore_loggers(logging: Any, states: Mapping[str, tuple[Any, ...]]) -> None:
    for name in _loggers(logging).keys() | states.keys():
        fresh = ((), logging.NOTSET, True, False)
        handlers, level, propagates, disabled = states.get(name, fresh)
        logger = logging.getLogger(name or None)
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagates
        if name:
            logger.disabled = disabled
        else:
            logging.disable(disabled)


def _restore_warnings(warnings: Any, value: tuple[Any, ...]) -> None:
    filters, warnings.showwarning = value
    warnings.resetwarnings()  # the public way to make modules forget what they have warned of
    warnings.filters[:] = filters


_SIGNALS = ("SIGALRM", "SIGTERM", "SIGINT", "SIGUSR1")


def _handlers(signal: Any) -> tuple[Any, ...]:
    return tuple(map(signal.getsignal, [getattr(signal, name) for name in _SIGNALS]))


def _restore_handlers(signal: Any, handlers: tuple[Any, ...]) -> None:
    for name, handler in zip(_SIGNALS, handlers, strict=True):
        if handler is not None:  # a handler in C, which Python cannot set again
            signal.signal(getattr(signal, name), handler)


def _is_timed(signal: Any) -> bool:
    return bool(signal.getitimer(signal.ITIMER_REAL)[0] > 0)


def _stop_alarm(signal: Any, was_timed: bool) -> None:  # noqa: FBT001  # a value, as every kind has
    if not was_timed:  # one that is left would end a later trial
        signal.setitimer(signal.ITIMER_REAL, 0)


def _decimal(decimal: Any) -> tuple[Any, ...]:
    one = decimal.getcontext()
    traps = one.traps.copy()
    return (one.prec, one.rounding, one.Emin, one.Emax, one.capitals, one.clamp, traps)


def _restore_decimal(decimal: Any, value: tuple[Any, ...]) -> None:
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    fields = dict(zip(names, value, strict=False))
    decimal.setcontext(
        decimal.Context(**fields, traps=[trap for trap, is_on in value[-1].items() if is_on])
    )


def _fill(target: list[Any], value: list[Any]) -> None:
    target[:] = value


def _umask(os: Any) -> int:
    current = os.umask(0o077)
    os.umask(current)
    return int(current)


def _restore_gc(gc: Any, value: tuple[bool, tuple[int, ...]]) -> None:
    is_enabled, thresholds = value
    gc.set_threshold(*thresholds)
    (gc.enable if is_enabled else gc.disable)()


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

_PYTHON: dict[str, Kind] = {
    "the working folder": Kind("os", lambda os: os.getcwd(), lambda os, path: os.chdir(path)),
    "the environment": Kind("os", _environment, _restore_environment),
    "the mask of file modes": Kind("os", _umask, lambda os, mask: os.umask(mask)),
    "sys.path": Kind("sys", lambda sys: [*sys.path], lambda sys, value: _fill(sys.path, value)),
    "sys.argv": Kind(
        "sys", lambda sys: [*sys.argv], lambda sys, value: _fill(sys.argv, value), anew=True
    ),
    "sys.stdout": replace(_attribute("sys", "stdout"), anew=True),
    "sys.stderr": replace(_attribute("sys", "stderr"), anew=True),
    "the recursion limit": _function("sys", "getrecursionlimit", "setrecursionlimit"),
    "the garbage collector": Kind(
        "gc", lambda gc: (gc.isenabled(), gc.get_threshold()), _restore_gc
    ),
    "the locale": Kind(
        "locale",
        lambda locale: locale.setlocale(locale.LC_ALL),
        lambda locale, value: locale.setlocale(locale.LC_ALL, value),
    ),
    "the decimal context": Kind("decimal", _decimal, _restore_decimal),
    "the warnings filters": Kind(
        "warnings", lambda warnings: ([*warnings.filters], warnings.showwarning), _restore_warnings
    ),
    "the loggers": Kind("logging", _loggers, _restore_loggers),
    "the alarm": Kind("signal", _is_timed, _stop_alarm),
    # The module behind `signal` makes no members of an enumeration: 12 us a trial.
    "the signal handlers": Kind("_signal", _handlers, _restore_handlers, main_thread=True),
    "the folder of temporary files": _attribute("tempfile", "tempdir"),
    "the way to start processes": Kind(
        "multiprocessing",
        lambda multiprocessing: multiprocessing.get_start_method(allow_none=True),
        lambda multiprocessing, value: multiprocessing.set_start_method(value, force=True),
    ),
}

_LIBRARIES: dict[str, Kind] = (
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
        "NumPy's buffer size": _function("numpy", "getbufsize", "setbufsize"),
        "pandas' options": Kind("pandas", _pandas_options, _restore_pandas),
        "scikit-learn's configuration": Kind(
            "sklearn",
            lambda sklearn: sklearn.get_config(),
            lambda sklearn, value: sklearn.set_config(**value),
        ),
        "JAX's configuration": Kind("jax", lambda jax: dict(jax.config.values), _restore_jax),
        "PyTorch's default dtype": _function("torch", "get_default_dtype", "set_default_dtype"),
        "PyTorch's default device": Kind(
            "torch", lambda torch: torch.get_default_device(), _restore_default_device
        ),
        "PyTorch's gradient mode": _function("torch", "is_grad_enabled", "set_grad_enabled"),
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
        "PyTorch's filling of uninitialized memory": _attribute(
            "torch", "utils.deterministic.fill_uninitialized_memory"
        ),
        "PyTorch's number of threads": _function("torch", "get_num_threads", "set_num_threads"),
        "PyTorch's number of threads between operators": _function(
            "torch", "get_num_interop_threads", "set_num_interop_threads"
        ),
        "PyTorch's flushing of denormal numbers": Kind(
            "torch", _flushes_denormals, lambda torch, value: torch.set_flush_denormal(value)
        ),
        "PyTorch's precision of float32 products": _function(
            "torch", "get_float32_matmul_precision", "set_float32_matmul_precision"
        ),
        "PyTorch's CUDA device": Kind(
            "torch", _cuda_device, lambda torch, device: torch.cuda.set_device(device)
        ),
    }
    | {f"torch.backends.{path}": _attribute("torch", f"backends.{path}") for path in _BACKENDS}
    | {
        f"PyTorch's {name} attention": _function(
            "torch", f"backends.cuda.{name}_sdp_enabled", f"backends.cuda.enable_{name}_sdp"
        )
        for name in ("flash", "mem_efficient", "math", "cudnn")
    }
)

KINDS: Mapping[str, Kind] = _PYTHON | _LIBRARIES


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
