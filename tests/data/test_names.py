"""Objects are found under the name a user would type."""

from packages import collected


def test_a_private_definition_is_known_by_its_public_name():
    found = collected(
        {
            "pack/__init__.py": "from ._core import join, Table\n",
            "pack/_core.py": "def join(a, b):\n    'Join two things.'\nclass Table:\n    'A table.'\n"
            "    def row(self, n):\n        'One row.'\n",
        }
    )
    assert set(found) == {"pack.join", "pack.Table", "pack.Table.row"}
    assert found["pack.join"].file == "pack/_core.py"
    assert found["pack.Table.row"].signature == "(n)"


def test_the_shortest_public_path_is_the_name_and_the_others_are_aliases():
    found = collected(
        {
            "pack/__init__.py": "from .nn import *\n",
            "pack/nn/__init__.py": "from .linear import Linear\n__all__ = ['Linear']\n",
            "pack/nn/linear.py": "class Linear:\n    'A layer.'\n",
        }
    )
    assert found["pack.Linear"].aliases == ("pack.nn.Linear", "pack.nn.linear.Linear")


def test_star_imports_respect_the_list_of_public_names():
    found = collected(
        {
            "pack/__init__.py": "from ._a import *\n",
            "pack/_a.py": "__all__ = ['shown']\ndef shown():\n    'Shown.'\ndef hidden():\n    'Hidden.'\n",
        }
    )
    assert set(found) == {"pack.shown"}


def test_lists_of_public_names_may_be_built_from_others():
    found = collected(
        {
            "pack/__init__.py": "from . import _a, _b\nfrom ._a import *\nfrom ._b import *\n"
            "__all__ = _a.__all__ + ['third']\n__all__ += _b.__all__\ndef third():\n    'Third.'\n",
            "pack/_a.py": "__all__ = ['first']\ndef first():\n    'First.'\n",
            "pack/_b.py": "__all__ = ('second',)\ndef second():\n    'Second.'\n",
        }
    )
    assert set(found) == {"pack.first", "pack.second", "pack.third"}


def test_names_listed_but_bound_at_run_time_are_found_in_the_package():
    found = collected(
        {
            "pack/__init__.py": "__all__ = ['Late']\ndef __getattr__(name):\n    raise AttributeError(name)\n",
            "pack/late.py": "class Late:\n    'Loaded when needed.'\n",
        }
    )
    assert found["pack.Late"].aliases == ("pack.late.Late",)


def test_incidental_imports_are_not_names_of_the_importing_module():
    found = collected(
        {
            "pack/__init__.py": "",
            "pack/one.py": "def f():\n    'A function.'\n",
            "pack/two.py": "from pack.one import f\ndef g():\n    'Another function.'\n",
        }
    )
    assert found["pack.one.f"].aliases == ()
    assert set(found) == {"pack.one.f", "pack.two.g"}


def test_assignments_give_other_names():
    found = collected({"pack/__init__.py": "def _join(a):\n    'Join.'\njoin = _join\nclass A:\n    'An A.'\nB = A\n"})
    assert found["pack.join"].text == "Join."
    assert found["pack.A"].aliases == ("pack.B",)


def test_methods_of_a_module_level_instance_are_functions_of_the_module():
    found = collected(
        {
            "pack/__init__.py": "class Dice:\n    'Dice.'\n    def roll(self, sides=6):\n        'Roll once.'\n"
            "_inst = Dice()\nroll = _inst.roll\n"
        }
    )
    assert (found["pack.roll"].kind, found["pack.roll"].signature) == ("function", "(sides=6)")
    assert found["pack.Dice.roll"].kind == "method"


def test_methods_of_a_private_base_belong_to_the_public_class():
    found = collected(
        {
            "pack/__init__.py": "class _Base:\n    def add(self, x):\n        'Add x.'\n"
            "class Parser(_Base):\n    'A parser.'\n"
        }
    )
    assert set(found) == {"pack.Parser", "pack.Parser.add"}


def test_inherited_methods_are_aliases_in_small_families():
    found = collected(
        {
            "pack/__init__.py": "class Pure:\n    'Pure.'\n    def name(self):\n        'The name.'\n"
            "class Path(Pure):\n    'Path.'\n"
        }
    )
    assert found["pack.Pure.name"].aliases == ("pack.Path.name",)


def test_a_fallback_import_does_not_hide_the_definition_in_force():
    found = collected(
        {
            "pack/__init__.py": "try:\n    from ._fast import go\nexcept ImportError:\n    from ._slow import go\n",
            "pack/_fast.py": "def go():\n    'Go fast.'\n",
            "pack/_slow.py": "def go():\n    'Go slowly.'\n",
        }
    )
    assert found["pack.go"].text == "Go fast."


def test_import_cycles_end():
    found = collected(
        {
            "pack/__init__.py": "from .a import *\nfrom .b import *\n",
            "pack/a.py": "from .b import *\nfrom .b import y as x\n",
            "pack/b.py": "from .a import *\nfrom .a import x as y\ndef f():\n    'Found.'\n",
        }
    )
    assert "pack.f" in found


def test_the_name_that_sources_use_goes_before_a_shorter_one():
    files = {
        "pack/__init__.py": "from .sort import insert, insert_right\nfrom .sort import Long, L\n",
        "pack/sort.py": "def insert_right(a):\n    'Insert.'\ninsert = insert_right\n"
        "class Long:\n    'Long.'\nL = Long\n",
    }
    used = {"pack.insert": 9, "pack.insert_right": 1, "pack.L": 9, "pack.sort.insert": 99}
    assert set(collected(files)) == {"pack.insert_right", "pack.Long"}
    assert set(collected(files, used)) == {"pack.insert", "pack.Long"}


def test_the_public_half_of_a_package_lends_its_name():
    files = {
        "pack/__init__.py": "from pack_core import Failure\n__all__ = ['Failure']\n",
        "pack_core/__init__.py": "class Failure:\n    'It failed.'\n    def tell(self):\n        'Tell.'\n",
    }
    used = {"pack.Failure": 2, "pack_core.Failure": 9}
    assert set(collected(files, used)) == {"pack.Failure", "pack.Failure.tell"}


def test_a_documented_compiled_function_is_known_by_both_names():
    found = collected({"pack/__init__.py": "", "pack/nn.py": "conv = add_docstr(pack.conv, 'Convolve.')\n"})
    assert found["pack.nn.conv"].aliases == ("pack.conv",)
