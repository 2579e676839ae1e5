"""FineWeb: each rule lets a text at its limit pass and removes one just beyond it."""

import pytest
from prose import good, words

from octavo.data.quality import fineweb as rules
from octavo.data.quality.columns import Columns
from octavo.data.quality.fineweb import fineweb


def verdict(text):
    found = fineweb(Columns([text]))[0]
    return None if found is None else (found.reason.removeprefix("fineweb: "), found.detail)


LINES = [" ".join(words(9, seed)) for seed in range(200)]


def test_the_limits_are_those_of_the_paper():
    assert (rules.LINE_PUNCTUATION, rules.SHORT_LINES, rules.SHORT_LINE) == (0.12, 0.67, 30)
    assert (rules.REPEATED_CHARACTERS, rules.LINE_BREAKS_PER_WORD) == (0.01, 0.3)


def test_good_prose_passes():
    assert verdict(good()) is None


@pytest.mark.parametrize(
    ("at_limit", "beyond", "expected"),
    [
        (
            "\n".join([line + "." for line in LINES[:3]] + LINES[3:25]),
            "\n".join([line + "." for line in LINES[:2]] + LINES[3:26]),
            ("lines ending in punctuation", "0.08 < 0.12"),
        ),
        (
            "\n".join([line[:29] + "." for line in LINES[:67]] + LINES[67:100]),
            "\n".join([line[:29] + "." for line in LINES[:68]] + LINES[68:100]),
            ("short lines", "0.68 > 0.67"),
        ),
        ("\n".join([*good(400).split("\n"), *["so."] * 2]), good() + "\n" + good()[:20] + "\n" + good()[:20], None),
        (
            good(100, 1),
            "\n\n\n".join(good(100, 1).split("\n")),
            ("line breaks per word", "0.3186 > 0.3"),
        ),
    ],
)
def test_a_text_at_the_limit_passes_and_one_beyond_is_removed(at_limit, beyond, expected):
    assert verdict(at_limit) is None
    found = verdict(beyond)
    assert found is not None
    if expected is not None:
        assert found == expected
    else:
        assert found[0] == "characters in repeated lines"


def test_a_text_without_a_line_is_removed():
    assert verdict(" \n\n") == ("lines with text", "0 < 1")


def test_sentences_end_in_the_marks_of_any_script():
    lines = ["これは長い文章です。" * 4, "यह एक लंबा वाक्य है जो समाप्त होता है।", "هل هذه جملة طويلة بما فيه الكفاية؟"]
    assert verdict("\n".join(lines)) is None
