"""What trials are judged by: test data, or another metric than their points were chosen for."""

from __future__ import annotations

from ...experiment import Experiment
from ...experiment.methods import SEARCHES, schedule_method
from ...finding import Finding
from ...playbook.metrics import is_test_metric


def findings(experiment: Experiment) -> list[Finding]:
    """A problem of a run whose metric is one of test data; of an import a notice.

    Source: X3.
    """
    metric = experiment.metric
    if not is_test_metric(metric, experiment.names):
        return []
    is_imported = SEARCHES[experiment.search].trained_elsewhere
    return [
        Finding(
            rule="X3",
            check="test_data",
            status="notice" if is_imported else "problem",
            subject={},
            headline=f"Trials are judged by test data: `{metric}`",
            message=f"Trials are judged by `{metric}`, so test data choose the setting. What they "
            "say of it afterwards is no test any more.",
            evidence={"metric": metric},
            advice=renaming(metric)
            if is_imported
            else f'Judge by validation data, for example metric = "{validation_name(metric)}".',
        )
    ]


def renaming(metric: str) -> str:
    """What to type where an imported metric is called test and is validation.

    Source: X3.

    >>> renaming("test_loss")
    'If these are validation data, import again with --rename test_loss=valid/loss.'
    """
    pair = f"{metric}={validation_name(metric)}"
    return f"If these are validation data, import again with --rename {pair}."


def validation_name(metric: str) -> str:
    """The metric's name on validation data.

    Source: X3.

    >>> validation_name("test/error"), validation_name("testAcc"), validation_name("error_on_test")
    ('valid/error', 'valid/Acc', 'valid/error_on')
    """
    parts = metric.partition("test")
    rest = f"{parts[0]}{parts[2]}".strip("/_-. ")
    return f"valid/{rest or 'error'}"


def of_another_metric(experiment: Experiment, trained: Experiment) -> list[Finding]:
    """That another metric judges: in order, but where a search or a schedule chose by the old one.

    Args:
        experiment: The experiment, with the metric that judges it now.
        trained: The same as it was trained.

    Source: Q2, Q4.
    """
    if experiment.objective == trained.objective:
        return []
    is_search = SEARCHES[trained.search].adaptive
    is_schedule = trained.schedule is not None and schedule_method(trained.schedule).adaptive
    if not (is_search or is_schedule):
        return [_judged_anew(experiment, trained)]
    name = trained.search if is_search else trained.schedule
    did = "chose its points" if is_search else "stopped or changed trials"
    claim = f"`{name}` {did} by `{trained.metric}`"
    return [
        Finding(
            rule="Q2",
            check="another_metric",
            status="notice",
            subject={},
            headline=f"{claim}, not by `{experiment.metric}`",
            message=f"{claim}, so nobody searched for a good `{experiment.metric}`. Its trials are "
            "no even sample: better settings may lie where few were tried.",
            evidence=_evidence(experiment, trained),
            advice='Search again by the new metric, or with search = "quasi_random".',
        )
    ]


def _judged_anew(experiment: Experiment, trained: Experiment) -> Finding:
    claim = f"`{experiment.metric}` judges in place of `{trained.metric}`"
    return Finding(
        rule="Q2",
        check="another_metric",
        status="ok",
        subject={},
        headline=claim,
        message=f"{claim}. The points were chosen by neither, and nothing was trained again.",
        evidence=_evidence(experiment, trained),
    )


def _evidence(experiment: Experiment, trained: Experiment) -> dict[str, str]:
    return {"trained_by": trained.metric, "judged_by": experiment.metric}
