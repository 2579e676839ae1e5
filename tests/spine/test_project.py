"""A project file that can't be meant is refused with one message that says where; nothing is guessed."""

import os

import pytest

from octavo.spine.errors import OctavoError
from octavo.spine.project import create_project, open_project, parse_value, read_project, toml_value

HEAD = '[project]\nname = "x"\npath = "tiny"\n'


def refused(shop, text, *arguments):
    """Write the project file, plan, and give the message."""
    (shop.home / "project.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = shop.octavo("plan", *arguments)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2, done.stderr
    return done.stderr


BAD = {
    "an unknown setting": (HEAD + "[shout]\nmrak = '?'\n", "P003", ['did you mean "mark"?', "project.toml line 5"]),
    "an unknown stage": (HEAD + "\n[shuot]\nmark = '?'\n", "P014", ['did you mean "shout"?', "project.toml line 5"]),
    "an unknown field of the project": (HEAD + "sede = 1\n", "P003", ['did you mean "seed"?', "line 4"]),
    "a wrong type": (HEAD + '[sum_up]\npause = 1\nsteps = "many"\n', "P004", ["valid integer", "'many'", "line 6"]),
    "a number as text": (HEAD + '[sum_up]\nsteps = "50"\n', "P004", ["valid integer", "How many steps.", "line 5"]),
    "a truth for a number": (HEAD + "[sum_up]\nsteps = true\n", "P004", ["valid integer", "line 5"]),
    "a list for a text": (HEAD + "[shout]\nmark = ['a']\n", "P004", ["valid string"]),
    "a date for a text": (HEAD + "[sum_up]\nsteps = 2020-01-01\n", "P004", ["valid integer"]),
    "a stage that is no table": ("shout = 3\n" + HEAD, "P004", ["must be a table", "line 1"]),
    "a list of tables": (HEAD + "[[shout]]\nmark = '?'\n", "P004", ["must be a table"]),
    "no name": ("[project]\npath = 'tiny'\n", "P004", ['"name"', "Field required"]),
    "no table [project]": ("[shout]\nmark = '?'\n", "P012", ["no table [project]"]),
    "an empty file": ("", "P012", ["no table [project]"]),
    "broken TOML": (HEAD + "[shout\n", "P012", ["not valid TOML", "line 4"]),
    "a value without quotes": (HEAD + "[shout]\nmark = hello\n", "P012", ["not valid TOML", "line 5"]),
    "a key given twice": (HEAD + "name = 'y'\n", "P012", ["not valid TOML"]),
    "broken UTF-8": (HEAD.encode() + b"[shout]\nmark = '\xff'\n", "P012", ["not UTF-8", "byte"]),
    "binary": (bytes(range(256)), "P012", []),
    "an enormous file": (HEAD + "# x\n" * 300_000, "P012", ["too large"]),
    "a newer version": (HEAD + "format = 2\n", "P013", ["newer Octavo", "format 2", "line 4"]),
    "a newer version with unknown fields": (HEAD + "format = 9\nshape = 1\n", "P013", ["newer Octavo"]),
    "a format that is no number": (HEAD + "format = 'new'\n", "P004", ["valid integer"]),
    "an unknown path": ('[project]\nname = "x"\npath = "tinny"\n', "P016", ['did you mean "tiny"?']),
    "a path into the file system": ('[project]\nname = "x"\npath = "../../tiny"\n', "P016", []),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_project_file_is_refused_with_its_line(shop, case):
    text, code, said = BAD[case]
    stderr = refused(shop, text)
    assert stderr.startswith(code), stderr
    assert not [words for words in said if words not in stderr], stderr


SET = {
    "shout.mrak=?": ("P003", "--set shout.mrak=?"),
    "sum_up.steps=many": ("P004", "--set sum_up.steps=many"),
    "shuot.mark=?": ("P014", 'did you mean "shout"?'),
    "mark=?": ("P018", "stage.field=value"),
    "shout.mark": ("P018", "stage.field=value"),
    "project.format=7": ("P013", "newer Octavo"),
}


@pytest.mark.parametrize("override", SET)
def test_a_bad_override_is_refused(shop, override):
    code, said = SET[override]
    done = shop.octavo("plan", "--set", override)
    assert done.returncode == 2
    assert done.stderr.startswith(code)
    assert said in done.stderr


def test_a_folder_without_a_project_is_refused(shop, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in ("empty", "nowhere"):
        done = shop.octavo("run", "--project", str(tmp_path / place))
        assert (done.returncode, done.stderr[:4]) == (2, "P010")
    assert os.listdir(tmp_path / "empty") == []


def test_a_symlink_loop_is_no_project(shop, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    done = shop.octavo("run", "--project", str(tmp_path / "loop"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_existing_project_is_not_overwritten(tmp_path):
    create_project(tmp_path, HEAD)
    with pytest.raises(OctavoError, match="already") as caught:
        create_project(tmp_path, HEAD)
    assert caught.value.code == "P011"
    (tmp_path / "file").write_text("x")
    with pytest.raises(OctavoError, match="a file, not a folder"):
        create_project(tmp_path / "file", HEAD)


def test_a_bad_text_creates_nothing(tmp_path):
    with pytest.raises(OctavoError):
        create_project(tmp_path / "new", "[project]\nname = 3\n")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", ["a", 'say "x"\\ \n\x7f', "ü🦑", 3, 0.5, True, ["a", "b"], []])
def test_values_survive_being_written_as_toml(value):
    assert parse_value(toml_value(value)) == value


def test_an_override_is_stronger_than_the_file_and_plain_text_needs_no_quotes(tmp_path):
    project = read_project(HEAD + "[shout]\nmark = '1'\n", tmp_path, ["project.name=7", "project.seed=4"])
    assert (project.name, project.head.seed) == ("7", 4)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    (tmp_path / "project.toml").write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert open_project(tmp_path).name == "x"
