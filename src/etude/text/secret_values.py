"""Secret values: what of a setting must not stand in what other people read.

A setting itself is kept as it is, since the training reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .masking import MASK, masked, masked_values

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
    by_looks = masked(f'"{value}"')[1:-1]
    if by_looks != value or len(value) < _SHORTEST or name not in fixed:
        return by_looks
    by_name = masked_values(f'{name} = "{value}"')
    return value if by_name == f'{name} = "{value}"' else MASK


def without_values(text: str, secrets: Mapping[str, str]) -> str:
    """The text, each secret value in it masked.

    >>> without_values("401 for correct-horse", {"correct-horse": "***"})
    '401 for ***'
    """
    for value, shown in secrets.items():
        text = text.replace(value, shown)
    return text
