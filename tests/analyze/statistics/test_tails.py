"""Ranks and tails are those of SciPy's statistics, which a check does not load for them."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from etude.analyze.statistics.tails import chi2_bar, chi2_beyond, f_bar, f_beyond, ranks


def test_ranks_are_those_of_scipy():
    chance = np.random.default_rng(0)
    for count in (1, 2, 5, 300):
        for values in (chance.normal(size=count), chance.integers(0, 4, count) / 3.0):
            values[values > 0.9] = np.inf
            assert np.array_equal(ranks(values), stats.rankdata(values))
            assert np.array_equal(ranks(values, highest=True), stats.rankdata(values, method="max"))


@pytest.mark.parametrize("columns", [1, 3, 40])
@pytest.mark.parametrize("free", [1, 7, 900])
def test_tails_are_those_of_scipy(columns, free):
    for by in (0.0, 1e-9, 0.3, 1.0, 4.5, 1e3, 1e12, np.inf):
        assert f_beyond(by, columns, free) == stats.f.sf(by, columns, free)
        assert chi2_beyond(by, columns) == stats.chi2.sf(by, columns)
    for share in (1e-9, 0.001, 0.05, 0.5, 0.99):
        assert f_bar(share, columns, free) == stats.f.isf(share, columns, free)
        assert chi2_bar(share, columns) == stats.chi2.isf(share, columns)


def test_what_a_check_needs_loads_no_statistics_of_scipy():
    loaded = "import sys, etude.cli.check, etude.analyze.analysis, etude.round.result\n"
    loaded += "print([one for one in ('scipy.stats', 'scipy.optimize') if one in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "[]"
