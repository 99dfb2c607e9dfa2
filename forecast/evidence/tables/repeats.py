"""Rows of one day: repeats are dropped, hours summed, others are asked about: parts, or looks at one count?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from forecast.evidence.feeds.reading import Tray
from forecast.evidence.tables.numbers import QuestionError
from forecast.evidence.tables.options import Options
from forecast.evidence.tables.rows import Entry

APART = ("image_id", "analyst")  # what tells two looks of one day apart
REGULAR = 2 / 3  # share of steps between times that must be alike for hours to be summed
Key = tuple[tuple[str, ...], str, object]


def one_a_day(found: Sequence[Entry], told: Options, file: str, tray: Tray, whole: bool = True) -> list[Entry]:
    """The counts with one for each series and day; raises QuestionError where parts cannot be told from looks.

    Hours add up where they are `whole` counts: a speed or a temperature does not.
    """
    if len({(entry.names, entry.heading, entry.when.day) for entry in found}) == len(found):
        return list(found)
    days: dict[Key, list[Entry]] = defaultdict(list)
    for entry in found:
        days[entry.names, entry.heading, entry.when.day].append(entry)
    step = _step(found) if whole or told.kind == "flow" else 0
    made: list[Entry] = []
    for rows in days.values():
        group = list({(entry.line, entry.heading): entry for entry in rows}.values()) if told.kind != "flow" else rows
        if len(group) < len(rows):
            tray.notes["rows that repeat an earlier row word for word dropped"] += len(rows) - len(group)
        if len(group) == 1 or _apart(group):
            made += group
        elif step and told.kind != "stock":
            made.append(_summed(group, 24 * 60 // step))
            tray.notes[f"rows every {step} minutes summed to days (kind=stock compares them)"] += len(group)
        elif told.kind == "flow":
            made.append(_summed(group))
            tray.notes["rows of one day summed, as kind=flow says"] += len(group)
        elif told.kind == "stock" or _agree(group):
            made.append(_compared(group))
            tray.notes["rows of one day compared: the count lies between the least and the most"] += len(group)
        else:
            raise QuestionError(_question(group, file))
    return made


def _apart(group: Sequence[Entry]) -> bool:
    looks = [tuple(dict(entry.words).get(name, "") for name in APART) for entry in group]
    return len(set(looks)) == len(looks)


def _agree(group: Sequence[Entry]) -> bool:
    """Whether all but one of the rows counted nothing."""
    return sum(not math.isnan(entry.low) for entry in group) <= 1


def _step(found: Sequence[Entry]) -> int:
    """Minutes between times of a series that are regular within days; 0 where there are none."""
    timed: dict[tuple[tuple[str, ...], str], set[int]] = defaultdict(set)
    any_time = any(entry.when.moment > 0 for entry in found)
    if not any_time:
        return 0
    for entry in found:
        timed[entry.names, entry.heading].add(entry.when.day.toordinal() * 1440 + max(entry.when.moment, 0))
    steps: Counter[int] = Counter()
    for moments in timed.values():
        ordered = sorted(moments)
        steps.update(b - a for a, b in pairwise(ordered))
    if not steps:
        return 0
    step, number = steps.most_common(1)[0]
    return step if 0 < step < 1440 and 1440 % step == 0 and number >= REGULAR * sum(steps.values()) else 0


def _summed(group: Sequence[Entry], expected: int = 0) -> Entry:
    """The sum of the parts of a day; where some of them are missing the day was watched for a share of it."""
    seen = [entry for entry in group if not math.isnan(entry.low)]
    if not seen:
        return group[0]
    words = dict(group[0].words)
    if expected and len(seen) < expected:
        words["exposure"] = len(seen) / expected
    return replace(
        seen[0],
        low=sum(entry.low for entry in seen),
        high=sum(entry.high for entry in seen),
        words=tuple(words.items()),
    )


def _compared(group: Sequence[Entry]) -> Entry:
    seen = [entry for entry in group if not math.isnan(entry.low)]
    return (
        replace(seen[0], low=min(entry.low for entry in seen), high=max(entry.high for entry in seen))
        if seen
        else group[0]
    )


def _question(group: Sequence[Entry], file: str) -> str:
    low, high = _compared(group), _summed(group)
    name = "/".join(filter(None, (*group[0].names, group[0].heading)))
    lines = ", ".join(str(entry.row) for entry in group[:4])
    return (
        f"{file}: {len(group)} rows of {name or 'one series'} on {group[0].when.day} (lines {lines}) could be parts "
        f"that add up to {_plain(high)}, or looks at one count of {low.low:g} to {low.high:g}: say kind=flow or "
        "kind=stock, or name what tells them apart with id=COLUMN"
    )


def _plain(entry: Entry) -> str:
    return f"{entry.low:g}" if entry.low == entry.high else f"{entry.low:g} to {entry.high:g}"
