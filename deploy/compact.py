"""
What a source file loses on the way to a board, to take less heap there: every name that
MicroPython must know at run time costs a place in its table of strings.

- A private whole number (`_WINDOW_S = 900`) becomes a constant of MicroPython's compiler.
- Private names (`_look_at`) that one file defines and no other mentions become `_a`, `_b`, ...: the same
  few for all files. An object must then not have private names of two files, so a file with a
  class on top of another file's keeps its own.

Lines stay where they are: file and line of a traceback are those of the source.
"""

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterator, Mapping

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*")


def compact(sources: Mapping[str, str]) -> dict[str, str]:
    """All sources (name -> text) of one tree, rewritten: only together do they show which names are one file's own."""
    constants = {name: _with_constants(text) for name, text in sources.items()}
    shared = _in_two_files(constants)
    return {name: _with_short_names(text, shared) for name, text in constants.items()}


# -- constants ----------------------------------------------------------------------------------


def _with_constants(text: str) -> str:
    """MicroPython's parser knows `const` without an import, and stores no private name it was given to."""
    module = ast.parse(text)
    lines = text.split("\n")
    for name, node, value in _whole_numbers(module):
        if _is_assigned_once(module, name):
            lines[node.lineno - 1] = f"{name} = const({value})"
    return "\n".join(lines)


def _whole_numbers(module: ast.Module) -> Iterator[tuple[str, ast.Assign, int]]:
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=expression) if node.end_lineno == node.lineno:
                value = _value(expression)
                if value is not None and _PRIVATE.fullmatch(name):
                    yield name, node, value


def _value(expression: ast.expr) -> int | None:
    if any(not isinstance(part, _ARITHMETIC) for part in ast.walk(expression)):
        return None
    value = eval(compile(ast.Expression(expression), "", "eval"))  # nothing but literals and arithmetic
    return value if type(value) is int else None


_ARITHMETIC = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)


def _is_assigned_once(module: ast.Module, name: str) -> bool:
    stores = 0
    for node in ast.walk(module):
        if isinstance(node, ast.Global) and name in node.names:
            return False
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            stores += 1
    return stores == 1


# -- names --------------------------------------------------------------------------------------


def _private_names(text: str) -> set[str]:
    """Private names in the code and whatever looks like one in a string."""
    return {name for name in _PRIVATE.findall(text) if not name.endswith("__")}


def _in_two_files(sources: Mapping[str, str]) -> set[str]:
    seen: set[str] = set()
    shared: set[str] = set()
    for text in sources.values():
        names = _private_names(text)
        shared |= seen & names
        seen |= names
    return shared


def _with_short_names(text: str, shared: set[str]) -> str:
    module = ast.parse(text)
    if _inherits(module):
        return text
    kept = shared | _in_strings(module) | _imported(module)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    used = {token.string for token in tokens if token.type == tokenize.NAME}
    own = sorted(name for name in _defined(module) - kept if _PRIVATE.fullmatch(name))
    short = dict(zip(own, _short_names(used | kept), strict=False))
    return _replace(text, tokens, short)


def _defined(module: ast.Module) -> set[str]:
    """Names that are given a value here. MicroPython's own private names are not."""
    names = set()
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
    return names


def _inherits(module: ast.Module) -> bool:
    classes = {node.name: node for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    own = {*classes, "Exception", "OSError", "ValueError"}
    return any(not (isinstance(base, ast.Name) and base.id in own) for one in classes.values() for base in one.bases)


def _in_strings(module: ast.Module) -> set[str]:
    texts = [node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {name for text in texts for name in _PRIVATE.findall(text)}


def _imported(module: ast.Module) -> set[str]:
    names = [node.names for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.name for aliases in names for alias in aliases}


def _short_names(taken: set[str]) -> Iterator[str]:
    for first in ("", *_LETTERS):
        for last in _LETTERS:
            name = f"_{first}{last}"
            if name not in taken and not keyword.iskeyword(name):
                yield name


def _replace(text: str, tokens: list[tokenize.TokenInfo], short: Mapping[str, str]) -> str:
    lines = text.split("\n")
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string in short:
            row, start = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:start] + short[token.string] + line[start + len(token.string) :]
    return "\n".join(lines)
