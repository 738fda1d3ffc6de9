"""The upper tail of a binomial: how often chance gives so many, or more."""

from __future__ import annotations

from scipy.special import bdtrc


def at_least(count: int, of: int, share: float) -> float:
    """How often `of` independent draws hit `count` times or more, each with this share.

    >>> round(at_least(1, 10, 0.1), 3), at_least(0, 10, 0.1)
    (0.651, 1.0)
    """
    if count <= 0:
        return 1.0
    return float(bdtrc(count - 1, of, min(max(share, 0.0), 1.0)))
