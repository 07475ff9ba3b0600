"""
Short names for what is seen in one place only: the arguments of a function that nobody passes by
name, the private attributes of a class that are reached through `self` alone. All functions share
the same few words, and so do all classes.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from deploy.edit import Edit, attribute, edited, renamed
from deploy.members import behind_a_dot
from deploy.scope import Scope, arguments, bound, uses
from deploy.words import WORDS

_PRIVATE = re.compile(r"_[A-Za-z]\w*")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def shorten(sources: Mapping[str, str]) -> dict[str, str]:
    """All sources (name -> text) of a whole tree: only together do they show what is passed by name."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    everything = [node for tree in trees.values() for node in ast.walk(tree)]
    by_name = {node.arg for node in everything if isinstance(node, ast.keyword) and node.arg}
    shared = _reached_from_outside(everything)
    return {name: _shortened(text, trees[name], by_name, shared) for name, text in sources.items()}


# Private names that something else than `self` has, or a text holds.
def _reached_from_outside(nodes: Sequence[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="self")):
                pass
            case ast.Attribute(attr=name):
                found.add(name)
            case ast.Constant(value=str(text)):
                found |= set(_PRIVATE.findall(text))
    return found


def _shortened(text: str, tree: ast.Module, by_name: set[str], shared: set[str]) -> str:
    lines = text.split("\n")
    taken = set(re.findall(r"[A-Za-z_]\w*", text))
    words = [word for word in WORDS if word not in taken]
    edits = list(_arguments(lines, tree, by_name, words))
    known = behind_a_dot(tree)
    words = [word for word in WORDS if word not in known]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.bases:
            edits += _attributes(lines, node, shared, words)
    return edited(lines, edits)


# -- arguments ----------------------------------------------------------------------------------


def _arguments(lines: Sequence[str], tree: ast.Module, by_name: set[str], words: Sequence[str]) -> Iterator[Edit]:
    short: dict[int, dict[str, str]] = {}
    for node, scope in uses(tree.body, Scope(bound(tree.body, "", ())), "", ()):
        if isinstance(node, _Function):
            first = sum(len(names) for names in _around(scope, short))
            own = [one for one in arguments(node.args) if one.arg not in by_name | {"self"}]
            short[id(node)] = dict(zip([one.arg for one in own], words[first:], strict=False))
            yield from (renamed(lines, one, short[id(node)][one.arg]) for one in own)
        elif isinstance(node, ast.Name):
            at = scope.find(node.id)
            new = short.get(id(at.of), {}).get(node.id) if at else None
            if new:
                yield renamed(lines, node, new)


def _around(scope: Scope | None, short: Mapping[int, dict[str, str]]) -> Iterator[dict[str, str]]:
    while scope is not None:
        yield short.get(id(scope.of), {})
        scope = scope.above


# -- attributes ---------------------------------------------------------------------------------


def _attributes(lines: Sequence[str], node: ast.ClassDef, shared: set[str], words: Sequence[str]) -> Iterator[Edit]:
    plain = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    own = sorted(name for name in _defined(node) - shared - plain if _PRIVATE.fullmatch(name))
    short = dict(zip(own, words, strict=False))
    for each in ast.walk(node):
        match each:
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in short:
                yield attribute(lines, each, short[name])
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in short:
                yield renamed(lines, each, short[name])


def _defined(node: ast.ClassDef) -> set[str]:
    names = {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    for each in ast.walk(node):
        match each:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names
