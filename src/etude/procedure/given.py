"""Given values: what was typed for a hyperparameter, of the kind that it has in a setting."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import RunError
from ..space import Scalar, plain
from ..space.values import is_number, value_text


def same_kind(
    setting: Mapping[str, Scalar], given: Mapping[str, Scalar], *, option: str
) -> dict[str, Scalar]:
    """The given values, each of the kind that its name has in a setting.

    A typing mistake becomes a text: of a number it would train, and mean nothing.

    Args:
        setting: The configuration that they are given for.
        given: The values by name.
        option: What they were typed behind.

    Raises:
        RunError: for a text in place of a number, or a number in place of a switch.

    Source: R4.

    >>> same_kind({"momentum": 0.9}, {"momentum": 1}, option="--set")
    {'momentum': 1}
    """
    for name, value in given.items():
        if name in setting and _kind(setting[name]) != _kind(value):
            old = setting[name]
            raise RunError(
                f"`{name}` is {_kind(old)}, as in {name}={value_text(old)}, but {option} gives it "
                f"`{value_text(value)}`, {_kind(value)}."
            )
    return {name: plain(value) for name, value in given.items()}


def _kind(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if is_number(value) else "a text"
