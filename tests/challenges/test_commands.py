import json
from pathlib import Path

import pytest

from octavo.cli.main import main


def octavo(*words, capsys):
    with pytest.raises(SystemExit) as done:
        main(list(words))
    out, err = capsys.readouterr()
    return done.value.code, out, err


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder without a project."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_without_a_name_the_challenges_are_listed(capsys):
    code, out, _ = octavo("try", capsys=capsys)
    assert code == 0
    assert "hallucination" in out
    code, out, _ = octavo("try", "--json", capsys=capsys)
    assert "hallucination" in json.loads(out)


def test_a_trial_is_a_table_on_stdout(even, capsys):
    code, out, err = octavo("try", "even", "--seeds", "1", capsys=capsys)
    assert code == 0
    assert "look at it" in out
    assert "better" in out
    assert "Is it even?" in err
    assert not list(Path.cwd().iterdir())


def test_with_json_stdout_is_one_document(even, capsys):
    code, out, _ = octavo("try", "even", "--seeds", "1", "--responses", "look-at-it,always no", "--json", capsys=capsys)
    document = json.loads(out)
    assert code == 0
    assert [one["name"] for one in document["responses"]] == ["look at it", "always no"]
    assert document["responses"][0]["effects"][0]["verdict"] == "better"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["try", "nothing"], "C003"),
        (["try", "even", "--responses", "pray"], "C004"),
        (["try", "even", "--responses", ","], "P002"),
        (["try", "even", "--seeds", "0"], "P002"),
        (["try", "even", "--project", "no-such-folder"], "P010"),
        (["report", "--project", "no-such-folder"], "P010"),
    ],
)
def test_wrong_use_is_one_message_with_a_code_and_exit_2(even, capsys, words, code):
    exit_code, _, err = octavo(*words, capsys=capsys)
    assert exit_code == 2
    assert err.startswith(code)


def test_in_a_project_the_trial_is_kept(even, capsys):
    Path("project.toml").write_text('[project]\nname = "here"\nformat = 1\n')
    code, _, err = octavo("try", "even", "--seeds", "1", capsys=capsys)
    assert code == 0
    (kept,) = Path(".octavo/trials").glob("even-*.json")
    assert str(kept) in err


def test_a_report_before_the_first_run_says_what_to_do(capsys):
    Path("project.toml").write_text('[project]\nname = "here"\nformat = 1\n')
    code, _, err = octavo("report", capsys=capsys)
    assert code == 1
    assert "octavo run" in err
