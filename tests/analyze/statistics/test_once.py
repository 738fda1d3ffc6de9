import numpy as np

from etude.analyze.statistics.once import once


def test_the_same_values_are_computed_once():
    asked: list[list[float]] = []

    def total(values_E):
        asked.append(values_E.tolist())
        return values_E.sum()

    function = once(total)
    values_E = np.array([1.0, 2.0, 3.0])

    found = [function(values_E), function(values_E.copy()), function(values_E[::-1])]

    assert found == [6.0, 6.0, 6.0]
    assert asked == [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]


def test_another_shape_is_another_question():
    function = once(lambda values: values.shape)
    values = np.arange(6.0)

    assert function(values) == (6,)
    assert function(values.reshape(2, 3)) == (2, 3)


def test_whole_numbers_and_long_curves_are_computed_as_they_are():
    function = once(lambda values: values.dtype.kind)

    assert function(np.arange(3)) == "i"
    assert function(np.arange(1000.0)) == "f"
