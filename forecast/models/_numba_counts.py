"""The compiled filter of `count_state_space`: every setting over all rows."""

from __future__ import annotations

import math

from forecast.support.compiled import Array, kernel


@kernel
def discounted(counts: Array, share: Array, table: Array, anchor_rate: Array, found: Array, expected: Array,
               shape: Array, rate: Array, score: Array) -> None:
    """Run every setting of the table over counts [n] (NaN = none) seen to a share [n] of their rows.

    table [settings, 4] : what a row keeps, size, anchor and shrinkage. Changed in place: shape, rate and score
    [settings], sums of what was found and expected in each phase [settings, cycle].
    """
    cycle = found.shape[1]
    for k in range(len(table)):
        keep, size, anchor, shrink = table[k, 0], table[k, 1], table[k, 2], table[k, 3]
        learns = math.isfinite(shrink)
        pull = shrink if learns else 1.0  # a factor with infinite shrinkage is one for ever
        a, b, total = shape[k], rate[k], 0.0
        for t in range(len(counts)):
            a, b = keep * a + (1 - keep) * anchor, keep * b + (1 - keep) * anchor_rate[k]
            y = counts[t]
            if math.isnan(y):
                continue
            phase = t % cycle
            factor = share[t] * (pull + found[k, phase]) / (pull + expected[k, phase])
            mean = a / b * factor
            r = 1 / (1 / size + (1 + 1 / size) / a)
            total -= r * math.log1p(mean / r)
            if y > 0:  # in most rows of a sparse series the gammas cancel
                total += math.lgamma(y + r) - math.lgamma(r) + y * (math.log(mean) - math.log(r + mean))
            worth = 1 / (1 + mean / size)
            if learns:
                found[k, phase] += worth * y
                expected[k, phase] += worth * a / b * share[t]
            a, b = a + worth * y, b + worth * factor
        shape[k], rate[k], score[k] = a, b, total
