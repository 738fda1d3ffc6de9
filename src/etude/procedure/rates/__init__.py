"""What a sweep of the learning rate shows of how training breaks, for `etude stability`."""
