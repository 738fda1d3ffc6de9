"""Kinds of problems that `etude new` has a first experiment for, and in which libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final, final

from ..errors import RunError
from ..wording import conjunction, did_you_mean

FRAMEWORKS: Final = ("torch", "jax", "function")
# What people call a plain function in NumPy too.
_ALIASES: Final = {"numpy": "function", "pytorch": "torch"}
# What an installation lacks, by the name under which Python imports it: how it is had.
_INSTALLED_BY: Final = {
    "torch": "pip install 'etude[torch]'",
    "jax": "pip install 'etude[jax]'",
    "sklearn": "pip install scikit-learn",
}


@final
@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of problem.

    Args:
        data: The file that has the data, with the function `load`.
        frameworks: In which its training is written: workloads of PyTorch and JAX, or a plain
            function in NumPy with a loop of its own.
        is_ready: Whether its data are on every machine, so that it runs as it is.
        needs: Libraries that its data come with.
    """

    data: str
    frameworks: tuple[str, ...] = ("torch",)
    is_ready: bool = False
    needs: tuple[str, ...] = ()

    def lacks(self, framework: str) -> list[str]:
        """How to install what is missing here, without importing anything."""
        library = () if framework == "function" else (framework,)
        missing = [name for name in (*library, *self.needs) if find_spec(name) is None]
        return [_INSTALLED_BY[name] for name in missing]


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "image-classification": Kind(
            data="digits.py", frameworks=FRAMEWORKS, is_ready=True, needs=("sklearn",)
        ),
        "text-classification": Kind(data="passages.py", frameworks=FRAMEWORKS, is_ready=True),
        "language-model": Kind(data="characters.py", frameworks=FRAMEWORKS, is_ready=True),
        "tabular": Kind(data="functions.py", frameworks=FRAMEWORKS, is_ready=True),
        "translation": Kind(data="sentences.py"),
        "speech": Kind(data="recordings.py"),
        "graph": Kind(data="network.py"),
        "recommendation": Kind(data="ratings.py"),
    }
)


def chosen(kind: str, framework: str) -> tuple[str, str]:
    """The kind and the framework that words name.

    Raises:
        RunError: for words that name none, both at once, or a pair that there is not.

    >>> chosen("Tabular", "numpy"), chosen("speech", "")
    (('tabular', 'function'), ('speech', 'torch'))
    """
    name = kind.casefold().replace("_", "-").replace(" ", "-")
    library = _ALIASES.get(framework.casefold(), framework.casefold())
    mistakes = []
    if name not in KINDS:
        mistakes.append(f"There is no kind `{kind}`. {did_you_mean(name, list(KINDS))}")
    if library not in ("", *FRAMEWORKS):
        mistakes.append(f"There is no framework `{framework}`. {did_you_mean(library, FRAMEWORKS)}")
    if mistakes:
        raise RunError(" ".join(mistakes))
    known = KINDS[name].frameworks
    library = library or known[0]
    if library not in known:
        listed = conjunction([f"`--framework {one}`" for one in known])
        raise RunError(
            f"`{name}` is not written for `{library}`; it is for {listed}. Take one of these."
        )
    return name, library


def texts(kind: str, framework: str) -> dict[str, str]:
    """The files of a first experiment of this kind, by name."""
    place = files("etude.cli") / "first" / kind
    names = {"experiment.toml": "experiment.toml", KINDS[kind].data: KINDS[kind].data}
    names["train.py"] = f"train_{framework}.py"
    return {name: (place / stored).read_text(encoding="utf-8") for name, stored in names.items()}
