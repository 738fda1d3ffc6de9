"""The graph: fill in `load`. Nothing is trained before."""

CLASSES = 7  # of Cora: Sen et al. 2008, Collective classification in network data


def load():
    """Features (N, F), edges (E, 2), labels (N,), nodes to train on and nodes to validate on.

    Edges are pairs of nodes by number, each pair in one direction or in both. Of your own, or of
    `torch_geometric.datasets.Planetoid`.
    """
    raise NotImplementedError(
        "Fill in `load` in network.py: features, edges, labels, and the nodes of either side."
    )
