"""
Linking: the modules that a role needs from its start to its end become one, before they are
compiled. On a board every module costs heap: its object, its dictionary, its tables of names and
constants, an entry for each thing it imports. Together they need these once.

Linked is what the role's file imports at the top of files, directly or through others. What is imported
in a function stays a module of its own, which comes and goes; so does a module that is used as a value. In
what is linked

- every name is one of the whole: a word that MicroPython has in its flash, which costs no heap;
- a whole number that never changes is written where it was named;
- what nobody names is left out.

Lines stay whole: a traceback's line is found in `Linked.files`.
"""

import ast
import operator
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from deploy.edit import Edit, cut, edited, renamed
from deploy.errors import BuildError
from deploy.scope import Imported, Scope
from deploy.source import Source, dotted
from deploy.words import PLAIN_WORDS

_ALIAS = "_linked"  # what a module that is not linked calls the one that is
_SMALL = 1 << 30  # from here on a number is an object on a board
_WORD = re.compile(r"[A-Za-z_]\w*")

_Place = tuple[str, str]  # module, name


class Linked(NamedTuple):
    texts: dict[str, str]  # name in the tree -> source
    files: tuple[tuple[int, str], ...]  # (line of the linked one, the file that begins there)


def source_of(files: tuple[tuple[int, str], ...], line: int) -> tuple[str, int]:
    """(file, line) of a line of the linked module."""
    first, name = files[bisect_right([start for start, _ in files], line) - 1]
    return name, line - first + 1


def link(sources: Mapping[str, str], root: str, callers: str) -> Linked:
    """
    `sources` (name in the tree -> text), with all that `root` (one of them) always needs linked into it.

    callers: text of whatever else calls into the tree. Of root's names those in it stay as they are.
    """
    names = {dotted(file) for file in sources}
    made = {dotted(file): Source(file, text, names) for file, text in sources.items()}
    return _Linker(made, dotted(root), set(_WORD.findall(callers))).link()


class _Linker:
    def __init__(self, sources: dict[str, Source], root: str, called: set[str]):
        self._sources = sources
        self._root = root
        names = [name for name, imported in sources[root].scope.names.items() if name in called and not imported]
        self._exported = {(root, name): name for name in sorted(names)}
        self._called = called.union(*(source.reached for source in sources.values()))
        alone = {module for source in sources.values() for module in source.modules_as_values()}
        self._linked = self._in_order(root, alone, {})
        self._check_order(alone)
        self._numbers: dict[_Place, int] = {}
        for name in self._linked | dict.fromkeys(sources):
            self._find_numbers(sources[name])
        self._kept = self._reachable()
        self._names = self._name_all()

    def _in_order(self, name: str, alone: set[str], found: dict[str, None]) -> dict[str, None]:
        for other in self._sources[name].needed_at_once:
            if other in self._sources and other not in alone and other not in found:
                self._in_order(other, alone, found)
        found[name] = None
        return found

    # What stays a module though the linked one imports it at once is imported before the linked one is there.
    def _check_order(self, alone: set[str]) -> None:
        for name in self._linked:
            for other in self._sources[name].needed_at_once:
                needs = self._sources[other].needed_at_once if other in self._sources and other in alone else ()
                if any(need in self._linked for need in needs):
                    raise BuildError(f"{name} imports {other}, which is used as a value somewhere: pass what it has")

    # Where what a name stands for is first defined, if that is in a module of ours.
    def _origin(self, source: Source, node: ast.AST, scope: Scope) -> _Place | None:
        what = source.meaning(node, scope)
        return (source.name, what) if isinstance(what, str) else self._first(what)

    def _first(self, what: Imported | None) -> _Place | None:
        if what is None or what.name is None or what.module not in self._sources:
            return None
        names = self._sources[what.module].scope.names
        if what.name not in names:
            raise BuildError(f"{what.module} has no {what.name}")
        passed_on = names[what.name]
        return self._first(passed_on) if passed_on else (what.module, what.name)

    # -- whole numbers ----------------------------------------------------------------------

    def _find_numbers(self, source: Source) -> None:
        for statement in source.tree.body:
            for name, value in _assignments(statement):
                number = _evaluate(value, lambda node: self._number(source, node, source.scope))
                if number is not None and abs(number) < _SMALL and name in source.assigned_once:
                    self._numbers[source.name, name] = number

    def _number(self, source: Source, node: ast.AST, scope: Scope) -> int | None:
        origin = self._origin(source, node, scope)
        return self._numbers.get(origin) if origin else None

    # -- what is named ----------------------------------------------------------------------

    def _reachable(self) -> set[_Place]:
        needs: dict[_Place, set[_Place]] = {}
        waiting = set(self._exported)
        for name, source in self._sources.items():
            for statement, nodes in source.statements:
                removable = self._removable(source, statement)
                if removable:
                    needs.setdefault((name, removable), set()).update(self._named_in(source, nodes))
                else:
                    waiting |= self._named_in(source, nodes)
        kept: set[_Place] = set()
        while waiting:
            place = waiting.pop()
            if place not in kept:
                kept.add(place)
                waiting |= needs.get(place, set())
        return kept

    # What a module keeps of its own may be called through its value, or by a caller outside of the tree.
    def _removable(self, source: Source, statement: ast.stmt) -> str | None:
        name = _removable(statement)
        return name if source.name in self._linked or name not in self._called else None

    def _named_in(self, source: Source, nodes: Iterable[tuple[ast.AST, Scope]]) -> set[_Place]:
        read = [pair for pair in nodes if not isinstance(getattr(pair[0], "ctx", None), ast.Store)]
        found = {self._origin(source, node, scope) for node, scope in read}
        return {place for place in found if place and place not in self._numbers}

    def _is_gone(self, source: Source, statement: ast.stmt) -> bool:
        names = [name for name, _ in _assignments(statement)]
        if names and all((source.name, name) in self._numbers for name in names):
            return source.name in self._linked or not self._called & set(names)
        removable = self._removable(source, statement)
        return removable is not None and (source.name, removable) not in self._kept

    def _name_all(self) -> dict[_Place, str]:
        taken = set().union(*(_WORD.findall(source.text) for source in self._sources.values()))
        free = iter([word for word in PLAIN_WORDS if word not in taken])
        names = dict(self._exported)
        for name in self._linked:
            source = self._sources[name]
            gone = {_removable(statement) for statement in source.tree.body if self._is_gone(source, statement)}
            for own, imported in source.scope.names.items():
                place = (name, own)
                if not (imported or own in gone or place in self._numbers or place in names):
                    names[place] = next(free, None) or f"_{len(names)}"
        return names

    # -- rewriting --------------------------------------------------------------------------

    def link(self) -> Linked:
        self._check_imports()
        texts = {one.file: self._rewritten(one, None) for one in self._sources.values() if one.name not in self._linked}
        parts: list[str] = []
        files = []
        imported: set[str] = set()
        for name in self._linked:
            files.append((1 + sum(part.count("\n") for part in parts), self._sources[name].file))
            parts.append(self._rewritten(self._sources[name], imported).rstrip("\n") + "\n")
        return Linked(texts | {self._sources[self._root].file: "".join(parts)}, tuple(files))

    # The linked sources share what they import from elsewhere, by its name.
    def _check_imports(self) -> None:
        known: dict[str, Imported] = {}
        for name in self._linked:
            for own, what in self._sources[name].scope.names.items():
                if what and what.module not in self._linked and known.setdefault(own, what) != what:
                    raise BuildError(f"{self._sources[name].file}: {own} is something else in another file")

    # imported: import statements that the linked one has already; None when `source` is not linked.
    def _rewritten(self, source: Source, imported: set[str] | None) -> str:
        gone = [one for one in source.tree.body if self._is_gone(source, one)]
        edits = [cut(source.lines, statement) for statement in gone]
        done = {id(node) for statement in gone for node in ast.walk(statement)}
        for node, scope in source.nodes:
            if id(node) in done:
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                edits.append(self._import(source, node, scope, imported))
            elif text := self._text_of(source, node, scope, imported is not None):
                edits.append(renamed(source.lines, node, text))
                done |= {id(part) for part in ast.walk(node)} if isinstance(node, ast.Attribute) else set()
        return edited(source.lines, edits)

    def _text_of(self, source: Source, node: ast.AST, scope: Scope, is_linked: bool) -> str | None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return self._names.get((source.name, node.name)) if is_linked and scope is source.scope else None
        number = self._number(source, node, scope)
        if number is not None and isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            return f"({number})" if number < 0 else str(number)
        origin = self._origin(source, node, scope)
        name = self._names.get(origin) if origin else None
        name = name or self._passed_on(source, node, scope)
        return name if is_linked or name is None else f"{_ALIAS}.{name}"

    # The name of something that one of the linked sources imports from elsewhere, and another takes from that one.
    def _passed_on(self, source: Source, node: ast.AST, scope: Scope) -> str | None:
        what, name = source.meaning(node, scope), None
        while isinstance(what, Imported) and what.name is not None and what.module in self._linked:
            name, what = what.name, self._sources[what.module].scope.names[what.name]
        return name

    def _import(
        self, source: Source, node: ast.Import | ast.ImportFrom, scope: Scope, imported: set[str] | None
    ) -> Edit:
        said = []
        for name, what in source.imports(node):
            origin = self._first(what)
            if origin in self._numbers:
                continue
            if what.module in self._linked or (origin and origin[0] in self._linked):
                said += [] if imported is not None else [f"import {self._root} as {_ALIAS}"]
                continue
            own = self._names.get((source.name, name), name) if scope is source.scope else name
            said.append(_import_text(what, own))
        if imported is not None and scope is source.scope:
            said = [one for one in said if one not in imported]
            imported.update(said)
        nothing = "" if node in source.tree.body else "pass"
        return cut(source.lines, node, "; ".join(dict.fromkeys(said)) or nothing)


def _import_text(what: Imported, own: str) -> str:
    if what.name is None:
        package, _, leaf = what.module.rpartition(".")
        said = f"from {package} import {leaf}" if package else f"import {leaf}"
    else:
        leaf, said = what.name, f"from {what.module} import {what.name}"
    return said if own == leaf else f"{said} as {own}"


# -- statements ---------------------------------------------------------------------------------


# (name, value) of the names that a statement gives a value.
def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
            for one, value in zip(names, values, strict=True):
                if isinstance(one, ast.Name):
                    yield one.id, value


# The name of what a statement defines, if it does nothing else.
def _removable(statement: ast.stmt) -> str | None:
    match statement:
        case ast.FunctionDef(name=name, decorator_list=[]) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name if all(_is_harmless(node) for node in ast.walk(value)) else None
    return None


def _is_harmless(node: ast.AST) -> bool:
    return not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id in _HARMLESS)


_HARMLESS = ("namedtuple", "bytes", "integer", "octets", "listing", "record")


# The value of arithmetic over whole numbers and what `known` knows; None for all else.
def _evaluate(value: ast.expr, known: Callable[[ast.expr], int | None]) -> int | None:
    match value:
        case ast.Constant(value=number) if type(number) is int:
            return number
        case ast.UnaryOp(op=operation, operand=operand) if type(operation) in _UNARY:
            number = _evaluate(operand, known)
            return None if number is None else _UNARY[type(operation)](number)
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _BINARY:
            one, other = _evaluate(left, known), _evaluate(right, known)
            return None if one is None or other is None else _BINARY[type(operation)](one, other)
        case ast.Name() | ast.Attribute():
            return known(value)
    return None


_UNARY: dict[type, Callable[[int], int]] = {ast.USub: operator.neg, ast.Invert: operator.invert}
_BINARY: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
}
