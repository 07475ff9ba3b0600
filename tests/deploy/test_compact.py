"""What a source loses on the way to a board, and what it must not."""

import pytest

from deploy.compact import compact

CASES = {
    "a private whole number is a constant": ("_A = 900\n", "_a = const(900)\n"),
    "so is arithmetic": ("_A = 15 * 60  # s\n", "_a = const(900)\n"),
    "a public one others may read": ("A = 900\n", "A = 900\n"),
    "a text is no constant": ("_A = 'x'\nprint(_A)\n", "_a = 'x'\nprint(_a)\n"),
    "truth is no number": ("_A = True\n", "_a = True\n"),
    "what changes is no constant": (
        "_n = 0\ndef f():\n    global _n\n    _n += 1\n",
        "_a = 0\ndef f():\n    global _a\n    _a += 1\n",
    ),
    "methods and attributes": (
        "class C:\n    def __init__(self):\n        self._left = 1\n    def _go(self):\n        return self._left\n",
        "class C:\n    def __init__(self):\n        self._b = 1\n    def _a(self):\n        return self._b\n",
    ),
    "a name of MicroPython's own": ("def _f(x):\n    return x._io_queue\n", "def _a(x):\n    return x._io_queue\n"),
    "a short name that is taken": ("def _long(_a):\n    return _a\n", "def _c(_b):\n    return _b\n"),
    "a name in a string": ("def _f():\n    return '_f'\n", "def _f():\n    return '_f'\n"),
    "a class on another file's": (
        "class C(o.D):\n    def _f(self):\n        pass\n",
        "class C(o.D):\n    def _f(self):\n        pass\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_file(name):
    before, after = CASES[name]
    assert compact({"a.py": before}) == {"a.py": after}


def test_a_name_that_another_file_imports_stays():
    files = {"a.py": "_n = 1\n", "b.py": "from a import _n\n"}
    assert compact(files) == files


def test_a_name_of_two_files_that_each_keep_to_themselves():
    files = {"a.py": "def f(self):\n    self._bus = 1\n", "b.py": "def g(self):\n    self._bus = 2\n"}
    short = {name: text.replace("_bus", "_a") for name, text in files.items()}
    assert compact(files) == short


def test_a_name_that_another_file_reaches_stays():
    files = {"a.py": "def _f():\n    pass\n", "b.py": "import a\na._f()\n"}
    assert compact(files) == files


def test_words_come_first():
    assert compact({"a.py": "def _f(peek):\n    pass\n_n = _f\n"}, ("peek", "poke")) == {
        "a.py": "def poke(peek):\n    pass\n_a = poke\n"
    }


def test_every_line_stays_where_it_was():
    text = '"""Why."""\n\n_A = (\n    1\n)\n\n\ndef _f():\n    # a comment\n    return _A\n'
    assert compact({"a.py": text})["a.py"].count("\n") == text.count("\n")
