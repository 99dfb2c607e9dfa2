"""Generated inputs against what must be true of them: `python -m tests.fuzz [--number 100000] [--only NAME]`.

The suite runs the same checks briefly (`tests/test_fuzz.py`). Each check says what became of an input, so that the
table at the end shows whether inputs got past the first door.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz_folders import (
    aliases_that_are_counted,
    findings_of_strangers,
    folders_that_a_report_goes_to,
    manifests_of_strangers,
    recipes_of_strangers,
    sets_of_strangers,
)
from tests.fuzz_ledgers import (
    feeds_with_changed_bytes,
    feeds_with_one_bad_row,
    ledgers_of_known_truth,
    readers_of_ledgers,
    tables_that_are_damaged,
)
from tests.fuzz_numbers import (
    bounds_of_the_reconciler,
    compile_loops,
    constructors_of_series,
    grids_of_series,
    loops_against_every_cut,
    pruning_against_every_partition,
)
from tests.fuzz_settings import (
    checks_of_configs,
    configs_of_known_kind,
    overrides_of_the_command,
    overrides_that_are_composed,
)

Data = st.DataObject
CHECKS: dict[str, Callable[[Data], str]] = {check.__name__: check for check in (
    ledgers_of_known_truth, readers_of_ledgers, feeds_with_one_bad_row, feeds_with_changed_bytes, tables_that_are_damaged, configs_of_known_kind, checks_of_configs, overrides_of_the_command,
    overrides_that_are_composed, bounds_of_the_reconciler, constructors_of_series, grids_of_series, loops_against_every_cut, pruning_against_every_partition,
    sets_of_strangers, folders_that_a_report_goes_to, findings_of_strangers, recipes_of_strangers, manifests_of_strangers, aliases_that_are_counted)}
SHARE = {"readers_of_ledgers": 0.2, "overrides_that_are_composed": 0.03, "bounds_of_the_reconciler": 0.2, "feeds_with_one_bad_row": 0.3, "feeds_with_changed_bytes": 0.3,
         "grids_of_series": 0.1}  # the slow ones have fewer inputs


def run(name: str, examples: int, *, same: bool = False) -> Counter[str]:
    """Run one check on so many generated inputs, none of which may cost five seconds of CPU; what became of them."""
    became: Counter[str] = Counter()
    if name in ("loops_against_every_cut", "pruning_against_every_partition"):
        compile_loops()

    @settings(max_examples=examples, deadline=None, database=None, derandomize=same, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink))
    @given(st.data())
    def checked(data: Data) -> None:
        began = time.process_time()  # not the clock on the wall, for a busy machine is no fault
        became[CHECKS[name](data)] += 1
        assert time.process_time() - began < 5

    checked()
    return became


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--only", choices=list(CHECKS))
    chosen = parser.parse_args()
    names = [chosen.only] if chosen.only else list(CHECKS)
    shares = {name: SHARE.get(name, 1.0) for name in names}
    total = 0
    for name in names:
        began = time.monotonic()
        became = run(name, math.ceil(chosen.number * shares[name] / sum(shares.values())))
        done = sum(became.values())
        total += done
        parts = ", ".join(f"{what} {number / done:.0%}" for what, number in became.most_common())
        print(f"{name:<32} {done:>8,} inputs, {time.monotonic() - began:6.0f} s: {parts}", flush=True)
    print(f"{total:,} inputs: nothing broke")


if __name__ == "__main__":
    main()
