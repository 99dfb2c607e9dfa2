"""What the command offers: its subcommands, and the page that `forecast --help` prints.

It imports neither pandas nor Hydra, so that the page comes up at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

DEFAULT = "khasan_rajin"
# subcommand -> what it does; its module in this room has `command(words) -> int`, imported when it is asked for
COMMANDS = {
    "compare": "a ranked table of what was run",
    "rerun": "run a report again, and say what differs",
    "watch": "what each row since a day adds to what was known",
    "feeds": "the layouts of files that are read",
    "check": "what would be read of a file",
    "init": "an experiment from a file, ready to run",
    "panel": "every series of a file: changes, an event, what comes next",
}
USAGE = """\
Did the traffic change, when, by how much, which dated events fit, and what comes next.

  forecast                                       run the experiment {default}
  forecast -cn seatbelts horizon=6               another one, with a setting of its own
  forecast -cn seatbelts 'models=[ets,mean]'     with these models only
  forecast -cn seatbelts -m models=ets,mean      a sweep: one run each, and a table
  forecast compare reports/                      {compare}
  forecast rerun reports/seatbelts               {rerun}
  forecast watch khasan_rajin 2024-06-01         {watch}
  forecast feeds                                 {feeds}
  forecast check FILE                            {check}
  forecast init FILE mine                        {init}
  forecast panel FILE FOLDER --event 2023-11-19  {panel}

forecast COMMAND --help lists the options of a command, with examples.

options
  -cn, --config-name NAME    the experiment: experiments/NAME.yaml, of this folder or of those that ship
  -cd, --config-dir FOLDER   another folder that holds experiments
  -m, --multirun             run every combination of settings with several values (a=1,2)
  --trust PACKAGE            let a config name classes of this package of your own; nothing else of it is called
  --cfg job                  print the settings that would be run, and stop
  --quiet                    print nothing but errors
  --json                     print the findings as JSON instead of their summary
  -h, --help                 this page
  --version                  the release

output=FOLDER says where a report goes (reports/NAME); hydra.verbose=true shows where an error comes from.
"""


def overview() -> str:
    """The page of help; experiments, names and settings are read from the files that say them."""
    from forecast.experiment.config import GROUPS, experiments
    from forecast.support.registry import folder, names

    lines = [USAGE.format(default=DEFAULT, **COMMANDS), "experiments (-cn)"]
    for name, path in sorted(experiments().items()):
        title = re.search(r"^title:\s*(.+)$", _start(path), flags=re.M)
        lines.append(f"  {name:<20} {title[1] if title else ''}".rstrip())
    for group in GROUPS:
        lines += ["", f"{group} ({group}=NAME or {group}=[NAME,NAME])", *_wrapped(names(group))]
    base = (folder("conf") / "base.yaml").read_text(encoding="utf-8")
    settings = re.findall(r"^(\w+): *(\d\S*|\w+) +# (.+)$", base, flags=re.M)
    lines += ["", "settings (key=value)", *(f"  {f'{key}={value}':<26} {what}" for key, value, what in settings)]
    return "\n".join(lines) + "\n"


def _start(path: Path) -> str:
    """The first lines of a file of which nothing is known yet, as text that a terminal only shows."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return ""
    with path.open("rb") as file:
        text = file.read(4096).decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "" for c in text)


def _wrapped(words: Sequence[str]) -> list[str]:
    import textwrap

    return textwrap.wrap(", ".join(words), 100, initial_indent="  ", subsequent_indent="  ")
