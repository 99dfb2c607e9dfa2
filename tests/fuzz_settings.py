"""Checks for what a stranger may write: configs and overrides of the command."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from forecast.experiment.config import _forced, compose
from forecast.support.untrusted import check_override, check_text, may_name

Data = st.DataObject
PIECES = st.sampled_from(["a", "_target_", "hydra", "forecast.models.ets.Ets", "os.system", "forecast.support.bootstrap.Path", "${oc.env:X}", "${a}", "defaults", "../x",
                          "[", "]", "{", "}", ": ", ", ", "\n", "- ", "  ", "&a ", "*a", "!!python/name:os ", "'", '"', "#", "\t", "1", "~", "=", "+", "@", ".", "|", "\0"])
WORDS = ("title", "horizon", "models", "a", "b_c", "series", "x.y", "é", "on", "12", "null", "hydras", "target")
PLAIN = ("text", "", "yes", 0, 1, -3, 2.5, True, None, "${horizon}", "${a.b}", "forecast.models.ets.Ets", "a: b", "- x", "#", "0x1f", "羅津", "1e5", "~")
TARGETS = ("os.system", "forecast.support.bootstrap.ensure", "builtins.eval", "forecast.models.ets._private", "forecast", "forecast.models.ets.Ets.paths", "hydra.utils.call", "pandas.eval", 3, None,
           ["forecast.models.ets.Ets"], "forecast.models..Ets", "Forecast.models.ets.Ets", " forecast.models.ets.Ets", "forecast.models.ets.Ets()")
EVIL = ("${oc.env:HOME}", "x ${oc.env:HOME,y}", "${oc.decode:${a}}", "${a:1}", "a\u202eb", "\x1b[0m", 2**70, "${${a}}", "\x00", "${a")


def _tree(rng: random.Random, depth: int) -> Any:
    if depth == 0 or rng.random() < 0.3:
        return rng.choice(PLAIN)
    if rng.random() < 0.3:
        return [_tree(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {rng.choice(WORDS): _tree(rng, depth - 1) for _ in range(rng.randint(0, 4))}


def _places(node: Any) -> list[Any]:
    """Every mapping and list of a tree."""
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return ([node] if isinstance(node, dict | list) else []) + [place for each in inner for place in _places(each)]


def configs_of_known_kind(data: Data) -> str:
    """Plain settings, however they are written, are taken as they are; with one evil thing anywhere they are refused."""
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    tree = {rng.choice(WORDS): _tree(rng, 3) for _ in range(rng.randint(1, 5))}
    evil = rng.random() < 0.5
    if evil:
        place = rng.choice(_places(tree))
        kind = rng.choice(("target", "hydra", "word"))
        value: Any = rng.choice(EVIL)
        if isinstance(place, list):
            place.insert(rng.randint(0, len(place)), {"_target_": rng.choice(TARGETS)} if kind == "target" else {"hydra": {}} if kind == "hydra" else value)
        elif kind == "target":
            place["_target_"] = rng.choice(TARGETS)
        elif kind == "hydra":
            place[rng.choice(("hydra", "hydra.callbacks", "hydra/launcher", "x@hydra.run"))] = {}
        else:
            place[rng.choice(WORDS)] = value
    text = yaml.safe_dump(tree, default_flow_style=rng.choice((True, False, None)), allow_unicode=rng.random() < 0.5, sort_keys=False, width=rng.choice((20, 80)),
                          default_style=rng.choice((None, None, '"')) if not evil else None)
    try:
        found = check_text(text, "x")
    except ValueError as error:
        assert evil or str(tree).count("${") > 12, error  # noqa: PT017 - what is plain is never refused
        assert "x" in str(error)  # noqa: PT017 - it names the file
        return "refused"
    assert not evil, text
    assert found == tree
    return "taken"


def checks_of_configs(data: Data) -> str:
    """A text is refused, or names nothing but what a config may name."""
    text = "".join(data.draw(st.lists(PIECES, max_size=14)))
    try:
        queue = [check_text(text, "x")]
    except ValueError as error:
        assert "x" in str(error)  # noqa: PT017 - any input may be refused
        return "refused"
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            assert "hydra" not in node
            assert may_name(node.get("_target_", "forecast.models.ets.Ets"))
            queue += [*node, *node.values()]
        elif isinstance(node, list):
            queue += node
        elif isinstance(node, str):
            assert "${oc." not in node
    return "taken"


def overrides_of_the_command(data: Data) -> str:
    """An override is refused in a sentence, or asks for nothing of Hydra's own and no resolver."""
    text = "".join(data.draw(st.lists(PIECES, max_size=8)))
    try:
        check_override(text)
        _forced([text])
    except ValueError as error:
        assert str(error)  # noqa: PT017 - any input may be refused
        return "refused"
    assert "${oc." not in text
    assert not text.lstrip("+~").startswith(("hydra.callbacks", "hydra.searchpath"))
    return "taken"


@cache
def _plain() -> dict[str, Any]:
    return compose("simulated_yard")


def overrides_that_are_composed(data: Data) -> str:
    """What an override says is what the settings hold, and nothing else of them changes; the rest ends in a sentence."""
    text = data.draw(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters="\\'$"), max_size=20))
    number = data.draw(st.integers(-10**6, 10**6))
    key, wanted, value = data.draw(st.sampled_from((
        ("title", text, f"'{text}'"), ("horizon", number, f"{number}"), ("seed", number, f"{number}"), ("question", text, f"'{text}'"), ("models", None, "[mean]"),
        ("delay_days", number / 8, f"{number / 8!r}"), ("title", None, text), ("nothing", None, "1"), (f"series.{text}", None, "1"), ("horizon", None, f"[{text}"))))
    try:
        found = compose("simulated_yard", f"{key}={value}")
    except ValueError as error:
        assert wanted is None, error  # noqa: PT017 - a quoted text and a number are never refused
        assert "\n" not in str(error)  # noqa: PT017 - one sentence
        return "refused"
    if wanted is not None:
        assert found[key] == wanted
    rest = {name: given for name, given in found.items() if name != key.partition(".")[0]}
    assert rest == {name: given for name, given in _plain().items() if name in rest}
    return "taken"
