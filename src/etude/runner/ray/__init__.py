"""Ray: trains on the nodes of a cluster. Ray Core alone is used."""
