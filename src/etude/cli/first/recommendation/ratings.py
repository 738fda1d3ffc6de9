"""The ratings: fill in `load`. Nothing is trained before."""

PEOPLE, THINGS = 6040, 3952  # of MovieLens 1M: Harper and Konstan 2015


def load():
    """People, things and ratings (N,) each, to train on and to validate on.

    People and things by number from 0 on. Validate on later ratings than those to train on, as a
    deployment does.
    """
    raise NotImplementedError(
        "Fill in `load` in ratings.py: (people, things, ratings) to train on and to validate on."
    )
