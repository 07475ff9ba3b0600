"""
Members: what objects of our classes have behind their dot, methods and attributes. On a board each
gets a word that MicroPython has in its flash anyway; the same one in all files of a tree.

A name stays as it is that MicroPython's own objects have, too: nothing in a source tells which is meant.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from deploy.edit import attribute, edited, renamed
from deploy.scope import bound
from deploy.words import WORDS

_NAME = re.compile(r"[A-Za-z_]\w*")

# Of the modules that a board has and `WORDS` does not list: machine, network, espnow, esp32, and of asyncio's tasks.
_OF_A_BOARD = """
    IF_AP IF_STA IN IRQ_FALLING IRQ_RISING MAX_DATA_LEN MAX_ENCRYPT_PEER_NUM MAX_TOTAL_PEER_NUM ONE_SHOT OPEN_DRAIN
    OUT PERIODIC PM_NONE PULL_DOWN PULL_UP active add_peer any atten block calibrate cancel config coro country data
    datetime deepsleep deinit del_peer disable_irq disconnect done drive duty enable_irq feed find flush freq
    get_next_update get_peer get_peers high hostname ifconfig info init ioctl ipconfig irecv irq isconnected
    lightsleep low mac memory mod_peer mode next peer_count peers_table ph_key pull read_u16 read_uv readblocks recv
    recvinto reset reset_cause scan send sendbreak set_boot set_pmk state stats status toggle txdone unique_id value
    width writeblocks
"""
BOARD_NAMES = frozenset(_OF_A_BOARD.split())


def shorten(sources: Mapping[str, str]) -> dict[str, str]:
    """All sources (name -> text) of a whole tree, with every member of a class of theirs under a word's name."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    kept = {*WORDS, *BOARD_NAMES, *_in_texts(nodes)}.union(*(bound(tree.body, "", ()) for tree in trees.values()))
    own = sorted(name for name in set(_defined(nodes)) - kept if not name.startswith("_"))
    taken = set().union(*map(behind_a_dot, trees.values()))
    short = dict(zip(own, [word for word in WORDS if word not in taken], strict=False))
    return {name: _renamed(sources[name], tree, short) for name, tree in trees.items()}


def _in_texts(nodes: Sequence[ast.AST]) -> set[str]:
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return {name for text in texts if isinstance(text, str) for name in _NAME.findall(text)}


def behind_a_dot(tree: ast.Module) -> set[str]:
    """Names that stand behind a dot, or in the scope of a class: no other name there may be the same."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name):
                found.add(name)
            case ast.arguments(defaults=values):
                found |= {part.id for value in values for part in ast.walk(value) if isinstance(part, ast.Name)}
            case ast.ClassDef(body=body):
                found |= {one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


def _defined(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.ClassDef(body=body):
                yield from (one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def _renamed(text: str, tree: ast.Module, short: Mapping[str, str]) -> str:
    lines = text.split("\n")
    edits = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in short:
            edits.append(attribute(lines, node, short[node.attr]))
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            edits += [renamed(lines, one, short[one.name]) for one in methods if one.name in short]
    return edited(lines, edits)
