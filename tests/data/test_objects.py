"""What is read from a source file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages import collected

from octavo.data.python.objects import read_objects
from octavo.data.texts import docstring, split_signature, tidy


def test_overloads_are_folded_into_one_record():
    found = collected(
        {
            "pack/__init__.py": "from typing import overload\n"
            "@overload\ndef get(n: int) -> int: ...\n@overload\ndef get(n: str) -> str: ...\n"
            "def get(n):\n    'Get it.'\n"
        }
    )
    assert found["pack.get"].signature == "(n: int) -> int\n(n: str) -> str"
    assert found["pack.get"].text == "Get it."


def test_signatures_are_as_written_on_one_line_and_without_self():
    found = collected(
        {
            "pack/__init__.py": "class A:\n    'A.'\n    def __init__(self, x: int = 0x10, /, *y, z='ä', **k):\n"
            "        pass\n    @staticmethod\n    def s(\n        a,\n        b=(1,\n           2),\n    ) -> None:\n"
            "        'S.'\n"
            "    @classmethod\n    def c(cls, a): 'C.'\n    @property\n    def p(self): 'P.'\n"
        }
    )
    assert found["pack.A"].signature == "(x: int = 0x10, /, *y, z='ä', **k)"
    assert found["pack.A.s"].signature == "(a, b=(1, 2)) -> None"
    assert found["pack.A.c"].signature == "(a)"
    assert (found["pack.A.p"].kind, found["pack.A.p"].signature) == ("property", "")


def test_a_class_without_documentation_takes_that_of_init():
    found = collected({"pack/__init__.py": "class A:\n    def __init__(self, x):\n        'Make an A of x.'\n"})
    assert found["pack.A"].text == "Make an A of x."
    assert "pack.A.__init__" not in found


def test_variables_are_documented_by_strings_and_marked_comments():
    found = collected(
        {
            "pack/__init__.py": "'The pack.'\nlimit = 3\n'How many.'\n#: How fast,\n#: in metres.\nspeed = 4\n"
            "size = 5  #: How big.\nplain = 6  # not this\n"
        }
    )
    assert found["pack"].kind == "module"
    assert {d.id: d.text for d in found.values() if d.kind == "data"} == {
        "pack.limit": "How many.",
        "pack.speed": "How fast,\nin metres.",
        "pack.size": "How big.",
    }


def test_private_names_are_left_out_and_documented_dunders_kept():
    found = collected(
        {
            "pack/__init__.py": "class A:\n    'A.'\n    def _p(self): 'Private.'\n"
            "    def __len__(self): 'Length in metres.'\n"
            "def _f(): 'Private.'\n"
        }
    )
    assert set(found) == {"pack.A", "pack.A.__len__"}


def test_documentation_added_by_calls_is_found():
    found = collected(
        {
            "num/__init__.py": "from ._core import array\n__all__ = ['array']\n",
            "num/_core/__init__.py": "from .multi import *\nfrom ._docs import *\n",
            "num/_core/multi.py": "from ._compiled import *\n__all__ = ['array']\n",
            "num/_core/_docs.py": "add_newdoc('num._core.multi', 'array',\n"
            "    '''\n    array(x, /)\n\n    Make an array.\n    ''')\n"
            "add_newdoc('num._core.multi', 'array', ('sum', 'Add up.'))\n"
            "add_newdoc('num._core.multi', 'array', [('min', 'The least.'), ('max', 'The greatest.')])\n",
        }
    )
    assert found["num.array"].text == "Make an array."
    assert found["num.array"].signature == "(x, /)"
    assert {name for name in found if name.startswith("num.array.")} == {
        "num.array.sum",
        "num.array.min",
        "num.array.max",
    }


def test_templates_of_added_documentation_are_filled_where_they_are_known():
    found = collected(
        {
            "tor/__init__.py": "from . import _docs\n",
            "tor/_docs.py": "import tor\nfrom tor._C import add_docstr\n"
            'common = parse_kwargs("""\n    input (Tensor): the input.\n    out (Tensor): the output.\n""")\n'
            'add_docstr(tor.abs, r"""\nabs(input) -> Tensor\n\nThe absolute value.\n\n'
            'Args:\n    {input}\n""".format(**common)\n'
            '    + "More.")\nadd_docstr(tor.neg, computed())\n',
        }
    )
    assert found["tor.abs"].text == "The absolute value.\n\nArgs:\n    input (Tensor): the input.\nMore."
    assert found["tor.abs"].signature == "(input) -> Tensor"
    assert "tor.neg" not in found


def test_an_assigned_add_docstr_documents_the_name_it_is_assigned_to():
    found = collected({"pack/__init__.py": "cross = _add_docstr(_C.cross, 'cross(a, b)\\n\\nCross product.')\n"})
    assert (found["pack.cross"].signature, found["pack.cross"].text) == ("(a, b)", "Cross product.")


def test_documentation_is_taken_from_where_a_wrapper_points():
    found = collected(
        {
            "pack/__init__.py": "import functools\nimport _c\ndef _f(a):\n    'Do it.'\n"
            "@functools.wraps(_f)\ndef f(*args): ...\ndef g(): ...\ng.__doc__ = f.__doc__\n"
            "def h(): ...\nh.__doc__ = 'H.'\n"
        }
    )
    assert {name: document.text for name, document in found.items()} == {
        "pack.f": "Do it.",
        "pack.g": "Do it.",
        "pack.h": "H.",
    }


def test_declared_encodings_and_byte_order_marks_are_respected():
    latin = "# -*- coding: latin-1 -*-\ndef f(x='é'):\n    'Größe'\n".encode("latin-1")
    marked = b"\xef\xbb\xbfdef f(x: int):\n    'Gr\xc3\xb6\xc3\x9fe'\n"
    assert read_objects(latin, "m", is_package=False)["defs"]["f"]["doc"] == "Größe"
    facts = read_objects(marked, "m", is_package=False)["defs"]["f"]
    assert (facts["doc"], facts["sigs"]) == ("Größe", ["(x: int)"])


@pytest.mark.parametrize("source", [b"def f(:\n", b"\xff\xfe", b"# coding: nonsense\n", b"x = '\x00'\n"])
def test_what_cannot_be_parsed_raises_and_never_returns_half(source):
    with pytest.raises((SyntaxError, ValueError)):
        read_objects(source, "m", is_package=False)


def test_invalid_escapes_in_sources_raise_no_warning():
    assert read_objects(b"def f():\n    'a \\d b'\n", "m", is_package=False)["defs"]["f"]["doc"] == "a \\d b"


@given(st.text())
def test_tidy_texts_can_be_written_and_are_stable(text):
    once = tidy(text)
    once.encode("utf-8")
    assert tidy(once) == once
    assert "\0" not in once
    assert "\r" not in once


@given(st.text(alphabet="f(ab)[,] ->\n."))
def test_splitting_a_signature_never_loses_the_documentation(text):
    text = docstring(text)
    forms, rest = split_signature("f", text)
    assert rest == text if not forms else text.endswith(rest) and rest


def test_documentation_assigned_in_the_body_of_a_class_is_its_own():
    found = collected(
        {
            "pack/__init__.py": "notes = {'note': 'Beware.'}\nclass Layer:\n"
            "    __doc__ = 'A layer.\\n' + '{note}'.format(**notes) + unknown()\n"
            "    def call(self):\n        'Call it.'\nclass Copy:\n    __doc__ = Layer.__doc__\n",
        }
    )
    assert found["pack.Layer"].text == "A layer.\nBeware."
    assert found["pack.Copy"].text == "A layer.\nBeware."


def test_a_text_with_an_unknown_beginning_is_not_taken():
    found = collected({"pack/__init__.py": "def f(): pass\nf.__doc__ = g.__doc__[:9] + 'the rest of it'\n"})
    assert found == {}


def test_named_tuples_are_documented_by_their_fields():
    found = collected({"pack/__init__.py": "from collections import namedtuple\nPair = namedtuple('Pair', 'a, b')\n"})
    assert (found["pack.Pair"].text, found["pack.Pair"].signature) == ("Pair(a, b)", "(a, b)")


def test_functions_made_from_others_have_their_documentation():
    found = collected(
        {
            "pack/__init__.py": "class Array:\n    def total(self):\n        'The sum.'\n"
            "class Solver:\n    'Solves.'\n"
            "def pool_with_indices(x):\n    'Pool it.'\ndef _pool(x): pass\n"
            "total = from_method('total')\nsolve = wrapper('solve', Solver)\n"
            "pool = dispatch(if_true=pool_with_indices, if_false=_pool)\n",
        }
    )
    assert found["pack.total"].text == "The sum."
    assert found["pack.solve"].text == "Solves."
    assert found["pack.pool"].text == "Pool it."


def test_documentation_added_in_a_loop_reaches_each_object():
    found = collected(
        {"pack/__init__.py": "for name in ('a', 'b'):\n    add_newdoc('pack', name, f'What {name} does.')\n"}
    )
    assert {name: one.text for name, one in found.items()} == {
        "pack.a": "What a does.",
        "pack.b": "What b does.",
    }


def test_documentation_assigned_in_a_module_is_that_of_the_module():
    assert collected({"pack.py": "# a comment\n__doc__ = 'What it is for.'\n"})["pack"].text == "What it is for."
