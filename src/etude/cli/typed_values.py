"""Typed values: what stands behind `--set`, read as an experiment file reads it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from ..space.values import is_scalar

if TYPE_CHECKING:
    from ..space import Scalar


def given_values(typed: tuple[str, ...]) -> dict[str, Scalar]:
    """The values that were typed, as an experiment file reads them; else as text.

    Raises:
        RunError: for what has no `=`.
    """
    from ..errors import RunError

    pairs = [one.partition("=") for one in typed]
    if wrong := [name for name, sign, _ in pairs if not (sign and name.strip())]:
        raise RunError(f"--set takes NAME=VALUE, got `{wrong[0]}`. For example learning_rate=0.1.")
    return {name.strip(): typed_value(value.strip()) for name, _, value in pairs}


def typed_value(text: str) -> Scalar:
    """A value as an experiment file reads it; what is no value there is text."""
    try:
        value: Scalar = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if is_scalar(value) else text
