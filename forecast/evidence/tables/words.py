"""Words of headings and cells, in the languages of the people who make such tables."""

from __future__ import annotations

import re

from forecast.evidence.tables.footnotes import plain


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


# headings of dates, the plainest first
DATES = _words(
    "date|ds|day|datum|data|dato|fecha|jour|дата|день|날짜|일자|日期|日付|time|datetime|date time|timestamp|"
    "image date|date of image|image day|acquired|observation date|ref date|reference date|time period|period|"
    "month|monat|mois|mes|месяц|월|년월|연월|week|woche|semaine|quarter|quartal|year|jahr|année|año|год|연도|년|tag|"
    "acq date|obs date"
)
YEARS = _words("year|yr|jahr|année|annee|año|ano|anno|год|연도|년|년도|年")
MONTHS = _words("month|mo|monat|mois|mes|mese|месяц|월|月|month name|month number")
DAYS = _words("day|dom|mday|day of month|date of month|tag|jour|일|日|date")  # beside a year and a month
WEEKS = _words("week|iso week|week number|week no|woche|kw|calendar week")
QUARTERS = _words("quarter|qtr|quartal|trimestre")
LATER = _words(
    "updated|update|published|publication|created|modified|retrieved|accessed|end|ends|to|until|last|"
    "download|downloaded"
)
SITES = _words(
    "unique id|id|site|yard|location|station|port|port name|portname|crossing|border|name|place|terminal|series"
)
TOTALS = _words(
    "total|totals|all|sum|grand total|sub total|subtotal|overall|gesamt|summe|insgesamt|somme|totale|итого|"
    "всего|합계|계|총계|소계|合計|合计|总计|average|mean|avg|median|avg.|mittelwert|all sites|all ports|all types"
)
MEANS = _words("average|mean|avg|avg.|median|mittelwert")
# headings of numbers that count nothing: whole headings, and words of which one is enough; soft ones are left out only
# beside whole counts
ASIDE = _words(
    "id|objectid|object id|fid|oid|gid|index|idx|row|row number|no|nr|#|rank|serial|zip|zip code|postcode|"
    "postal code|post code|plz|fips|code|lat|latitude|lon|lng|long|longitude|x|year|month|week|weekday|day|"
    "hour|minute|quarter|day of week|dow|iso week|week number|doy|day of year|date of month|day of month|epoch|"
    "version|jahr|monat|tag|woche|kw|mmsi|imo|phone"
)
SOFT = _words(
    "temperature|temp|humidity|wind|pressure|snow|rain|rainfall|precipitation|visibility|ratio|rate|share|change|growth|yoy|"
    "mom|diff|difference|rolling|moving|smoothed|ma7|average|avg|mean|median|std|stdev|uncertainty|error|stderr|index|rank|"
    "elevation|altitude|azimuth|angle|gsd|resolution|confidence|probability"
)
HARD = _words("%|percent|pct|percentage|cloud|clouds|cloudiness|lat|latitude|lon|longitude|date|weekday")
LOWS = _words("low|y low|lower|lower bound|count low|low count|at least|minimum count")
HIGHS = _words("high|y high|upper|upper bound|count high|high count|at most|maximum count")
EXPOSURES = _words("exposure|share watched|watched share|share of day watched")
ENDS = _words("end|end date|period end|to|until|week ending|last day")
IDENTITIES = re.compile(r"(?:^|[ _])(?:id|ids|key|code|no|nr|number|fips|imo|mmsi|zip)$")
CUMULATIVE = re.compile(
    r"\b(?:cumulative|cumulated|cumul|running total|to date|ytd|year to date|kumuliert|accumulated|누계|누적)\b"
)
# columns that say something of a row and count nothing: column of a reading -> headings
NOTES = {
    "image_id": _words("image|image id|scene|scene id"),
    "sensor": _words("sensor|satellite"),
    "analyst": _words("analyst|observer"),
    "source": _words("source|url|link"),
    "note": _words("note|notes|comment|comments|remarks|remark|description"),
    "status": ("status",),
}
# words of headings, sites and types that tell what stands there from what passes
KINDS = {
    "stock": _words(
        "image|images|in yard|yard|railcars|parked|standing|stored|present|inventory|stock|"
        "occupancy|berthed|anchored|in port"
    ),
    "flow": _words(
        "calls|portcalls|arrivals|departures|visits|trips|passengers|crossings|voyages|transits|"
        "trains|tonnes|tons|teu|volume|traffic|imports|exports|shipments|flights|flow|sales|"
        "deaths|cases|births|accidents|riders|ridership|loadings"
    ),
}
# of a chart without headings, or with those that tools write
GENERIC = ("", *_words("x|y|value|values|count|counts|n|number|curve|dataset|default dataset|series"))
# words of headings of what is counted one by one, so that numbers that are not whole were read off a chart
COUNTED = frozenset(
    _words(
        "cars|railcars|wagons|carriages|trains|trucks|vehicles|ships|vessels|boats|tankers|calls|visits|count|counts|number|"
        "containers|images|people|passengers|flights|aircraft|planes|anzahl|units|boxes|tanks|arrivals|departures|crossings"
    )
)


def heading(text: str) -> str:
    """A heading as it is compared: small letters, blanks for marks.

    >>> heading(" Image_Date "), heading("Port-ID")
    ('image date', 'port id')
    """
    return re.sub(r"[\s_\-./:]+", " ", plain(text).casefold()).strip()


def is_total(text: str, means: bool = True) -> bool:
    """Whether a name or a heading says that it sums, or averages (`means`), the others."""
    word = heading(text).strip(" ()*:")
    if word in MEANS and not means:
        return False
    return word in TOTALS or bool(re.fullmatch(r"(?:grand |sub ?)?total(?: \(?(?:all|of all)\b.*)?", word))


def is_aside(text: str) -> bool:
    """Whether a heading is of numbers that count nothing (a year, a percentage, a place, an identity)."""
    word = heading(text)
    return word in ASIDE or "%" in word or bool(_parts(word) & set(HARD)) or bool(IDENTITIES.search(word))


def is_measure(text: str) -> bool:
    """Whether a heading is of what is measured, or worked out of counts (a temperature, a mean, a change)."""
    return bool(_parts(heading(text)) & set(SOFT))


def _parts(word: str) -> set[str]:
    return set(re.split(r"[^\w%]+", word))
