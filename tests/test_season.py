"""The season of a grid: what is taken out of a row is the season of that row, beyond the end too."""

from __future__ import annotations

import numpy as np

from forecast import Series
from forecast.series.season import evident_season


def test_each_row_has_the_factor_of_its_own_phase_beyond_the_end_too():
    months = np.arange(8 * 12)
    december = months % 12 == 11
    y = np.random.default_rng(3).poisson(np.where(december, 90, 30))
    season = evident_season(Series.from_values(y, start="2015-01-01", freq="MS"))
    coming = np.arange(96, 120)
    for rows in (months, coming):
        factors = season.over(rows)
        np.testing.assert_array_equal(factors > 2, rows % 12 == 11)
        assert np.allclose(factors[rows % 12 == 11] / np.median(factors), 3, rtol=0.25)
