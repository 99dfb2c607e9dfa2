"""`forecast feeds`: the layouts of files that are read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from forecast.cli.parser import Parser
from forecast.support.untrusted import trusted


def command(words: Sequence[str]) -> int:
    """Print every layout in one line, with the name of its sample in tests/feeds."""
    from forecast.evidence.feeds.layouts import feeds

    parser = Parser("feeds", "The layouts of files that are read; a file is known by its content, never by its name.",
                    ("forecast feeds", "forecast check FILE"))
    parser.add_argument("words", nargs="*", help="(none)")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.offer_trust("list layouts")
    given = parser.read(words)
    if given.words:
        raise ValueError(f"feeds takes no word, got {' '.join(given.words)}: forecast check FILE says what a file is")
    with trusted(given.trust):
        known = feeds()
    if given.json:
        print(json.dumps([{"name": feed.name, "what": feed.what, "kind": feed.kind} for feed in known]))
    else:
        for feed in known:
            print(f"{feed.name:<16} {feed.what}  [{feed.sample}]")
    return 0
