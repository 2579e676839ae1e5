import pytest

from octavo.knowledge.answer.names import Names, distance
from octavo.knowledge.answer.question import analyse
from octavo.knowledge.answer.retrieve import Retriever


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what does itertools.pairwise return?", "itertools.pairwise"),
        ("pairwise", "itertools.pairwise"),
        ("what is pairwise", "itertools.pairwise"),
        ("explain `itertools.chain`", "itertools.chain"),
        ("What does Path.exists do?", "pathlib.Path.exists"),
        ("what does posixpath.exists do", "os.path.exists"),
        ("the dumps function of json", "json.dumps"),
        ("json dumps", "json.dumps"),
        ("What does the function dumps in json return?", "json.dumps"),
        ("np.linalg.solve", "numpy.linalg.solve"),
        ("what does list.append() do", "list.append"),
        ("ITERTOOLS.PAIRWISE", "itertools.pairwise"),
        ("what does itertols.pairwise do", "itertools.pairwise"),
        ("what does itertools.pairwies do", "itertools.pairwise"),
        ("tell me about copytree()", "shutil.copytree"),
    ],
)
def test_a_named_object_comes_first(objects, question, expected):
    found = Retriever(objects).find(question)
    assert objects.id_of(found.hits[0].number) == expected
    assert found.named


@pytest.mark.parametrize(
    "question",
    [
        "how do I cycle through colours",
        "how do I chain several calls one after the other",
        "list the files of a folder",
    ],
)
def test_ordinary_words_that_happen_to_be_names_do_not_decide(objects, question):
    assert not Retriever(objects).find(question).named


@pytest.mark.parametrize("name", ["itertools.slidingwindow", "pandas.merge", "json.stringify", "frobnicate_all()"])
def test_a_name_that_does_not_exist_is_reported_missing(objects, name):
    resolution = Retriever(objects).find(f"what does {name} do?").resolution
    assert resolution.missing == name.rstrip("()")
    assert not resolution.numbers


def test_what_exists_beside_a_missing_name_is_told(objects):
    assert "json.dumps" in Retriever(objects).find("json.dump_string").resolution.nearest


def test_a_parameter_or_file_name_is_not_a_missing_object(objects):
    names = Names(objects)
    assert not names.resolve(analyse("what does dirs_exist_ok mean in shutil.copytree")).missing
    assert not names.resolve(analyse("how do I read config.toml")).missing


def test_distance_counts_slips_of_the_key():
    assert distance("chain", "chian", 2) == 1
    assert distance("chain", "chains", 2) == 1
    assert distance("chain", "dumps", 2) == 3
