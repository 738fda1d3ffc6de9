"""What ranks share, and what each has of its own."""

import pytest

from etude.errors import RunError
from etude.train.hosts import seeds, shard, shard_of_files


@pytest.mark.rule("B4")
def test_ranks_begin_alike_and_shuffle_and_preprocess_each_by_itself():
    ranks = [seeds(7, rank) for rank in range(8)]

    assert len({one.initialization for one in ranks}) == 1
    assert len({number for one in ranks for number in (one.order, one.preprocessing)}) == 16


def test_another_trial_has_other_seeds_on_every_rank():
    trials = [seeds(seed, rank) for seed in range(20) for rank in range(4)]

    assert len({one.initialization for one in trials}) == 20
    assert len({one.order for one in trials}) == 80


@pytest.mark.parametrize(("examples", "ranks"), [(1, 1), (7, 7), (23, 2), (23, 5), (60, 4)])
@pytest.mark.rule("B4")
def test_every_example_is_on_one_rank_and_shards_differ_by_one_at_most(examples, ranks):
    shards = [shard(examples, rank, ranks) for rank in range(ranks)]

    assert sorted(position for own in shards for position in own) == list(range(examples))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_the_first_examples_of_all_ranks_are_the_first_batch():
    firsts = [shard(23, rank, 3)[:2] for rank in range(3)]

    assert sorted(position for own in firsts for position in own) == list(range(6))


def test_every_file_is_on_one_rank_in_whatever_order_a_host_lists_them():
    files = [f"part-{place}.npz" for place in range(5)]

    shards = [shard_of_files(files, 0, 2), shard_of_files(reversed(files), 1, 2)]

    assert sorted(shards[0] + shards[1]) == files


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: shard(3, 0, 4), "Use fewer ranks"),
        (lambda: shard(3, 2, 2), "got rank 2 of 2"),
        (lambda: shard(3, -1, 2), "got rank -1 of 2"),
        (lambda: seeds(0, -1), "got rank -1"),
        (lambda: shard_of_files(["a"], 0, 2), "Write more files"),
        (lambda: shard_of_files(["a", "b", "a"], 0, 2), "`a` is listed twice"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_a_way_out(call, said):
    with pytest.raises(RunError, match=said):
        call()
