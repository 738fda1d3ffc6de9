"""Findings of a page: a line for what has one cause, and its evidence behind it."""

from __future__ import annotations

from dataclasses import replace

from tests.report.sample import analysis, verdict

from etude.finding import Finding
from etude.report.findings import MAX_MEMBERS, finding_groups

FOUND = Finding(
    rule="D1",
    check="stability",
    status="problem",
    subject={"study": "all", "trial": 1},
    headline="Trial 1 diverged",
    message="Trial 1 diverged at step 3.",
    advice="Warm up longer.",
    evidence={"step": 3},
)


def test_what_has_one_cause_is_one_line_with_its_evidence_behind():
    alike = [replace(FOUND, subject={"study": "all", "trial": id}) for id in range(1, 21)]

    (group,) = finding_groups(alike, verdict())["open_findings"]

    assert group["headline"].startswith("Trial 1 diverged; likewise trials 2")
    assert group["advice"] == "Warm up longer."
    assert len(group["members"]) == MAX_MEMBERS
    assert group["hidden"] == 20 - MAX_MEMBERS
    assert group["members"][0]["evidence"] == [("step", "3")]


def test_what_cannot_be_judged_is_folded_and_counted():
    said = finding_groups([FOUND, replace(FOUND, status="unclear", rule="C9")], verdict())

    assert [one["status"] for one in said["open_findings"]] == ["problem"]
    assert len(said["unclear_findings"]) == 1
    assert "1 problem, 1 that cannot be judged" in said["findings_note"]


def test_a_page_has_fewer_lines_than_findings():
    findings = [one for one in analysis().findings if one.status != "ok"]

    said = finding_groups(findings, verdict())

    assert 4 * len(said["open_findings"] + said["unclear_findings"]) < len(findings)
