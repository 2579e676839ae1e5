"""Tokens: what text can't reach, what is no character, and what a user's text may turn into."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tokenizers import byte_level

from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.audit.tokens import MULTI, OK, SPECIAL, UNDECODABLE, basic, classify, needed, possible_utf8
from octavo.tokenizer.audit.usage import count_usage, idle


@pytest.fixture
def broken(tmp_path):
    """A BPE with a token that no merge makes, and an added one that looks special and is not marked so."""
    row = json.loads(byte_level().to_str())
    top = max(row["model"]["vocab"].values())
    row["model"]["vocab"]["notmade"] = top + 1
    row["added_tokens"].append(
        dict(row["added_tokens"][0], id=top + 2, content="<tool>", special=False) | {"normalized": False}
    )
    (tmp_path / "tokenizer.json").write_text(json.dumps(row))
    return open_tokenizer(tmp_path)


def test_a_token_that_no_merge_makes_is_found(broken):
    report = classify(broken)
    by_piece = {broken.pieces[number]: category for number, category in report.categories.items()}
    assert by_piece["notmade"] == MULTI
    assert by_piece["Ġthe"] == by_piece["a"] == OK
    assert by_piece["<|end|>"] == SPECIAL
    assert report.counts[MULTI] == 1
    assert sum(report.counts.values()) == broken.size


def test_bytes_that_no_text_holds_are_known_to_be_unused(broken):
    report = classify(broken)
    never = {broken.piece_bytes(number) for number in report.never}
    assert {bytes([byte]) for byte in (0xC0, 0xC1, 0xF5, 0xFF)} <= never
    assert bytes([0xC3]) not in never
    kinds = {report.categories[number] for number in range(broken.top) if broken.piece_bytes(number) == b"\xc3"}
    assert kinds == {UNDECODABLE}


def test_special_text_is_reachable_only_where_nothing_blocks_it(broken):
    report = classify(broken)
    assert "<|end|>" in report.reachable_special
    assert report.unblockable == ["<tool>"]
    assert broken.inner.token_to_id("<tool>") in broken.encode("a <tool> b")
    assert broken.inner.token_to_id("<|end|>") not in broken.encode("a <|end|> b")


@pytest.mark.parametrize("name", ["wordpiece", "unigram"])
def test_pieces_inside_of_words_and_with_spaces_are_reached(folders, name):
    opened = open_tokenizer(folders[name])
    report = classify(opened)
    assert report.counts[OK] > 0.9 * (opened.size - len(opened.special))


@given(st.text(min_size=1), st.integers(0, 8), st.integers(1, 9))
def test_every_piece_of_real_text_is_possible(text, start, length):
    piece = text.encode("utf-8", "replace")[start : start + length]
    assert possible_utf8(piece)


@pytest.mark.parametrize(
    "data", [b"\xc0", b"\xff", b"a\xf8", b"\x80\x80\x80\x80", b"\xc3a", b"\xed\xa0", b"\xf4\x90", b"\xe0\x80"]
)
def test_pieces_that_no_text_holds_are_not(data):
    assert not possible_utf8(data)


def test_tokens_are_counted_alike_on_every_executor(folders, tmp_path):
    corpus = tmp_path / "corpus.jsonl.gz"
    rows = [{"id": str(n), "text": "the lazy dog " * (n % 7), "language": "en" if n % 2 else "de"} for n in range(200)]
    from octavo.kinds.records import write_rows

    write_rows(corpus, rows)
    opened = open_tokenizer(folders["bpe"])
    found = [
        count_usage(folders["bpe"], [corpus], tmp_path / on, on=on, workers=2) for on in ("serial", "processes", "ray")
    ]
    expected = sum(len(opened.encode(row["text"])) for row in rows)
    for usage in found:
        assert usage.counts.tolist() == found[0].counts.tolist()
        assert int(usage.counts.sum()) == expected
        assert usage.records == 200
        assert set(usage.languages) == {"de", "en"}


def test_rows_that_are_no_records_are_counted(folders, tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"text": "the dog"}\nnot json\n{"id": 1}\n')
    usage = count_usage(folders["bpe"], [path], tmp_path / "scratch", on="serial")
    assert (usage.records, len(usage.bad)) == (1, 2)


def test_documents_are_counted_as_training_reads_them(folders, tmp_path):
    from octavo.kinds.documents import Document, held_out, write_documents

    documents = [Document(f"m.f{n}", "the lazy dog", title=f"Title {n}") for n in range(300)]
    folder = tmp_path / "documents"
    folder.mkdir()
    write_documents(folder, documents)
    usage = count_usage(folders["bpe"], [folder], tmp_path / "scratch", on="serial")
    kept = [one for one in documents if not held_out(one.id)]
    assert usage.records == len(kept) < 300
    assert usage.bytes == sum(len(f"{one.title}\n\n{one.text}") for one in kept)


def test_a_corpus_without_records_is_refused(folders, tmp_path):
    with pytest.raises(OctavoError) as failure:
        count_usage(folders["bpe"], [tmp_path], tmp_path / "scratch", on="serial")
    assert failure.value.code == "T044"


def test_idle_tokens_are_parted_into_free_ones_and_scaffold(folders, tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps({"text": "the lazy dog"}) + "\n")
    opened = open_tokenizer(folders["bpe"])
    counts = count_usage(folders["bpe"], [path], tmp_path / "scratch", on="serial").counts
    unused, scaffold = idle(opened, counts)
    used = set(opened.encode("the lazy dog"))
    assert not used & {*unused, *scaffold}
    assert set(scaffold) <= needed(opened, sorted(used))
    assert not set(unused) & basic(opened)
    assert scaffold
    assert unused
