"""What is carried over to a longer training or a larger model, for `etude extend`."""
