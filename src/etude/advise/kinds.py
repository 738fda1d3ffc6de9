"""Kinds of what could not be judged: one cause, whichever checks and trials it kept open."""

from __future__ import annotations

from ..finding import Finding

# Kinds of what could not be judged that logging more would have told, with what to log.
UNLOGGED = {
    "no_valid_loss": "valid/loss",
    "no_train_loss": "train/loss",
    "no_grad_norm": "grad_norm",
}
# Kinds of what could not be judged for a reason of the trial, whichever check it is.
REASONS = {
    "infeasible": ("{trials} broke, too early for {checks}", "it is infeasible", "they are infea"),
    "too_short": (
        "{trials} {has} too few values for {checks}",
        "are needed",
        "is needed",
        "since it has ",
    ),
    "noisy": ("{trials} {is} too noisy for {checks}", "noise hides"),
}
# The same of what was compared, behind a colon.
CAUSES = {
    "infeasible": "a trial broke",
    "too_short": "too few values",
    "noisy": "too noisy",
}


def open_kind(finding: Finding) -> str:
    """Why a check could not judge a trial, by its kind; else by its words; empty where not known.

    Source: C5.
    """
    if finding.kind or finding.status != "unclear" or "trial" not in finding.subject:
        return finding.kind
    phrases = [(kind, phrase) for kind, (_, *known) in REASONS.items() for phrase in known]
    phrases += [(kind, f"no {metric}") for kind, metric in UNLOGGED.items()]
    return next((kind for kind, phrase in phrases if phrase in finding.message), "")
