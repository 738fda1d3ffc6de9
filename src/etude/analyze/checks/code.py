"""Trials that different versions of the training code trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

from ...finding import Finding
from ...record import Record
from ...wording import conjunction, join, plural, quantity
from ..thresholds import CODE
from ..views.versions import ChangedFile, changed_between, versions


@final
@dataclass(frozen=True)
class TrialsByCode:
    """The ended trials of an experiment by the version of the code that trained them.

    Args:
        trials: The ids by version, the oldest version first; of a trial that went on under another
            version, under the one that ended it.
        shares: Of each study, the share that the newest version trained.
        both: Trials of more than one version.
        unknown: Trials whose code nobody wrote down.
        changed: The files that differ.
        accepted: Whether the author accepts all versions beside each other.
        since: The files that changed since the settings that are trained again were found.
    """

    trials: Mapping[str, tuple[int, ...]]
    shares: Mapping[str, float]
    both: tuple[int, ...]
    unknown: tuple[int, ...]
    changed: tuple[ChangedFile, ...]
    accepted: bool
    since: tuple[str, ...] = ()

    @property
    def uneven(self) -> bool:
        """Whether the studies are of different code, so that their gap may be the code's."""
        shares = self.shares.values()
        return len(shares) > 1 and max(shares) - min(shares) > CODE.max_uneven


def code(studies: Mapping[str, Sequence[Record]], found_by: Sequence[Record] = ()) -> TrialsByCode:
    """The ended trials of the compared studies, by the version of the code that trained them.

    Args:
        studies: The records of each.
        found_by: The trials of the round before that had the settings which are trained again.

    Source: K3.
    """
    by_id = {
        record.id: record for records in studies.values() for record in records if record.ended
    }
    ended = [by_id[trial] for trial in sorted(by_id)]
    found = versions(ended)
    known = {
        trial: [one for one in stretches if one.version]
        for trial, stretches in found.of_trial.items()
    }
    last = {trial: stretches[-1].version for trial, stretches in known.items() if stretches}
    order = sorted({(one.launch, one.version) for stretches in known.values() for one in stretches})
    names = list(dict.fromkeys(version for _, version in order))
    by_version = {name: tuple(trial for trial in last if last[trial] == name) for name in names}
    accepted = {one.version for stretches in known.values() for one in stretches if one.accepted}
    return TrialsByCode(
        trials=by_version,
        shares=_shares(studies, last, order[-1][1] if order else ""),
        both=tuple(trial for trial, own in known.items() if len({one.version for one in own}) > 1),
        unknown=tuple(trial for trial in known if trial not in last),
        changed=found.changed,
        accepted=set(names) <= accepted,
        since=changed_between(found_by, ended),
    )


def _shares(
    studies: Mapping[str, Sequence[Record]], last: Mapping[int, str], newest: str
) -> dict[str, float]:
    shares = {}
    for name, records in studies.items():
        counts = Counter(last[record.id] == newest for record in records if record.id in last)
        if counts.total():
            shares[name] = counts[True] / counts.total()
    return shares


def findings(result: TrialsByCode) -> list[Finding]:
    """One finding; nothing where nobody wrote down the code of any trial.

    Several versions are a problem where studies that are compared are not of the same, and where
    there is one study, whose trials are ranked together. That the code is another than where the
    settings were found, which are trained again here, is a notice.

    Source: K3, C14.
    """
    if not result.trials:
        return []
    if len(result.trials) == 1 and not result.both:
        if result.since:
            return [_finding(result, "notice", _since_message(result), _since_headline(result))]
        return [_finding(result, "ok", _same(result), "Every trial was trained by the same code")]
    older = sum(map(len, result.trials.values())) - len(list(result.trials.values())[-1])
    known = sum(map(len, result.trials.values()))
    whose = f"an older `{result.changed[0].path}`" if len(result.changed) == 1 else "older code"
    headline = f"{older} of {quantity(known, 'trial')} {_were(older)} trained by {whose}"
    if not older:
        headline = f"{quantity(len(result.both), 'trial')} began with {whose}"
    grave = result.uneven or len(result.shares) == 1
    status: Literal["problem", "notice"] = "problem" if grave and not result.accepted else "notice"
    return [_finding(result, status, _message(result), headline)]


def _finding(
    result: TrialsByCode,
    status: Literal["ok", "notice", "problem"],
    message: str,
    headline: str,
) -> Finding:
    differ = status != "ok"
    return Finding(
        rule="K3",
        check="code",
        status=status,
        subject={},
        headline=headline,
        message=message,
        evidence={
            "trials": [trial for trials in result.trials.values() for trial in trials],
            "versions": {name: list(trials) for name, trials in result.trials.items()},
            "newest_share": dict(result.shares),
            "both": list(result.both),
            "unknown": list(result.unknown),
            "files": [vars(file) for file in result.changed],
            "accepted": result.accepted and differ,
            "since": list(result.since),
        },
        advice=_ADVICE if differ and not result.accepted else "",
        acknowledged=differ and result.accepted,
        kind="uneven" if differ and result.uneven else "",
    )


def _since_headline(result: TrialsByCode) -> str:
    files = join([f"`{path}`" for path in result.since], most=2)
    return f"{files} changed since these settings were found"


def _since_message(result: TrialsByCode) -> str:
    return (
        f"{_since_headline(result)}: the trials that singled them out ran under other code. What "
        "was best there may not be best here."
    )


_ADVICE = (
    "Train all of them again under a new name; or, where the change makes no difference, type "
    "`etude run FILE --accept-code`."
)


def _same(result: TrialsByCode) -> str:
    (trials,) = result.trials.values()
    one = plural(len(trials), "ended trial")
    return f"{one} {_were(len(trials))} trained by the same version of the code."


def _message(result: TrialsByCode) -> str:
    """Which files changed when, how many trials are on either side, and what of it is worst."""
    counts = [len(trials) for trials in result.trials.values()]
    sides = conjunction(
        [f"{quantity(count, 'trial')} of version {at}" for at, count in enumerate(counts, start=1)]
    )
    return f"{_changes_text(result.changed)}: {sides}. {_consequence(result)}"


def _consequence(result: TrialsByCode) -> str:
    if result.accepted:
        return "The author accepts them as comparable (--accept-code)."
    if result.uneven:
        listed = [f"`{name}` {round(100 * share)} %" for name, share in result.shares.items()]
        shares = join(listed, most=4)
        return f"The studies are not of the same: the newest one trained {shares}."
    if result.both:
        trials = join([str(trial) for trial in result.both], most=4)
        who = f"Trial {trials}" if len(result.both) == 1 else f"Trials {trials}"
        return f"{who} went on from a checkpoint under other code, and {_is(result.both)} of both."
    return "Their values may differ for that alone."


def _changes_text(changed: Sequence[ChangedFile]) -> str:
    if len(changed) == 1:
        lines = f" ({quantity(changed[0].lines, 'line')})" if changed[0].lines else ""
        return f"`{changed[0].path}` changed in launch {changed[0].launch}{lines}"
    return f"{join([_file_text(file) for file in changed], most=3)} changed"


def _file_text(file: ChangedFile) -> str:
    lines = f", {quantity(file.lines, 'line')}" if file.lines else ""
    return f"`{file.path}` (launch {file.launch}{lines})"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _is(trials: Sequence[int]) -> str:
    return "is" if len(trials) == 1 else "are"
