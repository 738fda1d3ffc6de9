"""Rounds that several ranks play, begun as torchrun begins them."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def rounds(tmp_path_factory):
    """How each of the rounds ended."""
    command = [sys.executable, "-m", "tests.train.torch.torchrun_programs"]
    folder = tmp_path_factory.mktemp("ranks")
    ran = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_schedule_stops_all_ranks_at_once(rounds):
    assert rounds["stops"]["codes"] == [0, 0]
    statuses = json.loads(rounds["stops"]["said"].splitlines()[-1])
    assert len(statuses) == 4
    assert {"completed", "stopped"} == set(statuses)


@pytest.mark.rule("K2")
def test_a_rank_that_dies_ends_the_round_and_the_next_start_goes_on(rounds):
    assert rounds["dies"]["codes"] == [1, -9]
    assert "Another rank ended in the middle of trial 0" in rounds["dies"]["said"]
    assert rounds["after it died"]["codes"] == [0, 0]


def test_a_workload_of_the_file_is_refused_in_a_sentence_and_the_others_are_let_go(rounds):
    assert rounds["workload"]["codes"] == [1, 0]
    assert "does not synchronize them: start it without torchrun" in rounds["workload"]["said"]
    assert "Traceback" not in rounds["workload"]["said"]


def test_the_first_rank_ends_with_what_it_met(rounds):
    assert rounds["raises"]["codes"] == [1, 1]
    assert "LookupError: no word of that number" in rounds["raises"]["said"]
    assert "Start torchrun again" in rounds["raises"]["said"]


def test_another_rank_ends_with_what_it_met(rounds):
    assert rounds["raises elsewhere"]["codes"] == [1, 1]
    assert "LookupError: no word of that number" in rounds["raises elsewhere"]["said"]
    assert "Another rank ended" in rounds["raises elsewhere"]["said"]
