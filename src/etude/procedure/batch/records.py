"""Measurements of batch sizes as JSON, and back: what was probed is not probed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

from .fingerprint import Fingerprint
from .history import History, SizeProbe, TimeShares


@final
@dataclass(frozen=True)
class StoredMeasurement:
    """The probes of one experiment, and what they hold for.

    Source: S7, K2.
    """

    fingerprint: Fingerprint
    history: History


def as_json(measurement: StoredMeasurement) -> dict[str, Any]:
    """As it is written.

    Source: S7.
    """
    return {
        "fingerprint": dict(measurement.fingerprint),
        "probes": [asdict(probe) for probe in measurement.history.probes],
    }


def from_json(data: Mapping[str, Any]) -> StoredMeasurement:
    """A measurement as it was written.

    Raises:
        KeyError, TypeError, ValueError: for what is none.

    Source: S7.
    """
    probes = tuple(_probe(one) for one in data["probes"])
    return StoredMeasurement(dict(data["fingerprint"]), History(probes))


def _probe(data: Mapping[str, Any]) -> SizeProbe:
    shares = data.get("shares")
    return SizeProbe(
        **{
            **data,
            "blocks": tuple((int(one[0]), float(one[1]), float(one[2])) for one in data["blocks"]),
            "shapes": tuple((name, tuple(shape)) for name, shape in data.get("shapes", ())),
            "shares": None if shares is None else TimeShares(**shares),
        }
    )
