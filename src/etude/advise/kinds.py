"""Kinds of what could not be judged: one cause, whichever checks and trials it kept open."""

from __future__ import annotations

from ..finding import Finding

# Logging more would have told, with what to log.
UNLOGGED = {
    "no_valid_loss": "valid/loss",
    "no_train_loss": "train/loss",
    "no_grad_norm": "grad_norm",
}
# For a reason of the trial, whichever check it is.
REASONS = {
    "infeasible": "{trials} broke, too early for {checks}",
    "too_short": "{trials} {has} too few values for {checks}",
    "noise": "{trials} {is} too noisy for {checks}",
    "stopped": "{trials} {was} stopped, too early for {checks}",
    "flat": "{trials} learned too little for {checks}",
}
# The same of what was compared, behind a colon.
CAUSES = {
    "infeasible": "a trial broke",
    "too_short": "too few evaluations",
    "noise": "too noisy",
    "stopped": "stopped too early",
    "flat": "too little was learned",
}
# Two checks' words for one cause.
_SAME = {"too_few_norms": "too_short", "stuck": "flat"}


def open_kind(finding: Finding) -> str:
    """Why a check could not judge, by its kind; that of any other finding as it stands.

    Source: C5.
    """
    return _SAME.get(finding.kind, finding.kind)
