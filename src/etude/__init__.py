"""Etude: the tuning playbook, executable."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Each public name and the module that holds it, loaded on first use (PEP 562).
_HOMES = {
    "Choice": "space",
    "Comparison": "analyze.comparison",
    "EtudeError": "errors",
    "Experiment": "experiment",
    "Integer": "space",
    "Real": "space",
    "Result": "round.result",
    "Trial": "trial",
    "ask": "round.ask",
    "autopilot": "procedure.series",
    "comparison": "analyze.comparison",
    "current": "trial",
    "load": "round.result",
    "run": "round.run",
}
# What comes with a library of others: a module, for what it has is loaded when it is asked for.
_MODULES = {"huggingface": "connect.huggingface"}
__all__ = sorted([*_HOMES, *_MODULES])

if TYPE_CHECKING:
    from .analyze.comparison import Comparison as Comparison
    from .analyze.comparison import comparison as comparison
    from .connect import huggingface as huggingface
    from .errors import EtudeError as EtudeError
    from .experiment import Experiment as Experiment
    from .procedure.series import autopilot as autopilot
    from .round.ask import ask as ask
    from .round.result import Result as Result
    from .round.result import load as load
    from .round.run import run as run
    from .space import Choice as Choice
    from .space import Integer as Integer
    from .space import Real as Real
    from .trial import Trial as Trial
    from .trial import current as current


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{_MODULES[name]}", __name__)
    if name not in _HOMES:
        raise AttributeError(
            f"module `etude` has no attribute `{name}`. Known: {', '.join(__all__)}."
        )
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
