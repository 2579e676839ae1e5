"""Documentation inside compiled modules is found by its text, and never given to the wrong name."""

from octavo.data.python.embedded import read_embedded, told_by_examples

NORMAL = (
    "\n        normal(loc=0.0, scale=1.0)\n\n        Draw samples.\n\n        Parameters\n        ----------\n"
    "        loc : float\n"
)
SINE = (
    "Sine, element-wise.\n\nParameters\n----------\nx : array\n\nExamples\n--------\n>>> np.sin(np.pi)\n>>> np.sin(0)\n"
)
TANGENT = (
    "Compute tangent.\n\nEquivalent to `np.sin(x)/np.cos(x)`.\n\nParameters\n----------\nx : array\n\n"
    "Examples\n--------\n>>> np.tan(1)\n>>> np.sin(1) / np.cos(1)\n>>> np.tan(2)\n"
)


def compiled(folder, name, *texts, stub=""):
    path = folder / f"{name}.abi3.so"
    path.write_bytes(b"\x7fELF\0\x01" + b"\0".join(text.encode() for text in ("", *texts, "end")) + b"\0")
    if stub:
        (folder / f"{name}.pyi").write_text(stub)
    return path


def test_a_docstring_goes_to_the_method_that_the_stub_defines(tmp_path):
    stub = "class Generator:\n    def normal(self, loc: float = ...) -> float: ...\n"
    stub += "_rand: Generator\nnormal = _rand.normal\n"
    facts = read_embedded(compiled(tmp_path, "mtrand", NORMAL, stub=stub), "pack.mtrand")
    assert facts["defs"]["Generator.normal"]["doc"].startswith("normal(loc=0.0, scale=1.0)\n\nDraw samples.")


def test_without_a_stub_it_documents_a_function(tmp_path):
    facts = read_embedded(compiled(tmp_path, "_fast", NORMAL), "pack._fast")
    assert set(facts["defs"]) == {"normal"}


def test_a_name_with_two_docstrings_gets_neither(tmp_path):
    path = compiled(tmp_path, "_fast", NORMAL, NORMAL.replace("samples", "numbers"))
    assert read_embedded(path, "pack._fast") is None


def test_names_that_the_stub_does_not_know_are_left_alone(tmp_path):
    assert read_embedded(compiled(tmp_path, "_fast", NORMAL, stub="def other(): ...\n"), "pack._fast") is None


def test_unnamed_docstrings_are_told_by_what_their_examples_call():
    found = told_by_examples([SINE, TANGENT], ["sin", "cos", "tan"])
    assert found == {"sin": [SINE.strip()], "tan": [TANGENT.strip()]}


def test_bytes_without_documentation_hold_none(tmp_path):
    path = tmp_path / "big.abi3.so"
    path.write_bytes(b"Parameters\n" + b"x" * 3_000_000 + b"\x01" + b"y" * 3_000_000)
    assert read_embedded(path, "pack.big") is None


def test_a_class_is_found_by_its_call_before_the_mark_of_a_signature(tmp_path):
    text = "PCG(seed=None)\n--\n\n    A generator.\n\n    Parameters\n    ----------\n    seed : int\n"
    facts = read_embedded(compiled(tmp_path, "_pcg", text, stub="class PCG:\n    pass\n"), "pack._pcg")
    assert facts["defs"]["PCG"]["doc"].splitlines()[:3] == ["PCG(seed=None)", "", "A generator."]
