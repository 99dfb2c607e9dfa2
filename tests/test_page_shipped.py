"""The pages of the experiments that ship: their prose word by word; in a real Chromium, seen, printed, walked through by
keyboard, and judged by axe-core.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import statistics
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from forecast import write_report
from forecast.report.prose.lead import lead
from forecast.report.report import markdown
from forecast.report.summary import summary_lines
from tests.browser import Browser
from tests.shipped import EXPERIMENTS, FOLDER, found

LARGEST = 2_000_000  # bytes of a page that still opens on a poor line
VIEWS = {"1280": (1280, 800, False), "360": (360, 740, False), "dark": (1280, 800, True), "360 dark": (360, 740, True)}


@pytest.fixture(scope="module")
def browser():
    with Browser() as made:
        yield made


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Path of the page of an experiment, written once."""
    @cache
    def written(name: str) -> Path:
        return write_report(found(name), tmp_path_factory.mktemp(name), "seed: 0\n")

    return written


@pytest.fixture(scope="module")
def khasan(report):
    return report("khasan_rajin")


# -- prose ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_prose_of_an_experiment_is_what_it_was(name):
    kept = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert markdown(found(name)) == kept, "read what changed; if it is meant: python -m tests.shipped"


# -- words and numbers ------------------------------------------------------------------------------------------
# terms that an editor would have to look up: never in what stands open, and explained in brackets where one first stands
HARD = ("posterior", "Bayes factor", "CRPS", "PIT", "MASE", "default member", "Westfall", "backtest", "hyperparameter",
        "credible", "log-likelihood", "placebo", "NaN", "scope ")


def read(path: Path) -> str:
    """The text of a page without drawings, scripts and styles, tags taken for blanks."""
    page = re.sub(r"<(svg|script|style)\b.*?</\1>", " ", path.read_text(encoding="utf-8"), flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def unfolded(path: Path) -> str:
    """The page without what is folded."""
    page, before = path.read_text(encoding="utf-8"), ""
    while page != before:
        before, page = page, re.sub(r"<details\b(?:(?!<details\b).)*?</details>", " ", page, flags=re.S)
    return page


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_stands_open_holds_no_term_that_one_has_to_look_up(report, name, tmp_path):
    path = tmp_path / "open.html"
    path.write_text(unfolded(report(name)), encoding="utf-8")
    said = read(path).partition("About this report")[0]  # below it stand names of files
    assert len(said) > 500
    assert [term for term in HARD if re.search(rf"\b{term.strip()}\b", said)] == []
    ids = {s.id for reading in found(name).readings.values() for s in reading.statements}
    assert [word for word in said.split() if word.strip(".,;:()") in ids and not word[0].isdigit()] == []
    assert not re.search(r"\b\w+_\w+\b", said), "a code name is no label"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_hard_term_is_explained_where_it_first_stands(report, name):
    said = read(report(name)).partition("Settings and versions")[0]
    for term in ("CRPS", "MASE", "PIT"):
        if first := re.search(rf"\b{term}\b", said):
            assert re.match(rf"\({term}[,:] the ", said[first.start() - 1:]), said[first.start() - 80:first.end() + 40]
    for term in ("posterior", "Bayes factor", "default member"):
        assert term not in said


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_answer_has_at_most_forty_words_and_no_sentence_over_twenty_five(name):
    said = lead(found(name))
    assert said
    assert sum(len(sentence.split()) for sentence in said) <= 40
    assert all(len(sentence.split()) <= 25 and sentence.endswith(".") and "  " not in sentence for sentence in said)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_summary_of_the_terminal_fits_its_screen(name):
    lines = summary_lines(found(name))
    assert len(lines) <= 23  # the path of the report comes after it
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(lead(found(name))) in " ".join(lines)


def test_a_verdict_is_the_same_on_page_terminal_csv_and_json(khasan):
    its = found("khasan_rajin")
    saved = json.loads(khasan.with_name("findings.json").read_text(encoding="utf-8"))["conclusions"]
    for name, key, kept in (("claims", "claim", saved["claims"]), ("events", "event", saved["verdicts"])):
        rows = {row[key]: row["verdict"] for row in csv.DictReader(khasan.with_name(f"{name}.csv").read_text(encoding="utf-8").splitlines())}
        assert rows == {each.get("name") or each["event"]: each["word"] for each in kept}
        assert rows
    boxes = re.findall(r'<li data-verdict="([^"]+)">', khasan.read_text(encoding="utf-8"))
    assert [word.replace(" ", "_") for word in boxes] == [each["word"] for each in saved["claims"]]
    told = {each.event: each.word.replace("_", " ") for each in its.conclusions.verdicts}
    page = re.search(r'<table id="tests">.*?</table>', khasan.read_text(encoding="utf-8"), flags=re.S)[0]
    for event, word in told.items():
        row = next(row for row in page.split("<tr>") if html.escape(its.label(event), quote=False) in row.partition("</th>")[0])
        assert f"<td>{word}</td>" in row
    lines = summary_lines(its)
    assert any(line.startswith(f"{boxes[0]} ") for line in lines)
    assert any(line.startswith(told["shoigu_visit"]) for line in lines)


def test_every_number_of_the_first_two_sections_follows_from_the_json_and_the_listed_counts(khasan):
    """Each is computed here again, by other code, from findings.json and the counts in series.csv."""
    saved = json.loads(khasan.with_name("findings.json").read_text(encoding="utf-8"))
    told = saved["conclusions"]
    main = told["series"][saved["primary"]]
    rows = [row for row in csv.DictReader(khasan.with_name("series.csv").read_text(encoding="utf-8").splitlines())
            if row["series"] == saved["primary"] and row["low"]]
    ends = [(float(row["low"]), float(row["high"])) for row in rows]
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    allowed: set[str] = set()

    def allow(*values: float) -> None:
        for x in values:
            whole = int(x + 0.5)
            allowed.update({f"{x:g}", str(whole), f"{x:.2g}", f"{x:.3f}", f"{x:.2f}"} | ({words[whole]} if 0 <= whole < 10 else set()))

    def percents(*shares: float) -> None:
        allow(*(int(100 * share + 0.5) for share in shares))
        allow(99, 1)  # ">99 %" and "<1 %"

    for stretch in main["course"]:  # sums of stretches: within those of the rows, and the same sum in findings.json
        part = [(low, high) for low, high, row in ((*pair, row) for pair, row in zip(ends, rows, strict=True))
                if stretch["first"] <= row["start"] <= stretch["last"]]
        assert len(part) == stretch["observed"]
        assert sum(low for low, _ in part) <= stretch["low"] <= stretch["high"] <= sum(high for _, high in part)
        allow(stretch["low"], stretch["high"], stretch["observed"], max(low for low, _ in part))
    first = next(row for row in rows if float(row["low"]) > 0)
    assert first["start"][:7] == "2023-08"
    allow(len(rows), sum(low == high for low, high in ends), sum(low != high for low, high in ends), main["assumed"])
    percents(told["explained"]["probability"], main["probability"], told["focal"]["probability"], main["several"],
             told["robustness"]["low"], told["robustness"]["high"], *(v["share"] for v in told["robustness"]["turned"]),
             statistics.median(float(row["exposure"]) for row in rows), main["image"]["gain"])
    grade, robust, image = main["grade"], told["robustness"], main["image"]
    allow(grade["observed"], grade["statements"], grade["by_main"], grade["exact"], grade["alone"], len(grade["publishers"]),
          robust["standing"], robust["variants"], robust["preference"] or 0, main["p_value"], image["days_now"], image["days_then"], 90,
          told["detectable"])
    days = re.compile(r"\b\d{1,2}(?: [A-Z][a-z]+)?(?: to \d{1,2})? [A-Z][a-z]+ \d{4}\b|\b[A-Z][a-z]+ \d{4}\b|\b\d{1,2} [A-Z][a-z]+ (?=and|to)")
    opened = unfolded(khasan)
    text = " ".join(re.findall(r'<p class="(?:lead|story)">(.*?)</p>', opened, flags=re.S)
                    + re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", opened.split('id="evidence"')[1].split("</section>")[0], flags=re.S))
    text = re.sub(r"“[^”]*”", " ", days.sub(" ", html.unescape(re.sub(r"<[^>]+>", " ", text))))
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    assert len(numbers) > 25
    low, high = (int(100 * robust[end] + 0.5) for end in ("low", "high"))
    none, peak, calm, _ = main["course"]
    for said in (f"in {robust['standing']} of {robust['variants']} ways", f"from {low} % to {high} %", f"chance of p = {main['p_value']:.3f};",
                 f"{grade['observed']} observed months rest on {grade['statements']} statements by {words[len(grade['publishers'])]} publishers",
                 f"{grade['by_main']} of them by {grade['main_publisher']}", f"{grade['exact']} are exact counts",
                 f"{grade['alone']} months hang on one statement", f"none in the {none['observed']} months",
                 f"{peak['low']:.0f} to {peak['high']:.0f} ships in the {words[peak['observed']]} months",
                 f"{max(low for low, _ in ends):.0f} of them in", f"{calm['low']:.0f} to {calm['high']:.0f} ships in the"):
        assert said in text.replace("\u202f", " "), said
    named = {number for v in told["robustness"]["turned"] for number in re.findall(r"\d+", v["name"])}
    assert [number for number in numbers if number not in allowed | named] == []


def test_the_share_image_has_the_size_that_networks_show(khasan):
    from PIL import Image

    with Image.open(khasan.parent / "figures" / "share.png") as picture:
        assert picture.size == (1200, 630)
        assert np.asarray(picture.convert("L")).std() > 10
    assert 'property="og:image" content="figures/share.png"' in khasan.read_text(encoding="utf-8")


# -- every page -------------------------------------------------------------------------------------------------
@pytest.mark.chromium
@pytest.mark.parametrize(("name", "view"), [(name, view) for name in EXPERIMENTS for view in VIEWS
                                            if name == "khasan_rajin" or view in ("1280", "360 dark")])
def test_axe_finds_no_violation_and_the_console_is_silent(browser, report, name, view):
    width, height, dark = VIEWS[view]
    browser.open(report(name), width, height, dark=dark)
    if view != "1280":  # rows of the ledger are all alike: once, all of them are judged, and then a dozen
        browser.ask("document.querySelectorAll('#ledger tbody tr:nth-child(n+13)').forEach((row) => row.remove())")
    assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"
    assert browser.axe() == []
    assert browser.faults() == []
    assert browser.requests() == [report(name).as_uri()], "the page asked for something beside itself"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_page_is_small(report, name):
    assert report(name).stat().st_size < LARGEST


# -- what is seen -----------------------------------------------------------------------------------------------
@pytest.mark.chromium
def test_the_first_picture_is_seen_without_scrolling(browser, khasan):
    browser.open(khasan)
    top, bottom = browser.ask("(({top, bottom}) => [top, bottom])"
                              "(document.querySelector('#figure-key .wide svg').getBoundingClientRect())")
    assert 0 < top < 250
    assert bottom <= 800


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "least"), [(360, 8.5), (1280, 9.5)])
def test_the_letters_of_every_picture_can_be_read_and_none_scrolls_sideways(browser, khasan, width, least):
    browser.open(khasan, width)
    letters, cut = browser.ask("""(() => {
        const seen = [...document.querySelectorAll("figure svg")].filter((svg) => svg.getClientRects().length);
        const size = (text) => parseFloat(getComputedStyle(text).fontSize)
          * text.closest("svg").getBoundingClientRect().width / text.closest("svg").viewBox.baseVal.width;
        return [seen.flatMap((svg) => [...svg.querySelectorAll("text")].map(size)),
                seen.filter((svg) => svg.parentElement.scrollWidth > svg.parentElement.clientWidth).length];
      })()""")
    assert len(letters) > 100
    assert min(letters) >= least
    assert cut == 0


@pytest.mark.chromium
def test_no_word_of_a_picture_is_cut_at_its_edge(browser, khasan):
    """The page's own letters may be wider than those that the picture was laid out with."""
    for width in (360, 1280):
        browser.open(khasan, width)
        cut = browser.ask("""[...document.querySelectorAll("figure svg")].filter((svg) => svg.getClientRects().length)
            .flatMap((svg) => [...svg.querySelectorAll("text")].filter((text) => {
                const [t, s] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
                return t.left < s.left - 2 || t.right > s.right + 2 || t.top < s.top - 2 || t.bottom > s.bottom + 2;
            }).map((text) => text.textContent))""")
        assert cut == []


@pytest.mark.chromium
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_open_page_is_short_and_its_first_screen_holds_the_answer_and_the_claims(browser, report, name):
    for width, height, picture in ((1280, 800, True), (380, 740, False)):
        browser.open(report(name), width, height)
        ends = browser.ask("""['.lead', '.claims, .first', '#figure-key'].map((each) => document.querySelector(each))
            .map((each) => each ? each.getBoundingClientRect().bottom : 0)""")
        assert max(ends if picture else ends[:2]) <= height, (width, ends)
    browser.open(report(name))
    assert browser.ask("document.documentElement.scrollHeight") <= 6000
    for kind, most in (("table", 6), ("figure", 6)):
        assert browser.ask(f"[...document.querySelectorAll({kind!r})].filter((each) => each.checkVisibility()).length") <= most


@pytest.mark.chromium
def test_dark_mode_changes_the_paper_and_the_picture(browser, khasan):
    from PIL import Image

    seen = []
    for dark in (False, True):
        browser.open(khasan, dark=dark)
        with Image.open(io.BytesIO(browser.picture())) as picture:
            seen.append(np.asarray(picture.convert("L")))
    light, dark_ = seen
    assert np.median(light) > 240
    assert np.median(dark_) < 50
    assert light.std() > 10
    assert dark_.std() > 10


@pytest.mark.chromium
def test_without_script_everything_can_be_read(browser, khasan):
    browser.open(khasan, script=False)
    browser.say("Emulation.setScriptExecutionDisabled", value=False)  # the question itself is a script
    rows, hidden, counts = browser.ask("""[document.querySelectorAll("#ledger tbody tr").length,
        document.querySelectorAll("#ledger tbody tr[hidden]").length,
        document.querySelectorAll("#counts-figure-key tbody tr").length]""")
    assert rows > 100
    assert hidden == 0
    assert counts > 30
    assert browser.ask("document.getElementById('filter').hidden"), "a filter that does nothing is not shown"


# -- by keyboard and by hand --------------------------------------------------------------------------------------
@pytest.mark.chromium
def test_the_ledger_is_filtered_by_keyboard_and_says_how_many_are_left(browser, khasan):
    browser.open(khasan)
    browser.ask("document.getElementById('ledgers').open = true")
    every = browser.rows_shown()
    browser.tab_to("#filter input[name=text]")
    browser.type("reuters")
    some = browser.rows_shown()
    assert 0 < some < every
    assert browser.ask("[...document.querySelectorAll('#ledger tbody tr:not([hidden])')]"
                       ".every((row) => row.textContent.toLowerCase().includes('reuters'))")
    assert browser.ask("document.querySelector('#filter output').textContent") == f"{some} of {every} statements"
    assert browser.ask("document.querySelector('#filter output').getAttribute('aria-live')") == "polite"


@pytest.mark.chromium
def test_the_ledger_is_sorted_by_keyboard_both_ways(browser, khasan):
    browser.open(khasan)
    browser.ask("document.getElementById('ledgers').open = true")
    browser.tab_to("#ledger thead th:nth-child(3) button")
    for direction, ordered in (("ascending", sorted), ("descending", lambda values: sorted(values, reverse=True))):
        browser.press("Enter")
        assert browser.ask("document.querySelector('#ledger thead th:nth-child(3)').getAttribute('aria-sort')") == direction
        counts = browser.ask("[...document.querySelectorAll('#ledger tbody tr')]"
                             ".map((row) => row.cells[2].dataset.key).filter((key) => key !== '').map(Number)")
        assert len(counts) > 100
        assert counts == ordered(counts)


@pytest.mark.chromium
def test_the_arrow_keys_walk_through_the_counts_of_the_picture(browser, khasan):
    browser.open(khasan)
    browser.tab_to("#figure-key .wide")
    browser.press("ArrowRight")
    first = browser.tip()
    assert re.search(r"January 2022\nShips: 0\nDays watched: \d+\s%\nPublisher: Reuters", first)
    browser.press("ArrowRight", 21)
    assert re.search(r"October 2023\nShips: 11", browser.tip())
    assert browser.ask("document.querySelector('.tip a').href").startswith("https://")
    assert browser.ask("document.querySelector('.tip').getAttribute('role')") == "status"
    browser.press("Escape")
    assert browser.tip() == ""


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "chart"), [(1280, "wide"), (360, "narrow")])
def test_pointing_at_a_count_shows_what_it_is(browser, khasan, width, chart):
    browser.open(khasan, width)
    x, y = browser.ask(f"""(() => {{
        const chart = document.querySelector("#figure-key .{chart}");
        chart.scrollIntoView();
        const row = [...document.querySelectorAll("#counts-figure-key tbody tr")].find((r) => r.cells[1].textContent.trim() === "11");
        const [fx, fy] = row.dataset["{chart}"].split(" ").map(Number), box = chart.getBoundingClientRect();
        return [box.left + fx * box.width, box.top + fy * box.height];
      }})()""")
    browser.point(x + 3, y - 2)
    assert re.search(r"October 2023\nShips: 11", browser.tip())
    # what is pointed at is the mark itself: it has the colour of ink there
    inside = browser.ask("""(() => { const b = document.querySelector(".tip").getBoundingClientRect();
        return b.left >= 0 && b.right <= document.documentElement.clientWidth; })()""")
    assert inside
    browser.point(2, 2)
    assert browser.tip() == ""


# -- on paper -----------------------------------------------------------------------------------------------------
@pytest.mark.chromium
def test_the_page_prints_on_a4_with_nothing_cut(browser, khasan):
    import pypdfium2

    browser.open(khasan)
    browser.say("Emulation.setEmulatedMedia", media="print")
    said = browser.ask("""[...document.querySelectorAll("h1, h2, h3, p, li, dt, dd, th, td, caption, figcaption, pre")]
        .filter((each) => each.getClientRects().length && each.checkVisibility()).map((each) => each.innerText)""")
    browser.say("Emulation.setEmulatedMedia", media="")
    document = pypdfium2.PdfDocument(browser.pdf())
    try:
        pages = [document[k] for k in range(len(document))]
        texts = [page.get_textpage() for page in pages]
        assert all(abs(page.get_width() - 595) < 2 and abs(page.get_height() - 842) < 2 for page in pages)
        assert 2 <= len(pages) <= 6
        printed = _bare("".join(text.get_text_range() for text in texts))
        assert len(said) > 100
        assert [text for text in said if _bare(text) not in printed] == []
        for page, text in zip(pages, texts, strict=True):
            boxes = np.array([text.get_charbox(k) for k in range(text.count_chars())])
            assert boxes[:, 0].min() >= 0
            assert boxes[:, 2].max() <= page.get_width()
        assert "seed: 0" not in printed, "no page of settings"
        assert _bare("Claim: what the counts say") in _bare(texts[0].get_text_range())
        assert _bare("Probability of a change") in _bare(texts[0].get_text_range()), "the key picture is on the first page"
    finally:
        document.close()


def _bare(text: str) -> str:
    """Letters and digits alone: lines break, and are hyphenated, elsewhere on paper."""
    return re.sub(r"[\W_]+", "", text)
