"""Two real processes, which meet by gloo, against one with the whole batch."""

import pytest
import torch
from tests.train.stacks import Told, trial
from tests.train.torch import rank_programs as programs

from etude.disk.checkpoint import write_checkpoint
from etude.errors import Infeasible, RunError
from etude.train.torch.rank_trial import shared
from etude.train.torch.ranks import RankError, on_ranks

STEPS = 6


def values(told):
    return {name: value for _, name, value in told.rows}


@pytest.mark.rule("B4")
def test_two_ranks_of_unequal_length_give_the_numbers_of_one_process(tmp_path):
    """11 and 10 examples, in 6 and 5 batches: the second takes part in the last step with none."""
    told = Told(), Told()
    given = {"steps": STEPS, "learning_rate": 0.1}

    programs.train_together(shared(trial(tmp_path / "a", 0, told[0], **given)))
    on_ranks(programs.train_together, trial(tmp_path / "b", 0, told[1], **given))

    alone, both = ([row for row in one.rows if row[1] != "own/batches"] for one in told)
    assert [row[:2] for row in both] == [row[:2] for row in alone]
    numbers = [
        torch.tensor([row[2] for row in rows], dtype=torch.float64) for rows in (alone, both)
    ]
    torch.testing.assert_close(*numbers, rtol=1e-12, atol=1e-12)
    # The first reports and saves, and every rank has its bits.
    assert (values(told[0])["own/batches"], values(told[1])["own/batches"]) == (6, 6)
    assert values(told[1])["apart"] == 0.0
    assert told[1].steps_saved == [STEPS - 1]


@pytest.mark.rule("B3", "B4")
def test_what_ranks_agree_on(tmp_path):
    told = Told()
    place = tmp_path / "checkpoints" / "0" / "3"
    write_checkpoint(place, lambda folder: (folder / "value").write_text("21"), lasting=False)

    on_ranks(
        programs.use_everything,
        trial(tmp_path, 0, told, steps=8, evaluations=4, learning_rate=0.25, resume_step=3),
    )

    assert [row for row in told.rows if row[1] == "rank"] == [
        (step, "rank", 0) for step in range(4, 8)
    ]
    said = values(told)
    assert (
        said
        | {
            "loaded": 42,  # both ranks read the checkpoint
            "steps": 2 * (4 + 5 + 6 + 7),
            "evaluates": 2 * 4,
            "rate": 0.5,
            "mean": 3.0,
            "variance": 3.0,
            "total_variance": 3.0 + 4.0,  # means 1 and 5 lie 2 off theirs
            "copied": 10.0,
            "weighed": 7.0,  # a mean over nothing counts for nothing
            "unknown": 0,
            "no_batch": 2,
            "unseen": 1,
            "followed": 2 * (3 + 4),
        }
        == said
    )


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (programs.raise_on_the_second, "Rank 1 of 2 ended first: the loader of this rank is empty"),
        (programs.die_on_the_second, "Rank 1 of 2 ended first, killed by signal 9"),
    ],
)
def test_a_rank_that_dies_ends_the_first(tmp_path, program, said):
    with pytest.raises(RankError, match=said):
        on_ranks(program, trial(tmp_path, 0, Told(), steps=1000))


def test_a_trial_that_diverges_is_left_by_all_ranks_at_once(tmp_path):
    told = Told()

    with pytest.raises(Infeasible):
        on_ranks(programs.diverge, trial(tmp_path, 0, told))

    assert [step for step, *_ in told.rows] == [0, 1]


def test_a_number_of_ranks_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(RunError, match="got 0"):
        on_ranks(programs.diverge, trial(tmp_path, 0, Told()), ranks=0)
