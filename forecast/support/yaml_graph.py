"""A YAML file before its aliases and merges are put in: how much it would become is counted first.

Nine lines of ten aliases each are a file of half a kilobyte, and a thousand million entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from forecast.support.terminal import quoted, short

NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
ODD_NUMBER = re.compile(r"[-+]?0[0-9_]+$|.*:")  # 010 is eight in YAML 1.1, and 1:30 is ninety


class GraphError(ValueError):
    """What a YAML file holds that settings do not, with its line where it stands in one."""

    def __init__(self, told: str, node: Node | None = None) -> None:
        super().__init__(told)
        self.line = "" if node is None else f", line {node.start_mark.line + 1}"


def loaded(text: str, most: int, deepest: int) -> object:
    """What a YAML text holds: plain data, of at most `most` entries on at most `deepest` levels.

    Raises GraphError for more, for numbers that YAML reads as others than they look, and keys that stand twice;
    YAMLError for what is no YAML, RecursionError for what is nested beyond all reason.
    """
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _size(root, {}, most, deepest)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _size(node: Node, known: dict[int, int], most: int, deepest: int) -> int:
    """Entries below a node when every alias and merge is put in."""
    if deepest < 0:
        raise GraphError("nested too deeply for settings")
    if id(node) in known:
        if not known[id(node)]:
            raise GraphError("nested too deeply: an alias names what it stands in", node)
        return known[id(node)]
    known[id(node)] = 0  # being counted
    if isinstance(node, ScalarNode):
        _check_number(node)
    elif isinstance(node, MappingNode):
        _check_keys(node)
    size = 1 + sum(_size(child, known, most, deepest - 1) for child in _children(node))
    if size > most:
        raise GraphError(f"more than {most} entries: an experiment is short, counts lie in ledgers")
    known[id(node)] = size
    return size


def _children(node: Node) -> Iterator[Node]:
    for part in node.value if not isinstance(node, ScalarNode) else ():
        yield from part if isinstance(node, MappingNode) else (part,)


def _check_number(node: ScalarNode) -> None:
    if node.tag in NUMBERS and node.style is None and ODD_NUMBER.match(node.value):
        raise GraphError(f"{quoted(node.value, 40)} would be read as another number: write a plain one, or put text in "
                         "quotes", node)


def _check_keys(node: MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode):
            if key.value in seen:
                raise GraphError(f"found duplicate key {short(key.value, 40)}: leave one of them", key)
            seen.add(key.value)
