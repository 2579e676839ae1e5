"""A fingerprint is what code means: blind to comments, docstrings and annotations, awake to everything that can run."""

import io
import os
import time
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import octavo
from octavo.spine.errors import OctavoError
from octavo.spine.fingerprint import CodeReader, meaning_of

SOURCES = sorted(Path(octavo.__file__).parent.rglob("spine/*.py"))


def digest(source: str) -> str:
    return meaning_of(source).digest


def starts_of_lines(source: str) -> list[int]:
    """The physical lines (from 1) at which a logical line starts, so that a comment may stand before them."""
    lines, fresh = [], True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING):
            continue
        if fresh:
            lines.append(token.start[0])
        fresh = token.type == tokenize.NEWLINE
    return lines


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_inserting_comments_and_blank_lines_changes_nothing(data):
    source = data.draw(st.sampled_from([s for s in SOURCES if s.read_text()])).read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(starts_of_lines(source)), max_size=8))
    text = data.draw(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))))
    for number in sorted(chosen, reverse=True):
        lines.insert(number - 1, f"# {text}\n\n")
    assert digest("".join(lines)) == digest(source)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_another_constant_is_another_meaning(a, b):
    assert (digest(f"x = {a}") == digest(f"x = {b}")) == (a == b)


BLIND = [
    ('def f(x):\n    """Say x."""\n    return x', "def f(x):\n    return x"),
    ("def f(x: int) -> int:\n    y: int = x\n    return y", "def f(x):\n    y = x\n    return y"),
    ("from typing import Any\nfrom collections.abc import Iterable\nx: Any = 1", "x = 1"),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import octavo.model.training.loop\nx = 1", "x = 1"),
    ("import typing\nif typing.TYPE_CHECKING:\n    y = 2\nelse:\n    y = 3", "import typing\ny = 3"),
    ("class A:\n    x: int = 1\n    '''What x is.'''", "class A:\n    x: int = 1"),
    ("def f():\n    pass", 'def f():\n    """Nothing."""'),
    ("x = (1,\n     2)", "x = (1, 2)"),
    ("x = 'a'", 'x = "a"'),
    ("__version__ = '1'", "__version__ = '2'"),
]


@pytest.mark.parametrize(("one", "other"), BLIND)
def test_what_does_not_change_what_code_does_does_not_count(one, other):
    assert digest(one) == digest(other)


AWAKE = [
    ("x = 1", "x = 2"),
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = True"),
    ("x = 'a'", "x = b'a'"),
    ("class A:\n    x: int = 1", "class A:\n    x: float = 1"),
    ("@register\ndef f(x: int): ...", "@register\ndef f(x: str): ..."),
    ("def f(x=1):\n    return x", "def f(x=2):\n    return x"),
    ("import a\nimport b", "import b\nimport a"),
    ("def f():\n    return 'say'", "def f():\n    'say'"),
    ("def f():\n    return", "def f():\n    yield"),
    ("from octavo.a import b", "from .a import b"),
]


@pytest.mark.parametrize(("one", "other"), AWAKE)
def test_what_changes_what_code_does_counts(one, other):
    assert digest(one) != digest(other)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An importable package that grows by `write`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    place = tmp_path / "trade"

    def write(name: str, text: str) -> Path:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in (file.parent, place):
            (folder / "__init__.py").touch()
        file.write_text(text)
        return file

    return write


FORMS = {
    "plain": "import trade.tool",
    "from a package": "from trade import tool",
    "a name from a module": "from trade.tool import hammer",
    "relative": "from . import tool",
    "relative name": "from .tool import hammer",
    "inside a function": "def run():\n    from trade import tool",
    "in a branch": "try:\n    import trade.tool\nexcept ImportError:\n    pass",
    "by import_module": "import importlib\ntool = importlib.import_module('trade.tool')",
    "a command line": "COMMAND = ['python', '-m', 'trade.tool']",
    "star": "from trade.tool import *",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_import_is_followed(package, form):
    package("tool.py", "from trade.inner import iron\nhammer = 1")
    package("inner/iron.py", "weight = 3")
    package("stage.py", FORMS[form])
    found = CodeReader().fingerprint("trade.stage")
    assert set(found) == {"trade", "trade.stage", "trade.tool", "trade.inner", "trade.inner.iron"}


def test_what_is_not_imported_does_not_count(package):
    package("tool.py", "hammer = 1")
    package("stage.py", "import json\nimport octavo.spine.errors\nTEXT = 'trade.nothing'")
    found = CodeReader().fingerprint("trade.stage")
    assert set(found) == {"trade", "trade.stage", "octavo", "octavo.spine", "octavo.spine.errors"}


def test_a_package_file_on_the_way_counts(package):
    package("inner/iron.py", "weight = 3")
    package("stage.py", "import trade.inner.iron")
    before = CodeReader().fingerprint("trade.stage")
    package("inner/__init__.py", "import os")
    after = CodeReader().fingerprint("trade.stage")
    assert [name for name in after if before[name] != after[name]] == ["trade.inner"]


def test_the_memory_of_files_is_as_good_as_reading_them(package, tmp_path):
    file = package("stage.py", "x = 1")
    old = time.time() - 100
    os.utime(file, (old, old))
    cache = tmp_path / "code.json"
    reader = CodeReader(cache)
    first = reader.fingerprint("trade.stage")
    reader.save()
    assert str(file) in cache.read_text()
    assert CodeReader(cache).fingerprint("trade.stage") == first
    file.write_text("x = 2")
    assert CodeReader(cache).fingerprint("trade.stage") != first
    cache.write_text("{ not json")
    file.write_text("x = 1")
    assert CodeReader(cache).fingerprint("trade.stage") == first


def test_a_file_changed_just_now_is_not_remembered(package, tmp_path):
    package("stage.py", "x = 1")
    reader = CodeReader(tmp_path / "code.json")
    reader.fingerprint("trade.stage")
    reader.save()
    assert "trade/stage.py" not in ((tmp_path / "code.json").read_text() if (tmp_path / "code.json").exists() else "")


def test_a_broken_source_file_is_named(package):
    file = package("stage.py", "def f(:\n")
    with pytest.raises(OctavoError) as caught:
        CodeReader().fingerprint("trade.stage")
    assert (caught.value.code, caught.value.where) == ("S013", str(file))
