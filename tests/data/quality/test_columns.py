"""Words as columns: what a word is, and that batches don't matter."""

from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.quality.columns import Columns, batches, hashes_of


def words(text):
    columns = Columns([text])
    return [text[a : a + n] for a, n in zip(columns.starts, columns.lengths, strict=True)]


def test_words_are_parted_as_the_reference_tokenizer_parts_them():
    assert words("Don't go (now).") == ["Don", "'t", "go", "(", "now", ")", "."]
    assert words("1,000 at 3.5% in a well-known U.S. town") == [
        *["1,000", "at", "3.5", "%", "in", "a", "well", "-", "known", "U.S", ".", "town"]
    ]
    assert words("Wait... what--so? either/or 1/2") == [
        *["Wait", "...", "what", "--", "so", "?", "either", "/", "or", "1/2"]
    ]
    assert words("the end.Next one") == ["the", "end", ".", "Next", "one"]
    assert words("mail a@b.org now") == ["mail", "a@b.org", "now"]


def test_marks_belong_to_their_letters():
    assert words("नमस्ते दुनिया।") == ["नमस्ते", "दुनिया", "।"]
    assert words("e\u0301te\u0301") == ["e\u0301te\u0301"]


def test_empty_texts_have_no_words():
    columns = Columns(["", " \n\t", "one", ""])
    assert columns.words.tolist() == [0, 0, 1, 0]
    assert columns.owner.tolist() == [2]
    assert Columns([]).words.tolist() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_a_text_has_the_same_columns_alone_and_among_others(texts):
    together = Columns(texts)
    for at, text in enumerate(texts):
        alone = Columns([text])
        mine = together.owner == at
        assert together.hashes[mine].tolist() == alone.hashes.tolist()
        assert together.lengths[mine].tolist() == alone.lengths.tolist()
        assert together.has_letter[mine].tolist() == alone.has_letter.tolist()


@given(st.text(max_size=200))
def test_words_cover_all_that_is_no_white_space(text):
    assert "".join(words(text)).replace("\u180e", "") == "".join(text.split()).replace("\u180e", "")


def test_equal_words_have_equal_hashes_wherever_they_stand():
    columns = Columns(["the cat and the dog", "and the end"])
    the, cat = hashes_of(["the", "cat"])
    assert (columns.hashes == the).sum() == 3
    assert (columns.hashes == cat).sum() == 1


def test_batches_keep_order_and_all_texts():
    texts = [str(n) * 7 for n in range(50)]
    assert [t for batch in batches(texts, 40) for t in batch] == texts
