"""
What a source file loses on the way to a board, to take less heap there: every name that
MicroPython must know at run time costs a place in its table of strings.

- A private whole number (`_WINDOW_S = 900`) becomes a constant of MicroPython's compiler.
- Private names (`_look_at`) become `_a`, `_b`, ...: the same few for all files; not where another file
  reaches them. An object must then not have private names of two files, so a file with a class on top of another
  file's keeps its own.

Lines stay where they are: file and line of a traceback are those of the source.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*")


def compact(sources: Mapping[str, str], words: Iterable[str] = ()) -> dict[str, str]:
    """
    All sources (name -> text) of one tree, rewritten: only together do they show which names are one file's own.

    words: what names may become before they become `_a`, `_b`, ...
    """
    modules = [ast.parse(text) for text in sources.values()]
    reached = _reached(modules)
    constants = {name: _with_constants(text, reached) for name, text in sources.items()}
    return {name: _with_short_names(text, reached, words) for name, text in constants.items()}


# -- constants ----------------------------------------------------------------------------------


def _with_constants(text: str, reached: set[str]) -> str:
    """MicroPython's parser knows `const` without an import, and stores no private name it was given to."""
    module = ast.parse(text)
    lines = text.split("\n")
    for name, node, value in _whole_numbers(module):
        if name not in reached and _is_assigned_once(module, name):
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


def _reached(modules: list[ast.Module]) -> set[str]:
    """Private names that a file imports, or takes of something else than `self`, and does not define alone."""
    defined = [_defined(module) for module in modules]
    reached: set[str] = set()
    for index, module in enumerate(modules):
        elsewhere = set().union(*defined[:index], *defined[index + 1 :])
        reached |= _imported(module) | {name for name in _taken_of_others(module) if name in elsewhere}
    return reached


def _taken_of_others(module: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name):
                found.add(name)
    return found


def _with_short_names(text: str, reached: set[str], words: Iterable[str]) -> str:
    module = ast.parse(text)
    if _inherits(module):
        return text
    kept = reached | _in_strings(module)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    used = {token.string for token in tokens if token.type == tokenize.NAME}
    own = {name for name in _defined(module) - kept if _PRIVATE.fullmatch(name)}
    free = (name for name in chain(words, _short_names()) if name not in used | kept)
    short = dict(zip(sorted(own), free, strict=False))
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


def _in_strings(module: ast.Module, pattern: re.Pattern[str] = _PRIVATE) -> set[str]:
    texts = [node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {name for text in texts for name in pattern.findall(text)}


def _imported(module: ast.Module) -> set[str]:
    names = [node.names for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.name for aliases in names for alias in aliases}


def _short_names() -> Iterator[str]:
    for first in ("", *_LETTERS):
        yield from (f"_{first}{last}" for last in _LETTERS)


def _replace(text: str, tokens: list[tokenize.TokenInfo], short: Mapping[str, str]) -> str:
    lines = text.split("\n")
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string in short:
            row, start = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:start] + short[token.string] + line[start + len(token.string) :]
    return "\n".join(lines)
