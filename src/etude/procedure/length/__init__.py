"""How many steps fit the training set, and what follows from it, for `etude training-length`."""
