"""Why a curve cannot be judged: one word for the cause, its sentence, and what would settle it."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

Cause: TypeAlias = Literal[
    "",
    "infeasible",
    "stopped",
    "cut_short",
    "too_short",
    "no_metric",
    "no_train_loss",
    "no_valid_loss",
    "no_grad_norm",
    "irregular",
    "no_rival",
    "noise",
    "flat",
    "stuck",
    "broke",
    "train_metric",
    "few_trials",
    "too_few_norms",
]
# What would settle it, in one place for all checks.
_SETTLED: dict[str, str] = {
    "cut_short": "Train it to its last step.",
    "too_short": "Evaluate more often.",
    "no_metric": "Report the metric at every evaluation.",
    "no_train_loss": "Log `train/loss` at least at every evaluation.",
    "no_valid_loss": "Log `valid/loss` at every evaluation.",
    "no_grad_norm": "Log `grad_norm`, the L2 norm of the full, unclipped gradient.",
    "too_few_norms": "Log `grad_norm` at more steps.",
    "irregular": "Evaluate at regular steps.",
    "noise": "Evaluate on more examples, or train the same setting with other seeds.",
    "few_trials": "Run more trials.",
    "flat": "Train longer, or search other learning rates.",
}
# The causes in a headline.
_SHORT: dict[str, str] = {
    "infeasible": "it is infeasible",
    "stopped": "it was stopped",
    "cut_short": "it ended early",
    "too_short": "too few evaluations",
    "no_metric": "no value of the metric",
    "no_train_loss": "no `train/loss`",
    "no_valid_loss": "no `valid/loss`",
    "no_grad_norm": "no `grad_norm`",
    "too_few_norms": "too few gradient norms",
    "irregular": "evaluations are irregular",
    "no_rival": "nothing to compare with",
    "noise": "noise may be all of it",
    "flat": "it never left its start",
    "stuck": "it is stuck",
    "train_metric": "no validation metric",
}


@final
class Why(str):
    """Why something cannot be judged, as a clause; empty where it can be.

    Args:
        kind: One word for the cause: findings of one cause are said once.
        text: The clause, after "since".

    >>> Why("too_short", "it has 3 evaluations").kind
    'too_short'
    """

    # Checks hold one for each of all trials.
    __slots__ = ("kind",)
    kind: Cause

    def __new__(cls, kind: Cause = "", text: str = "") -> Why:
        """The clause with its cause; the same one for the same words: of many trials few differ."""
        if (known := _KNOWN.get((kind, text))) is not None:
            return known
        why = super().__new__(cls, text)
        why.kind = kind
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[kind, text] = why
        return why

    def __getnewargs__(self) -> tuple[Cause, str]:  # type: ignore[override]  # of a str it is one
        """What makes it anew where it is unpickled or copied."""
        return self.kind, str(self)


_KNOWN: dict[tuple[str, str], Why] = {}
# Texts with numbers of their own differ: they shall not stay for ever.
_MOST_KNOWN = 1000
CLEAR = Why()


def settled_by(why: str) -> str:
    """What would settle it, one imperative sentence; empty where nothing does.

    Source: C5.
    """
    return _SETTLED.get(cause(why), "")


def cause(why: str) -> str:
    """The word for the cause; empty where it has none.

    Source: C5.
    """
    return why.kind if isinstance(why, Why) else ""


def open_message(trial: int, question: str, why: str) -> str:
    """The sentence of all findings that cannot be judged.

    Source: C5.

    >>> open_message(3, "whether it overfits", "it is infeasible")
    'Trial 3: whether it overfits is open, since it is infeasible.'
    """
    return f"Trial {trial}: {question} is open, since {why}."


def open_headline(trial: int, question: str, why: str) -> str:
    """The same in a headline, by the cause alone; the question is a noun without an article.

    Source: C5.

    >>> open_headline(3, "overfitting", Why("too_short", "it has 3 evaluations; 5 are needed"))
    'Overfitting of trial 3 cannot be judged: too few evaluations'
    """
    what = question[0].upper() + question[1:]
    return f"{what} of trial {trial} cannot be judged: {in_short(why)}"


def in_short(why: str) -> str:
    """The cause in a few words, as headlines have it.

    Source: C5.
    """
    return _SHORT.get(cause(why), str(why))
