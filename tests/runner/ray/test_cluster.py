import pytest

from etude.errors import RunError
from etude.experiment.resources import Resources
from etude.runner.ray.cluster import Cluster, no_room_message, options_of, room

NODES = [{"CPU": 8.0, "GPU": 2.0, "memory": 16 * 1024.0**3}, {"CPU": 4.0, "memory": 8 * 1024.0**3}]


@pytest.mark.rule("W5")
@pytest.mark.parametrize(
    ("resources", "count"),
    [
        (Resources(), 2),  # there are GPUs: one trial each
        (Resources(gpus=0), 12),
        (Resources(gpus=0, cpus=3), 3),
        (Resources(gpus=0.5), 4),
        (Resources(gpus=0.6), 2),  # what is left of a GPU is too little for another
        (Resources(gpus=2), 1),
        (Resources(gpus=0, memory_gb=4), 6),
        (Resources(gpus=3), 0),
    ],
)
def test_as_many_workers_as_there_is_room_for(resources, count):
    assert room(options_of(resources, NODES), NODES) == count


def test_without_gpus_a_trial_takes_a_core():
    assert options_of(Resources(), NODES[1:]) == {"num_cpus": 1.0, "num_gpus": 0.0}


def test_what_no_node_has_is_said_with_what_there_is():
    options = options_of(Resources(gpus=4, cpus=2), NODES)

    assert no_room_message(options, NODES).startswith(
        "One trial takes 2 CPUs, 4 GPUs ([resources]), and no node of the cluster has that: "
        "2 nodes with `4 CPUs, 8 GiB`; `8 CPUs, 2 GPUs, 16 GiB`."
    )


def test_an_address_that_does_not_answer_is_refused_at_once():
    with pytest.raises(RunError, match=r"No Ray cluster answers at `127.0.0.1:9` .*--runner HOST"):
        Cluster("127.0.0.1:9", None)


def test_an_address_of_a_client_is_refused_with_the_way_out():
    with pytest.raises(RunError, match=r"carries no stream of events.*ray job submit"):
        Cluster("ray://127.0.0.1:10001", None)
