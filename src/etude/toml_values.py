"""Values as an experiment file writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .hyperparameter import key_path, quoted
from .space import Choice, Domain, Integer, Scalar


def toml_text(value: Domain | Scalar | Sequence[Any] | Mapping[str, Any]) -> str:
    """A value as an experiment file writes it.

    >>> print(toml_text(Integer(1, 64, log=True)))
    { low = 1, high = 64, integer = true, log = true }
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        mantissa, mark, exponent = repr(value).partition("e")
        return f"{mantissa}e{int(exponent)}" if mark else mantissa
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, Choice) and not value.ordered and not value.units:
        return toml_text(value.values)
    if isinstance(value, Sequence):
        return f"[{', '.join(toml_text(each) for each in value)}]"
    parts = value if isinstance(value, Mapping) else _parts(value)
    inner = ", ".join(f"{key_path([key])} = {toml_text(part)}" for key, part in parts.items())
    return f"{{ {inner} }}" if inner else "{}"


def _parts(domain: Domain) -> dict[str, Any]:
    """The keys of a domain's inline table."""
    units = {"units": domain.units} if domain.units else {}
    if isinstance(domain, Choice):
        ordered = {"ordered": True} if domain.ordered else {}
        return {"values": domain.values, **ordered, **units}
    parts: dict[str, Any] = {"low": domain.low, "high": domain.high}
    if isinstance(domain, Integer):
        parts["integer"] = True
    if domain.scale == "log":
        parts["log"] = True
    elif domain.scale != "linear":
        parts["scale"] = domain.scale
    return parts | units | ({"limits": domain.limits} if domain.limits else {})
