"""Edits of a source text at the places of its syntax tree. Lines stay where they are."""

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_DEFINED = re.compile(r"(?:class|def)\s+(\w+)")


class Edit(NamedTuple):
    start: tuple[int, int]  # line from 1, column in characters
    end: tuple[int, int]
    text: str


def cut(lines: Sequence[str], statement: ast.stmt, text: str = "") -> Edit:
    """`text` instead of a statement, its decorators with it."""
    decorators = getattr(statement, "decorator_list", [])
    first, before = (decorators[0], 1) if decorators else (statement, 0)
    start = (first.lineno, _characters(lines[first.lineno - 1], first.col_offset) - before)
    return Edit(start, _end(lines, statement), text)


def renamed(lines: Sequence[str], node: ast.AST, text: str) -> Edit:
    """`text` instead of an expression, or of the name that a definition or an argument gives."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        found = _DEFINED.search(lines[node.lineno - 1], node.col_offset)
        assert found, node.name
        return Edit((node.lineno, found.start(1)), (node.lineno, found.end(1)), text)
    assert isinstance(node, ast.expr | ast.arg)
    start = (node.lineno, _characters(lines[node.lineno - 1], node.col_offset))
    end = (start[0], start[1] + len(node.arg)) if isinstance(node, ast.arg) else _end(lines, node)
    return Edit(start, end, text)


def attribute(lines: Sequence[str], node: ast.Attribute, text: str) -> Edit:
    """`text` instead of what stands behind the dot."""
    line, end = _end(lines, node)
    return Edit((line, end - len(node.attr)), (line, end), text)


def _end(lines: Sequence[str], node: ast.stmt | ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.end_lineno, _characters(lines[node.end_lineno - 1], node.end_col_offset)


# Offsets of the syntax tree count bytes of UTF-8.
def _characters(line: str, octets: int) -> int:
    return len(line.encode()[:octets].decode())


def edited(lines: Sequence[str], edits: Iterable[Edit]) -> str:
    """The text with all edits made, which do not overlap. What is cut leaves its line breaks."""
    text = list(lines)
    for (first, start), (last, end), new in sorted(edits, reverse=True):
        tail = text[last - 1][end:]
        text[first - 1] = text[first - 1][:start] + new + (tail if first == last else "")
        if first != last:
            text[first : last - 1] = [""] * (last - first - 1)
            text[last - 1] = tail
    return "\n".join(text)
