"""The answer in at most forty words: what changed and when, on whose word, and which event fits.

Each sentence is chosen from several ways of saying it, the fullest that still fits: at most 25 words a sentence and 40
in all, as a reader takes in at one look.
"""

from __future__ import annotations

from collections.abc import Sequence

from forecast.effects.explanations import NOWHERE
from forecast.experiment.conclusions import Attribution
from forecast.experiment.course import Known
from forecast.experiment.findings import Findings
from forecast.experiment.series_answers import Answer
from forecast.experiment.verdicts import Verdict, Word
from forecast.report.phrases import (
    about,
    between_days,
    between_months,
    chance,
    count,
    listed,
    percent,
    rows_of,
    subject,
    term,
    unit,
)
from forecast.report.prose.course_story import direction, level, month
from forecast.report.prose.series_story import called
from forecast.series.breaks import Break
from forecast.series.calendar import per_row

WORDS, SENTENCE = 40, 25  # most words of the answer, and of one of its sentences
BY_EVENT = 3  # events of a list that is so short that the question is about each of them
CONDITIONS = 3  # publishers that a condition still names
ADVERBS = {"almost certain": "almost certainly", "very likely": "very likely", "likely": "likely",
           "roughly even chance": "as likely as not", "unlikely": "perhaps", "very unlikely": "perhaps",
           "almost no chance": "hardly"}


def lead(findings: Findings) -> list[str]:
    """The sentences of the answer."""
    e = findings.conclusions.explained
    tested = [v for v in findings.conclusions.verdicts if v.event in findings.effects]
    if findings.conclusions.main.answer is not Answer.CHANGED:
        return _fitted([_undated(findings), _open(findings)])
    if 0 < e.competing <= BY_EVENT and e.attribution in (Attribution.FITS, Attribution.LEADS):
        return _fitted([*(_of_event(findings, v) for v in sorted(tested, key=lambda v: v.event != e.leader)),
                        [_size(findings)]])
    events, other = _events(findings), companion(findings)
    if other:
        events = [*(f"{other}; {text[:1].lower()}{text[1:]}" for text in events), f"{other}."]
    return _fitted([_change(findings), events])


def _fitted(parts: Sequence[Sequence[str]]) -> list[str]:
    """Of each part the first candidate that leaves room for the shortest of all that follow; none where none fits."""
    said: list[str] = []
    for k, candidates in enumerate(parts):
        rest = sum(min(map(words, later), default=0) for later in parts[k + 1:k + 2])
        room = WORDS - sum(map(words, said))
        fits = [text for text in candidates if text and words(text) <= min(SENTENCE, room)]
        said += next(([text] for text in fits if words(text) <= room - rest), fits[-1:])
    return said


def words(text: str) -> int:
    """How many words a text has.

    >>> words("Shoigu leads (58\\u202f%).")
    4
    """
    return len(text.split())


def condition(findings: Findings, *, event: bool = False) -> str:
    """On whose word the conclusion stands, as the opening of a sentence; "" where no one publisher turns it.

    event : ask which event leads, instead of whether there is a change
    """
    r = findings.conclusions.robustness
    if r is None or not r.comparable:
        return ""
    names = [v.name for v in r.turned if v.check == "publisher_left_out"
             and (v.conclusive and v.leader != NOWHERE) == event]
    if not names:
        return ""
    if len(names) > CONDITIONS:
        return f"If each of {count(len(names), 'publisher')} is right, "
    return f"If {listed(names)} {'is' if len(names) == 1 else 'are'} right, "


def _opened(opening: str, text: str) -> str:
    whole = opening + text
    return whole[:1].upper() + whole[1:]


def _change(findings: Findings) -> list[str]:
    """That the level changed, from what to what, and when."""
    main, told = findings.main, findings.conclusions.main
    s, what, opening = main.series, subject(main.series), condition(findings)
    sure = f"{ADVERBS[term(told.probability)]} ({percent(told.probability)})"
    if told.focal is None:
        return [_opened(opening, f"{what} {sure} changed, but no date holds enough to be named.")]
    every = _every(findings, f"{what} {sure}") if not findings.windows and told.changes > 1 else []
    b = main.changes[told.focal]
    many = f" (one of {count(told.changes, 'change')})" if told.changes > 1 else ""
    rose, sizes, whens = direction(b), [_from_to(findings, b), _from(findings, b)], [_days(b), _months(b)]
    ends = dict.fromkeys((many, ""))
    if main.contradictions:  # told wherever the sentence has room for it
        ends = dict.fromkeys((f"{many}, though counts conflict", ", though counts conflict"))
    whole = [f"{what} {sure} {rose} {size} {when}{each}." for when in whens for size in sizes for each in ends]
    short = [f"{what} {sure} {rose} {when}{each}." for when in whens for each in (*ends, "")]
    brief = [f"{unit(s)} {sure} {rose} {_months(b)}."]
    return [_opened(opening, " ".join(filter(None, text.split(" ")))) for text in (*every, *whole, *short, *brief)]


def _days(b: Break) -> str:
    """When a change happened, in days; of one that goes on for a while its months, as its days are not known."""
    return between_days(b.low, b.high) if b.shape == "step" else _months(b)


def _months(b: Break) -> str:
    """When a change happened, in months: between which, or from which to which."""
    if b.shape == "step":
        return between_months(b.low, b.high)
    begin, end = month(b.at), month(b.until)
    if begin == end:
        return f"in {end}"
    return f"from about {begin[:-5] if begin[-5:] == end[-5:] else begin} to {end}"


def _every(findings: Findings, opening: str) -> list[str]:
    """That it changed several times, each with its direction and months."""
    each = [f"{'up' if b.after >= b.before else 'down'} {between_months(b.low, b.high)}" for b in findings.main.changes]
    return [f"{opening} changed {count(len(each), 'time')}: {', '.join(each)}."]


def _from_to(findings: Findings, b: Break) -> str:
    """From what level to what: means as counted beside the change; of vague counts the fitted levels."""
    main, course = findings.main, findings.conclusions.main.course
    if b.shape == "gradual":
        return f"from about {about(b.before)} to {about(b.after)} {per_row(main.series)}"
    before = next((s for s in course if s.after == b.position and s.observed), None)
    after = next((s for s in course if s.row == b.position and s.observed), None)
    per = f"{per_row(main.series)}"
    if main.series.kind == "flow" and before and after and after.high is not None:
        start = level(main.series, before).removesuffix(f" {unit(main.series)} {per}")
        end = level(main.series, after).removesuffix(f" {unit(main.series)} {per}")
        return f"from {start} to {end} {per}"
    return f"from about {about(b.before)} to about {about(b.after)} {per}"


def _from(findings: Findings, b: Break) -> str:
    """That it began at none, where it did."""
    before = next((s for s in findings.conclusions.main.course if s.after == b.position and s.observed), None)
    return "from none" if before is not None and before.known is Known.NONE else ""


def _events(findings: Findings) -> list[str]:
    """Which events fit, in one sentence."""
    e = findings.conclusions.explained
    if e.attribution is Attribution.NO_EVENTS:
        return []
    if e.attribution is Attribution.UNDATED:
        return _open(findings)
    if e.attribution is Attribution.OUTSIDE:
        return [f"None of {count(e.competing, 'event')} fits: the change more likely lies outside all their windows "
                f"({percent(e.outside)}).", "No event on the list fits it."]
    leader, share = f"“{findings.label(e.leader)}”", percent(e.probability)
    opening = condition(findings, event=True)
    if e.attribution is Attribution.LEADS:
        return [f"No event is likely: {leader} leads with {share}.", "No event on the list is likely."]
    if e.separable:
        return [_opened(opening, f"of {count(e.competing, 'event')} {leader} fits best: {chance(e.probability)}."),
                _opened(opening, f"{leader} fits best ({share})."), _opened(opening, f"{leader} fits best.")]
    rival = findings.conclusions.verdict(e.leader).rivals[0]
    held = next(row.probability for row in findings.main.table if row.name == rival)
    return [f"The counts do not tell {leader} ({share}) from “{findings.label(rival)}” ({percent(held)}).",
            f"No single event stands out: {leader} leads with {share}.",
            f"No event stands alone: {leader} leads ({share}).", "No single event stands out."]


def companion(findings: Findings) -> str:
    """That a series which is said to share a cause changed too, as a clause; "" where none is said to or none did."""
    names = findings.together.names if findings.together is not None else ()
    told = findings.conclusions.series
    other = next((findings.readings[name] for name in names if name != findings.primary
                  and told[name].answer is Answer.CHANGED and told[name].focal is not None), None)
    if other is None:
        return ""
    b = other.changes[told[other.name].focal or 0]
    conflict = ", though their counts conflict" if other.contradictions else ""
    what = subject(other.series)
    return f"{what[:1].upper()}{what[1:]} {direction(b)} too{conflict}"


def _of_event(findings: Findings, v: Verdict) -> list[str]:
    """What one event of a short list fits."""
    label, b = f"“{findings.label(v.event)}”", None if v.change is None else findings.main.changes[v.change]
    if v.word is Word.NOT_SUPPORTED or b is None:
        none = "fits no change here" if len(findings.main.changes) > 1 else "does not fit the change"
        return [f"{label} {none}{other_fit(findings, v.event)}."]
    share = next(e.probability for e in findings.main.explained[v.change or 0] if e.name == v.event)
    sure = chance(share)
    slowly = "gradual " if b.shape == "gradual" else ""
    fall = f"{slowly}{'rise' if b.after >= b.before else 'fall'}{_brief(findings, b)}"
    opening = condition(findings, event=True)
    what = subject(findings.main.series)
    if v.word is Word.NOT_SEPARABLE:
        return [_opened(opening, f"{label} may fit a {fall} in {what}, but so may another event.")]
    return [_opened(opening, f"{label} fits a {fall} in {what} {_days(b)}: {sure}."),
            _opened(opening, f"{label} fits a {fall} in {what} {_months(b)} ({percent(share)})."),
            _opened(opening, f"{label} fits a {fall} in {what}: {sure}."),
            _opened(opening, f"{label} fits a {fall} ({percent(share)}).")]


def other_fit(findings: Findings, event: str) -> str:
    """The change of another series that an event fits, as the end of a clause; "" where there is none."""
    fit = next((fit for fit in findings.conclusions.others if fit.event == event), None)
    if fit is None:
        return ""
    b = findings.readings[fit.series].changes[fit.change]
    return (f", but a {'rise' if b.after >= b.before else 'fall'} in {called(findings.readings[fit.series])} "
            f"({percent(fit.probability)})")


def _brief(findings: Findings, b: Break) -> str:
    """How long a change lasted, where it was soon over."""
    s, course = findings.main.series, findings.conclusions.main.course
    after = next((stretch for stretch in course if stretch.row == b.position), None)
    return f" of {rows_of(s, after.observed)}" if after is not None and after.brief and after.after < len(s) else ""


def _size(findings: Findings) -> str:
    """From what to what the level went at the focal change, as a sentence of its own."""
    told = findings.conclusions.main
    if told.focal is None:
        return ""
    b = findings.main.changes[told.focal]
    return f"The mean {direction(b)} {_from_to(findings, b)}."


def _undated(findings: Findings) -> list[str]:
    """That the counts date no change."""
    main, told = findings.main, findings.conclusions.main
    rows = rows_of(main.series, told.grade.observed)
    if told.answer is Answer.PERSISTENT:
        return [f"The {rows} of {subject(main.series)} wander so far by themselves that no change can be dated."]
    if told.answer is Answer.TOO_FEW:
        return [f"The {rows} of {subject(main.series)} are too few to test for a change."]
    verb = "speak against a change" if told.answer is Answer.UNCHANGED else "date no change"
    return [f"The {rows} of {subject(main.series)} {verb} by themselves."]


def _open(findings: Findings) -> list[str]:
    """That counts which date no change choose no event."""
    e = findings.conclusions.explained
    if e.attribution is Attribution.NO_EVENTS:
        return []
    if e.competing == 1:
        return [f"So they say nothing of “{findings.label(e.leader)}”.", "So they say nothing of the event."]
    return [f"So they cannot tell which of {count(e.competing, 'event')} fits."]


def simulated(findings: Findings) -> str:
    """That the data are made by a program; "" where they were observed."""
    if not findings.simulated:
        return ""
    return f"These data are simulated: a program made all {rows_of(findings.main.series, len(findings.main.series))}."
