import pytest

from octavo.knowledge.answer.verify import check, verify

PASSAGE = "Recursively copy a directory tree and return the destination directory. At most 30 files are kept open."


@pytest.mark.parametrize(
    "answer",
    [
        "It copies a directory tree recursively.",
        "It returns the destination directory.",
        "At most 30 files are kept open.",
    ],
)
def test_what_the_passage_says_is_supported(answer):
    assert verify(answer, [PASSAGE]).supported


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("At most 40 files are kept open.", "number 40"),
        ("It does not copy a directory tree.", "negates"),
        ("It uploads the pictures to a distant server.", "does not speak of"),
        ("It copies a directory tree with os.link_all recursively.", "os.link_all"),
        ("", "says nothing"),
    ],
)
def test_what_it_does_not_say_is_not(answer, reason):
    verdict = verify(answer, [PASSAGE])
    assert not verdict.supported
    assert reason in verdict.reason


def test_one_bad_sentence_spoils_the_answer():
    verdict = verify("It copies a directory tree. Then it phones the queen.", [PASSAGE])
    assert not verdict.supported
    assert verdict.share == 0.5


def test_each_sentence_is_held_to_the_span_it_cites():
    passages = ["Otters sleep on their backs in the water.", "The library closes at 17 on fridays."]
    checked = check(
        "The library closes at 17 [1]. Otters sleep on their backs. [1] Otters sleep in the water.", passages
    )
    assert [one.passages for one in checked] == [(), (0,), (0,)]
    assert checked[0].text == "The library closes at 17."
    assert "17" in checked[0].reason
    assert [one.passages for one in check("[2] The library closes at 17. [2]", passages)] == [(1,)]
