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
    "infeasible": "{trials} broke, too early {checks}",
    "too_short": "{trials} {has} too few values {checks}",
    "noise": "{trials} {is} too noisy {checks}",
    "stopped": "{trials} {was} stopped, too early {checks}",
    "flat": "{trials} learned too little {checks}",
}
# The same of what was compared, behind a colon.
CAUSES = {
    "infeasible": "a trial broke",
    "too_short": "too few evaluations",
    "noise": "too noisy",
    "stopped": "stopped too early",
    "flat": "too little was learned",
}
# What a check judges, in a person's words.
_SUBJECTS = {
    "best_step": "where the best step falls",
    "boundary": "the bounds",
    "chance": "whether anything was learned",
    "coverage": "density",
    "gradient_norm": "gradient norms",
    "importance": "what matters",
    "infeasible": "what breaks",
    "not_finite": "which values are not finite",
    "overfitting": "overfitting",
    "periodicity": "periods",
    "sampling_luck": "the luck of the search",
    "saturated": "early saturation",
    "stability": "stability",
    "step_variance": "late jumps",
    "still_improving": "late improvement",
    "training_loss_rises": "whether the training loss rises",
    "trial_noise": "the noise of a trial",
    "unread": "what was read",
}
# Two checks' words for one cause.
_SAME = {"too_few_norms": "too_short", "stuck": "flat"}


def open_kind(finding: Finding) -> str:
    """Why a check could not judge, by its kind; that of any other finding as it stands.

    Source: C5.
    """
    return _SAME.get(finding.kind, finding.kind)


def subject_of(check: str) -> str:
    """What a check judges, in words.

    Source: C5.

    >>> subject_of("still_improving"), subject_of("my_check")
    ('late improvement', 'my check')
    """
    return _SUBJECTS.get(check, check.replace("_", " "))
