"""A Source is the text of one module, and what each name in it stands for."""

import ast
from collections.abc import Iterator, Set
from functools import cached_property

from deploy.errors import BuildError
from deploy.scope import Imported, Scope, bound, imports, uses


def dotted(file: str) -> str:
    """The module that a file of the device tree is."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Source:
    def __init__(self, file: str, text: str, modules: Set[str]):
        """file: its name in the device tree. modules: the names of all that are ours."""
        self.file = file
        self.name = dotted(file)
        self.text = text
        self.lines = text.split("\n")
        self.tree = ast.parse(text, file)
        self._modules = modules
        self._package = file.split("/", maxsplit=1)[0] if "/" in file else ""
        self.scope = Scope(bound(self.tree.body, self._package, modules))
        # Each statement of the module with the nodes below it, and the scopes they are in.
        self.statements = [(one, list(uses([one], self.scope, self._package, modules))) for one in self.tree.body]
        self.nodes = [node for _, nodes in self.statements for node in nodes]
        for node, _ in self.nodes:
            if isinstance(node, ast.Global | ast.Nonlocal | ast.JoinedStr):
                raise BuildError(f"{file}:{node.lineno}: `global`, `nonlocal` and f-strings cannot be linked")

    def imports(self, node: ast.Import | ast.ImportFrom) -> list[tuple[str, Imported]]:
        """(name, what it stands for) of what an import statement binds."""
        found = imports(node, self._package, self._modules)
        return [(alias.asname or alias.name, what) for alias, what in found]

    @cached_property
    def needed_at_once(self) -> list[str]:
        """The modules that its import statements at the top name."""
        statements = [node for node in self.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        return [what.module for node in statements for _, what in self.imports(node)]

    @cached_property
    def reached(self) -> set[str]:
        """Names that it may reach in another module: by an import, behind a dot, or in a text."""
        found = set()
        for node, scope in self.nodes:
            if isinstance(node, ast.Attribute) and self.meaning(node, scope) is None:
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.name for alias in node.names}
        return found

    @cached_property
    def assigned_once(self) -> set[str]:
        """Names of the module that are given a value in one place."""
        stored = [
            node.id for node, _ in self.nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        ]
        return {name for name in stored if stored.count(name) == 1}

    def meaning(self, node: ast.AST, scope: Scope) -> Imported | str | None:
        """What a name or a module's attribute stands for: something imported, a name of this module, or neither."""
        if isinstance(node, ast.Attribute):
            of = self.meaning(node.value, scope) if isinstance(node.value, ast.Name) else None
            if isinstance(of, Imported) and of.name is None and of.module in self._modules:
                return Imported(of.module, node.attr)
        at = scope.find(node.id) if isinstance(node, ast.Name) else None
        if at is None or not isinstance(node, ast.Name):
            return None
        return at.names[node.id] or (node.id if at is self.scope else None)

    def modules_as_values(self) -> Iterator[str]:
        """Modules that are used as a value, or are chosen while this module runs."""
        with_a_dot = {id(node.value) for node, _ in self.nodes if isinstance(node, ast.Attribute)}
        for node, scope in self.nodes:
            if isinstance(node, ast.Name) and id(node) not in with_a_dot:
                what = self.meaning(node, scope)
                if isinstance(what, Imported) and what.name is None:
                    yield what.module
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from (what.module for name, what in self.imports(node) if scope.names[name] != what)
