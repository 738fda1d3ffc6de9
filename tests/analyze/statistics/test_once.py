import numpy as np

from etude.analyze.statistics.once import Once, ahead


def _totals(asked: list[list[list[float]]]) -> Once[float]:
    def totals(values_TxE):
        asked.append(values_TxE.tolist())
        return values_TxE.sum(axis=1).tolist()

    return Once(totals)


def test_the_same_values_are_computed_once():
    asked: list[list[list[float]]] = []
    total, values_E = _totals(asked), np.array([1.0, 2.0, 3.0])

    sums = [total(values_E), total(values_E.copy()), total(values_E[::-1])]

    assert sums == [6.0, 6.0, 6.0]
    assert asked == [[[1.0, 2.0, 3.0]], [[3.0, 2.0, 1.0]]]


def test_curves_of_one_length_are_computed_together_ahead():
    asked: list[list[list[float]]] = []
    total = _totals(asked)
    rows = [np.array([1.0, 2.0]), np.array([3.0]), np.array([4.0, 5.0]), np.empty(0)]

    ahead((total,), rows)

    assert [total(row_E) for row_E in rows[:3]] == [3.0, 3.0, 9.0]
    assert asked == [[[1.0, 2.0], [4.0, 5.0]], [[3.0]]]


def test_whole_numbers_and_long_curves_are_computed_as_they_are():
    kind = Once(lambda values_TxE: [values_TxE.dtype.kind] * len(values_TxE))

    assert kind(np.arange(3)) == "i"
    assert kind(np.arange(1000.0)) == "f"
