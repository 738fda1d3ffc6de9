"""A piecewise schedule as one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.errors import SpaceError
from etude.experiment.pieces import MAX_PIECES, Piece, pieces, pieces_text

STEPS = st.sets(st.integers(1, 10**12), max_size=20)
FACTORS = st.floats(0.0, 1e6)


@given(steps=STEPS, data=st.data())
def test_pieces_come_back_as_they_were_written(steps, data):
    chosen = tuple(Piece(step, data.draw(FACTORS)) for step in sorted({0, *steps}))

    written = pieces_text([(str(step), repr(factor)) for step, factor in chosen])

    assert pieces(written) == chosen


@pytest.mark.parametrize("text", ["0:1 300:0.1", "  0:1.0\n3e2:1e-1 ", "0.0:1 300.0:.1"])
def test_numbers_may_be_written_in_any_way(text):
    assert pieces(text) == (Piece(0, 1.0), Piece(300, 0.1))


def test_every_mistake_of_a_text_is_named_at_once_with_the_way_out():
    with pytest.raises(SpaceError) as refused:
        pieces("5:1 x:0.1 4:-1 7 2.5:nan")

    assert str(refused.value) == (
        "the step 'x' is no whole number from 0 on; the factor '-1' is no number from 0 on; "
        "the factor '' is no number from 0 on; the step '2.5' is no whole number from 0 on; "
        "the factor 'nan' is no number from 0 on; the first step is 5, not 0; step 4 follows "
        "step 5. Write each step from which a factor of the learning rate holds with the factor, "
        'a colon between: "0:1 3000:0.1 6000:0.01".'
    )


@pytest.mark.parametrize("count", [0, MAX_PIECES + 1])
def test_none_and_more_than_a_person_reads_are_refused(count):
    with pytest.raises(SpaceError, match=f"{count} pieces are not between 1 and {MAX_PIECES}"):
        pieces(" ".join(f"{step}:1" for step in range(count)))
