"""What two steps of the first trial showed of the data, said before any trial is spent."""

from __future__ import annotations

from collections.abc import Iterator

from ..event import Rehearsed
from ..finding import Finding
from ..wording import conjunction


def data_lines(rehearsed: Rehearsed | None) -> list[str]:
    """Copies, skew and classes too rare to judge, a line each; nothing where all is well.

    Source: E4, E5, E6.
    """
    if rehearsed is None or not rehearsed.data:
        return []
    from ..analyze.checks import rare_class

    known = dict(rehearsed.data)
    wrong = [one for one in _findings(known) if one.status != "ok"]
    classes = rare_class.rare_classes(known, {}, metrics=rehearsed.metrics)
    few = rare_class.too_few(classes)
    named = conjunction([f"`{one.name}` ({one.examples})" for one in few])
    told = f"Too few validation examples to tell anything of {named} (E5)." if few else ""
    return [*(f"{one.message} ({one.rule})" for one in wrong), *filter(None, [told])]


def _findings(known: dict[str, float]) -> Iterator[Finding]:
    from ..analyze.checks import evaluation_sample, periodicity_copies

    yield from periodicity_copies.findings(periodicity_copies.copied(known), "")
    yield from evaluation_sample.findings(evaluation_sample.of_data(known))
