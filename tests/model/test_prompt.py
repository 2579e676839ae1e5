"""One place makes prompts, and they are bounded."""

from octavo.kinds.documents import Document
from octavo.model.prompt import PASSAGE_CHARACTERS, Passage, grounded_messages, shorten, training_text


def test_passages_are_numbered_and_the_question_comes_last():
    (message,) = grounded_messages("Why?", [Passage("a.b(x)", "One.\nTwo."), ("c", "Three.")])
    assert message.role == "user"
    assert message.content == "[1] a.b(x)\nOne. Two.\n\n[2] c\nThree.\n\nQuestion: Why?"


def test_a_long_passage_is_cut_at_a_word():
    (message,) = grounded_messages("Why?", [("n" * 999, "word " * 999)])
    assert len(message.content) < 120 + PASSAGE_CHARACTERS + 40
    assert shorten("one two three", 9) == "one two"


def test_an_object_is_read_with_its_signature_and_a_file_with_its_title():
    thing = Document("m.f", "Text.", "function", signature="(x)\n(x, y)")
    page = Document("guide/a.md", "Text.", "file", title="Guide")
    assert training_text(thing) == "m.f(x)\n\nText."
    assert training_text(page) == "Guide\n\nText."
