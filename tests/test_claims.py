"""Published claims: each verdict follows from counts, and turns with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from forecast import Series, load
from forecast.evidence.cells import StatementError
from forecast.evidence.claims import TESTS, PublishedClaim, read_claims
from forecast.evidence.decisions import Contradiction, Decision
from forecast.evidence.files import locate
from forecast.evidence.statements import Statement
from forecast.experiment.claims import ClaimReason, ClaimWord, judge_claims
from forecast.experiment.reading import Reading
from forecast.report.prose import claims as prose
from forecast.series.breaks import Break

S, C, X, A, N = (ClaimWord.SUPPORTED, ClaimWord.CONSISTENT, ClaimWord.CONTRADICTED, ClaimWord.ASSUMED, ClaimWord.CANNOT_BE_TESTED)


def statement(name: str, first: str, last: str, low: float, high: float | None = None, publisher: str = "Watcher", **more) -> Statement:
    return Statement(id=name, site="port", measure="ships", kind="period", start=date.fromisoformat(first), end=date.fromisoformat(last),
                     count=None, low=low, high=low if high is None else high, publisher=publisher, url=f"https://example.org/{name}", **more)


def reading(*statements: Statement, breaks: tuple[Break, ...] = (), log_ratio: float = 5.0,
            contradictions: tuple[Contradiction, ...] = ()) -> Reading:
    """Months of 2023, each with what the statements say of it."""
    low, high = np.full((2, 12), np.nan)
    sources: list[tuple[str, ...]] = [()] * 12
    for s in statements:
        month = s.start.month - 1
        low[month], high[month], sources[month] = s.low, s.high, (s.id,)
    series = Series.from_values(np.full(12, np.nan), start="2023-01-01", freq="MS", low=low, high=high, name="ships", sources=tuple(sources))
    account = tuple(Decision(s.id, "ships", "used", "") for s in statements)
    return Reading(name="ships", series=series, account=account, log_ratio=log_ratio, p_value=0.01 if log_ratio > 1 else 0.4, persistent=False, number=(0.0, 1.0), bands=np.ones((3, 12)),
                   gaps=np.zeros(11), breaks={"regimes": breaks}, explained=((),), images=(), statements=statements,
                   contradictions=contradictions)


def claim(test: str, day: str, publisher: str = "Somebody", **more) -> PublishedClaim:
    dates = {key: date.fromisoformat(more.pop(key)) for key in ("start", "until") if key in more}
    return PublishedClaim("c", "It did", publisher, "https://example.org/claim", test, date.fromisoformat(day), "ships", **dates, **more)


def verdict(asked: PublishedClaim, found: Reading):
    (made,) = judge_claims([asked], {"ships": found})
    return made


def month(k: int, low: float, high: float | None = None, publisher: str = "Watcher", **more) -> Statement:
    return statement(f"m{k}", f"2023-{k:02d}-01", f"2023-{k:02d}-28", low, high, publisher, **more)


QUIET = tuple(month(k, 0) for k in (1, 2, 3))


def test_none_before_a_day():
    asked = claim("none_before", "2023-04-01", start="2023-01-01")
    assert verdict(asked, reading(*QUIET, month(4, 5))).word is S
    assert verdict(asked, reading(*QUIET[:2], month(4, 5))).word is C
    assert verdict(asked, reading(*QUIET[:2], month(3, 1), month(4, 5))).word is X
    assert verdict(asked, reading(month(4, 5))).word is N
    own = verdict(replace(asked, publisher="Watcher"), reading(*QUIET, month(4, 5)))
    assert (own.word, own.reason) == (A, ClaimReason.OWN_REPORT)
    assert own.addresses == tuple(f"https://example.org/m{k}" for k in (1, 2, 3))


def test_none_within_days_is_asked_of_statements_not_of_rows():
    asked = claim("none_within", "2023-03-05", until="2023-03-20")
    assert verdict(asked, reading(month(3, 0))).word is S
    assert verdict(asked, reading(statement("s", "2023-03-10", "2023-03-10", 2))).word is X
    assert verdict(asked, reading(statement("s", "2023-03-10", "2023-03-12", 0))).word is C
    assert verdict(asked, reading(month(3, 4))).word is C  # four in the month may lie outside these days
    assert verdict(asked, reading(month(5, 0))).word is N
    assert verdict(replace(asked, publisher="Watcher"), reading(month(3, 0))).word is A


def test_the_first_within_days():
    asked = claim("first_within", "2023-03-01", until="2023-03-31")
    assert verdict(asked, reading(*QUIET[:2], month(3, 2))).word is S
    assert verdict(asked, reading(month(2, 1), month(3, 2))).word is X
    later = verdict(asked, reading(*QUIET[:2], month(5, 2)))
    assert (later.word, later.reason) == (C, ClaimReason.SEEN_LATER)
    assert verdict(asked, reading(*QUIET)).word is N
    flagged = month(3, 1, details={"flag": "RU"})
    assert verdict(replace(asked, where="flag=RU"), reading(month(2, 4), flagged)).word is S
    assert verdict(replace(asked, where="flag=RU"), reading(month(3, 4))).word is N


def test_at_least_so_many_by_a_day():
    asked = claim("at_least_by", "2023-03-31", start="2023-01-01", number=10.0)
    assert verdict(asked, reading(month(1, 4), month(2, 3), month(3, 5))).word is S
    assert verdict(asked, reading(month(1, 1), month(2, 3), month(3, 5))).word is X
    assert verdict(asked, reading(month(1, 1), month(2, 3))).word is C  # a month that nobody watched leaves room
    assert verdict(asked, reading(month(1, 1), month(2, 3), month(3, 0, 20))).word is C
    assert verdict(asked, reading(month(8, 20))).word is N


def change(low: str, high: str, before: float = 1.0, after: float = 9.0, shape: str = "step") -> Break:
    return Break(position=6, at="2023-07-01", low=low, high=high, before=before, after=after, probability=0.9, shape=shape)


MONTHS = tuple(month(k, 1 if k < 7 else 9) for k in range(1, 13))


def test_more_after_a_day_needs_a_rise_that_is_dated_there():
    asked = claim("more_after", "2023-06-15", until="2023-08-15")
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-06-20", "2023-07-16"),))).word is S
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-06-01", "2023-07-16"),))).word is C
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-05-01", "2023-06-10"),))).reason is ClaimReason.ROSE_BEFORE
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-08-20", "2023-09-10"),))).reason is ClaimReason.ROSE_LATER
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-06-20", "2023-07-16", 9, 1),))).reason is ClaimReason.FELL
    assert verdict(asked, reading(*MONTHS, log_ratio=0.0)).word is N


def test_where_the_statements_exclude_each_other_no_rise_is_tested():
    told = Contradiction(date(2023, 7, 3), 27, ("m7",), 20, ("m8",))
    made = verdict(claim("more_after", "2023-06-15", until="2023-08-15"),
                   reading(*MONTHS, breaks=(change("2023-06-20", "2023-07-16"),), contradictions=(told,)))
    assert (made.word, made.reason) == (N, ClaimReason.CONFLICT)
    assert made.addresses == ("https://example.org/m7", "https://example.org/m8")


def test_a_gradual_rise_is_told_from_a_step():
    asked = claim("gradual_from", "2023-07-01")
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-06-20", "2023-07-16", shape="gradual"),))).word is S
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-06-20", "2023-07-16"),))).reason is ClaimReason.SUDDEN
    assert verdict(asked, reading(*MONTHS, breaks=(change("2023-01-20", "2023-03-16"),))).word is X
    assert verdict(asked, reading(*MONTHS, log_ratio=0.0)).word is N


def test_more_in_one_period_than_in_another():
    asked = claim("more_in", "2023-08-10", start="2023-05-10", until="2023-08-31", number=36.0)
    assert verdict(asked, reading(month(5, 7), month(8, 36))).word is S
    assert verdict(asked, reading(month(5, 7), month(8, 5))).word is X
    assert verdict(asked, reading(month(5, 7, 40), month(8, 36))).word is C
    assert verdict(asked, reading(month(5, 7))).word is N
    assert verdict(replace(asked, publisher="Watcher"), reading(month(5, 7), month(8, 36))).word is A


def test_a_claim_about_what_no_series_counts_or_none_of_the_experiment():
    (made,) = judge_claims([replace(claim("not_counted", "2023-05-01"), series="")], {})
    assert (made.word, made.reason, made.counts) == (N, ClaimReason.NOT_COUNTED, ())
    with pytest.raises(ValueError, match="did you mean 'ships'"):
        judge_claims([replace(claim("more_after", "2023-05-01"), series="shps")], {"ships": reading(*QUIET)})


def test_every_reason_and_verdict_has_words():
    assert set(prose.REASONS) == set(prose.BRIEF) == set(ClaimReason)
    assert set(prose.WORDS) == set(ClaimWord)
    made = verdict(claim("at_least_by", "2023-12-31", start="2023-01-01", number=10.0), reading(*MONTHS))
    assert prose.behind(made).count(";") == 3
    assert "Watcher" in prose.behind(made)


# -- the ledger -------------------------------------------------------------------------------------------------------
def test_every_fault_of_a_ledger_of_claims_is_told_at_once(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("name,claim,publisher,url,test,day,series,until\na,It did,A,,sometimes,2023-01-01,s,\n"
                    "b,It did,A,,none_within,2023-01-05,s,\nb,It did,A,,more_after,2023-01-05,,2022-01-01\n")
    with pytest.raises(StatementError) as error:
        read_claims(path)
    said = str(error.value)
    assert "sometimes" in said
    assert "a claim of the kind none_within needs it" in said
    assert "name the series" in said
    assert "it lies before the day" in said


def test_the_claims_that_ship_are_of_every_kind_and_have_addresses():
    claims = read_claims("khasan_rajin/claims.csv")
    assert {c.test for c in claims} == set(TESTS)
    assert len(claims) >= 9
    assert {c.name for c in claims if not c.url.startswith("http")} == {"first_ships_since_2018"}
    assert {c.series for c in claims if c.series} <= set(load("khasan_rajin").series)
    assert locate("khasan_rajin/claims.csv").is_file()
