"""What is known about common hyperparameters: the limits that no bound of theirs can cross."""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from .space import Choice, Domain, Integer, Real

_SHARE = {"low": 0.0, "high": 1.0}
_OPEN = frozenset({"dropout", "drop", "momentum", "beta"})
_CLOSED = frozenset({"prob", "probability"})


def limits(name: str, domain: Domain) -> tuple[float, float]:
    """The lowest and the highest value that a bound of this hyperparameter can take, else infinite.

    A bound that stands on its limit cannot be moved, so that the best trials near it say nothing
    about the space. A domain that lies beyond the limits of its name means something else by it.

    Source: C1 (skip bounds that cannot move).

    >>> limits("momentum", Real(0.5, 0.9))
    (0.0, 1.0)
    """
    if isinstance(domain, Choice):
        return -math.inf, math.inf
    low, high = _by_scale(domain)
    entry = _entry(name) or (_SHARE if _is_share(name) else {})
    known_low, known_high = entry.get("low", -math.inf), entry.get("high", math.inf)
    if not entry or domain.low < known_low or domain.high > known_high:
        return low, high
    # A linear bound at 0 or 1 is only a guess where the name is not known.
    if domain.scale == "linear":
        return known_low, known_high
    return max(low, known_low), min(high, known_high)


def stops_short(name: str) -> bool:
    """Whether a value of exactly 1 makes no sense, although nothing lies above it.

    A momentum of 1 never forgets, a dropout of 1 leaves nothing; a probability may well be 1.

    Source: C1.

    >>> stops_short("attn_dropout"), stops_short("top_p")
    (True, False)
    """
    words = _words(name)
    return bool(words & _OPEN) or {"ema", "decay"} <= words


def _is_share(name: str) -> bool:
    """Whether a word of the name says that its values lie from 0 to 1, as in `dropout_1`.

    `decay` and `rate` say it only beside others: a weight decay and a learning rate may exceed 1.
    """
    return stops_short(name) or bool(_words(name) & _CLOSED) or _last(name) == "top_p"


def _words(name: str) -> set[str]:
    """The words of the name's last part, without the numbers that follow them."""
    return {word.rstrip("0123456789") for word in _last(name).split("_")}


def _last(name: str) -> str:
    return re.split(r"[./]", name)[-1].casefold().replace("-", "_")


def _by_scale(domain: Real | Integer) -> tuple[float, float]:
    if domain.scale == "log":
        return (1.0 if isinstance(domain, Integer) else 0.0), math.inf
    if domain.scale == "one_minus_log":
        # Below 0, 1 - x is above 1: not what this scale is for, unless the domain is there already.
        return (0.0 if domain.low >= 0 else -math.inf), 1.0
    low = 0.0 if domain.low == 0 else -math.inf
    return low, (1.0 if domain.high == 1 and domain.low >= 0 else math.inf)


def _entry(name: str) -> dict[str, Any]:
    """What is known under this name; of `decoder.dropout`, what is known of `dropout`."""
    return _by_name().get(_last(name), {})


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    text = files("etude").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {known: entry for name, entry in entries.items() for known in (name, *entry["aliases"])}
