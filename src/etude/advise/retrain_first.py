"""Retrain first: where nothing but the luck of single trainings keeps a lead open (A2)."""

from __future__ import annotations

import math

from ..analyze.checks.coverage import coverage
from ..experiment.methods import SEARCHES, schedule_method
from ..finding import Verdict
from .context import Context
from .follow_up import compared_by

# What says that longer training may help a study.
_LENGTH = ("still_improving", "best_step")


def settled_by_seeds(context: Context) -> bool:
    """Whether retrainings of the two leading settings would tell a lead from luck, and are due.

    Not where they exist, where studies tune nothing (more of the same seeds tell there), where
    another tool trained, and where a population found the setting along the way.

    Source: A1, A2, R13.
    """
    verdict, experiment = context.verdict, context.experiment
    if not _is_ahead(verdict) or verdict.means or context.retraining:
        return False
    if SEARCHES[experiment.search].trained_elsewhere:
        return False
    if schedule_method(experiment.schedule).population:
        return False
    by_name = {study.name: study for study in context.studies}
    leaders = [by_name[row.study] for row in verdict.rows[:2] if row.study in by_name]
    return bool(compared_by(experiment, leaders))


def _is_ahead(verdict: Verdict) -> bool:
    """Whether a study leads, or would but for a search whose luck nobody knows."""
    if verdict.status == "leads":
        return True
    is_open = verdict.status == "unclear" and not verdict.blocking and bool(verdict.leads)
    is_ahead = any(lead.beyond_error for lead in verdict.leads)
    return is_open and is_ahead and not any(lead.drawn for lead in verdict.leads)


def always(_: Context) -> bool:
    """A step whose trouble comes before all else.

    Source: D11.
    """
    return True


def never(_: Context) -> bool:
    """A step that only betters the leader, or saves trainings: a failed check would forbid to lead.

    Source: C14.
    """
    return False


def longer_training_turns(context: Context) -> bool:
    """Whether a study that is behind may catch up by longer training.

    Source: C9, T5.
    """
    return any(
        finding.check in _LENGTH
        and finding.status in ("notice", "problem")
        and finding.subject.get("study") != context.verdict.winner
        for finding in context.relevant_findings
    )


def more_trials_turn(context: Context) -> bool:
    """Whether twice the trials of a study that is behind are expected to gain more than the lead.

    Source: C2, Q10.
    """
    leads = {lead.over: lead.by for lead in context.verdict.leads}
    gains = {study.name: context.analysis.result(study, coverage).gain for study in context.studies}
    return any((gains.get(name) or 0.0) >= by for name, by in leads.items() if math.isfinite(by))
