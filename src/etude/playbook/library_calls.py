"""Calls of libraries that make an optimizer: what they take where they are not handed a value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class LibraryCall:
    """How a library makes an optimizer.

    Args:
        name: In full: `torch.optim.Adam`.
        optimizer: Its name in the catalogue.
        behind: So many arguments stand before those in `order`.
        order: The arguments as they stand without a name.
        arguments: What the catalogue calls each; several for a tuple of them.
        defaults: By the catalogue's names.
    """

    name: str
    optimizer: str
    behind: int
    order: tuple[str, ...]
    arguments: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, float]


def library_call(name: str) -> LibraryCall | None:
    """The call of this full name; None where it makes no optimizer that is known.

    >>> library_call("tensorflow.keras.optimizers.Adam").defaults["epsilon"]
    1e-07
    >>> library_call("torch.optim.Lion")
    """
    return library_calls().get(name.removeprefix("tensorflow."))


@cache
def library_calls() -> Mapping[str, LibraryCall]:
    """Every known call, by its full name."""
    text = files(__package__).joinpath("library_calls.toml").read_text(encoding="utf-8")
    return {
        name: LibraryCall(
            name=name,
            optimizer=table["optimizer"],
            behind=table["behind"],
            order=tuple(table["order"]),
            arguments={
                argument: (entry,) if isinstance(entry, str) else tuple(entry)
                for argument, entry in table["arguments"].items()
            },
            defaults=table["defaults"],
        )
        for name, table in tomllib.loads(text).items()
    }
