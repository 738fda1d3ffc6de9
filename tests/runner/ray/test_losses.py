from ray.exceptions import ActorUnavailableError, NodeDiedError, OutOfMemoryError

from etude.runner.ray.losses import MAX_INNOCENT, lost


def test_a_node_that_died_is_no_fault_of_its_trial():
    loss = lost(3, NodeDiedError("The node 192.0.2.7 has died."), times=1)

    assert (loss.trial_id, loss.detail) == (3, "The node 192.0.2.7 has died.")
    assert not loss.is_blamed


def test_an_actor_out_of_reach_is_lost_in_rays_own_words():
    loss = lost(0, ActorUnavailableError("rpc failed", None), times=1)

    assert "is unavailable: rpc failed" in loss.detail


def test_memory_that_ran_out_may_be_the_trials_doing():
    assert lost(0, OutOfMemoryError("the node ran out of memory"), times=1).is_blamed


def test_a_trial_that_takes_many_nodes_along_is_blamed():
    assert lost(0, NodeDiedError("gone"), times=MAX_INNOCENT + 1).is_blamed
