"""Process-wide state of Python and of the process: how each kind is read and put back."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, final

from .state_kinds import Kind, by_attribute, by_functions

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
    now = decimal.getcontext()
    traps = now.traps.copy()
    return (now.prec, now.rounding, now.Emin, now.Emax, now.capitals, now.clamp, traps)


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


PYTHON: Mapping[str, Kind] = {
    "the working folder": Kind("os", lambda os: os.getcwd(), lambda os, path: os.chdir(path)),
    "the environment": Kind("os", _environment, _restore_environment),
    "the mask of file modes": Kind("os", _umask, lambda os, mask: os.umask(mask)),
    "sys.path": Kind("sys", lambda sys: [*sys.path], lambda sys, value: _fill(sys.path, value)),
    "sys.argv": Kind(
        "sys", lambda sys: [*sys.argv], lambda sys, value: _fill(sys.argv, value), anew=True
    ),
    "sys.stdout": replace(by_attribute("sys", "stdout"), anew=True),
    "sys.stderr": replace(by_attribute("sys", "stderr"), anew=True),
    "the recursion limit": by_functions("sys", "getrecursionlimit", "setrecursionlimit"),
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
    "the folder of temporary files": by_attribute("tempfile", "tempdir"),
    "the way to start processes": Kind(
        "multiprocessing",
        lambda multiprocessing: multiprocessing.get_start_method(allow_none=True),
        lambda multiprocessing, value: multiprocessing.set_start_method(value, force=True),
    ),
}
