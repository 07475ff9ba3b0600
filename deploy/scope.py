"""
What a name in a source stands for: a variable of a function, a name of the module, something
imported. The linker renames by this; nothing is run to find it out.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OWN_SCOPE = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


class Imported(NamedTuple):
    module: str
    name: str | None  # None: the module itself


@dataclass(frozen=True)
class Scope:
    names: dict[str, Imported | None]  # None: bound by something else than one import
    above: "Scope | None" = None
    is_class: bool = False
    of: ast.AST | None = None  # the function, class or comprehension; None: the module

    def find(self, name: str) -> "Scope | None":
        """The scope that binds `name` where it is used in this one; None: MicroPython's own."""
        at: Scope | None = self
        while at is not None:
            if name in at.names and (at is self or not at.is_class):
                return at
            at = at.above
        return None


def bound(body: Iterable[ast.AST], package: str, modules: Iterable[str]) -> dict[str, Imported | None]:
    """What statements bind in their own scope. package: for relative imports; modules: those that are ours."""
    names: dict[str, Imported | None] = {}
    for node in _of_this_scope(body):
        for name, what in _bound_by(node, package, modules):
            names[name] = what if names.get(name, what) == what else None
    return names


def _of_this_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        if not isinstance(node, _OWN_SCOPE):
            yield from _of_this_scope(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST, package: str, modules: Iterable[str]) -> Iterator[tuple[str, Imported | None]]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.ExceptHandler(name=str(name)) | ast.arg(arg=name):
            yield name, None
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case ast.Import() | ast.ImportFrom():
            for alias, what in imports(node, package, modules):
                yield alias.asname or alias.name, what


def imports(
    node: ast.Import | ast.ImportFrom, package: str, modules: Iterable[str]
) -> Iterator[tuple[ast.alias, Imported]]:
    """Each thing an import statement binds."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias, Imported(alias.name, None)
            continue
        base = ".".join(([package] if node.level else []) + ([node.module] if node.module else []))
        whole = f"{base}.{alias.name}"
        yield alias, Imported(whole, None) if whole in modules else Imported(base, alias.name)


def arguments(of: ast.arguments) -> list[ast.arg]:
    """All of a function, in order."""
    others = [one for one in (of.vararg, of.kwarg) if one]
    return [*of.posonlyargs, *of.args, *of.kwonlyargs, *others]


def uses(
    body: Iterable[ast.AST], scope: Scope, package: str, modules: Iterable[str]
) -> Iterator[tuple[ast.AST, Scope]]:
    """Every node of some statements in `scope`, with the scope it is in itself."""

    def inside(nodes: Iterable[ast.AST | None], scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
        for node in nodes:
            if node is not None:
                yield node, scope
                yield from below(node, scope)

    def below(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
        if isinstance(node, _FUNCTIONS):
            body = node.body if isinstance(node.body, list) else [node.body]
            own = Scope(bound([*arguments(node.args), *body], package, modules), scope, of=node)
            yield from inside([*node.args.defaults, *node.args.kw_defaults], scope)
            yield from inside([] if isinstance(node, ast.Lambda) else node.decorator_list, scope)
            yield from inside(body, own)
        elif isinstance(node, ast.ClassDef):
            yield from inside([*node.decorator_list, *node.bases], scope)
            yield from inside(node.body, Scope(bound(node.body, package, modules), scope, True, node))
        elif isinstance(node, _COMPREHENSIONS):
            own = Scope(bound(node.generators, package, modules), scope, of=node)
            yield from inside([node.generators[0].iter], scope)
            rest = [part for part in ast.iter_child_nodes(node) if part is not node.generators[0]]
            yield from inside([node.generators[0].target, *node.generators[0].ifs, *rest], own)
        else:
            yield from inside(ast.iter_child_nodes(node), scope)

    yield from inside(body, scope)
