"""Secret values: what of a setting must not stand in what other people read.

A setting itself is kept as it is, since the training reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from .masking import MASK, masked, masked_values

Value = TypeVar("Value")
# Heuristic: a shorter text of such a name is a word, as of `token = "word"`, and stands elsewhere.
_SHORTEST = 8


def secret_values(
    settings: Iterable[Mapping[str, object]], fixed: Collection[str]
) -> Mapping[str, str]:
    """The texts of these settings that hold a secret, and what stands in place of each.

    Args:
        settings: By the names of hyperparameters.
        fixed: The hyperparameters that are held: of these a name tells too. The values of others
            are compared, and would all look alike.

    >>> secret_values([{"password": "correct-horse", "set": "s3://me:pw@host/a"}], ["password"])
    {'s3://me:pw@host/a': 's3://me:***@host/a', 'correct-horse': '***'}
    """
    pairs = {pair for one in settings for pair in one.items() if isinstance(pair[1], str)}
    shown = {str(value): _shown(name, str(value), fixed) for name, value in sorted(pairs)}
    longest_first = sorted(shown, key=len, reverse=True)
    return {value: shown[value] for value in longest_first if shown[value] != value}


def _shown(name: str, value: str, fixed: Collection[str]) -> str:
    if len(value) < _SHORTEST or name not in fixed:
        return masked(f'"{value}"')[1:-1]
    return str(shown_value(name, value))


def shown_value(name: str, value: Value) -> Value | str:
    """A value that is held, as people may read it beside its name; a number hides nothing.

    >>> shown_value("api_key", "a1b2c3d4e5"), shown_value("data", "s3://me:pw@host/a")
    ('***', 's3://me:***@host/a')
    >>> shown_value("optimizer", "adam"), shown_value("max_token", 4096)
    ('adam', 4096)
    """
    if not isinstance(value, str):
        return value
    by_name = f'{name} = "{value}"'
    by_looks = masked(f'"{value}"')[1:-1]
    return MASK if by_looks == value and masked_values(by_name) != by_name else by_looks


def without_values(text: str, secrets: Mapping[str, str]) -> str:
    """The text, each secret value in it masked.

    >>> without_values("401 for correct-horse", {"correct-horse": "***"})
    '401 for ***'
    """
    for value, shown in secrets.items():
        text = text.replace(value, shown)
    return text
