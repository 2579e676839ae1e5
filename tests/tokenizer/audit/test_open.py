"""Any tokenizer on disk is opened: tokenizer.json, sentencepiece models, rank files."""

import base64

import pytest
from small_tokenizers import sentencepiece

from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.open import Plain, open_tokenizer

UNKNOWN, CONTROL, NORMAL, USER, BYTE = 2, 3, 1, 4, 6
BYTES = [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]


@pytest.mark.parametrize("name", ["bpe", "wordpiece", "unigram"])
def test_a_folder_and_the_file_inside_open_alike(folders, name):
    by_folder, by_file = open_tokenizer(folders[name]), open_tokenizer(folders[name] / "tokenizer.json")
    assert by_folder.encode("the lazy dog") == by_file.encode("the lazy dog")
    assert by_folder.model.lower() == name
    assert by_folder.size == len([piece for piece in by_folder.pieces if piece is not None])


def test_pieces_are_told_as_the_bytes_they_stand_for(folders):
    opened = open_tokenizer(folders["bpe"])
    for text in ("the lazy dog", "Größe", "мир\n", "👍"):
        assert b"".join(map(opened.piece_bytes, opened.encode(text))) == text.encode()
    spaced = open_tokenizer(folders["unigram"])
    assert b"".join(map(spaced.piece_bytes, spaced.encode("the lazy dog"))) == b" the lazy dog"


def test_a_sentencepiece_unigram_takes_the_best_path_and_falls_back_to_bytes(tmp_path):
    rows = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), *BYTES]
    rows += [("▁", -4.0, NORMAL), ("▁ab", -2.0, NORMAL), ("a", -3.0, NORMAL), ("b", -3.0, NORMAL), ("ab", -2.5, NORMAL)]
    path = tmp_path / "small.model"
    path.write_bytes(sentencepiece(rows, 1, byte_fallback=True))
    opened = open_tokenizer(path)
    assert opened.form == "sentencepiece"
    assert [opened.pieces[n] for n in opened.encode("ab abab")] == ["▁ab", "▁ab", "ab"]
    assert [opened.pieces[n] for n in opened.encode("é")] == ["▁", "<0xC3>", "<0xA9>"]
    assert opened.decode(opened.encode("ab é ab")) == "ab é ab"


def test_a_sentencepiece_bpe_merges_the_best_scored_neighbours_first(tmp_path):
    rows = [("<unk>", 0.0, UNKNOWN), ("<sep>", 0.0, USER)]
    rows += [("bc", -0.0, NORMAL), ("ab", -1.0, NORMAL), ("abc", -2.0, NORMAL), ("▁ab", -3.0, NORMAL)]
    rows += [(letter, -10.0 - at, NORMAL) for at, letter in enumerate("▁abc")]
    path = tmp_path / "small.model"
    path.write_bytes(sentencepiece(rows, 2))
    opened = open_tokenizer(path)
    assert [opened.pieces[n] for n in opened.encode("abc ab")] == ["▁", "abc", "▁ab"]
    assert [opened.pieces[n] for n in opened.encode("cbc")] == ["▁", "c", "bc"]
    assert [opened.pieces[n] for n in opened.encode("ab<sep>")][-1] == "<sep>"
    assert opened.pieces[opened.encode("x")[-1]] == "<unk>"


def test_a_rank_file_merges_in_the_order_of_its_ranks(tmp_path):
    tokens = [bytes([byte]) for byte in range(256)] + [b"th", b"he", b"the", b" the"]
    path = tmp_path / "small.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(t) + b" %d\n" % rank for rank, t in enumerate(tokens)))
    opened = open_tokenizer(path)
    assert [opened.piece_bytes(n) for n in opened.encode("the the he")] == [b"the", b" the", b" ", b"he"]
    assert opened.size == 260


def test_special_text_stays_text(folders):
    opened = open_tokenizer(folders["bpe"])
    assert not set(opened.encode("a<|endoftext|>b<|end|>")) & opened.special
    assert opened.decode(opened.encode("a<|end|>b")) == "a<|end|>b"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x0a\xff\xff", b'{"model": 1}', b"\x00" * 40])
def test_what_is_no_tokenizer_is_refused(tmp_path, content):
    path = tmp_path / "file.model"
    path.write_bytes(content)
    with pytest.raises(OctavoError) as failure:
        open_tokenizer(path)
    assert failure.value.code == "T040"


def test_a_missing_or_empty_folder_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(OctavoError) as failure:
            open_tokenizer(path)
        assert failure.value.code == "T040"


def test_a_changed_file_is_opened_anew(folders, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes((folders["bpe"] / "tokenizer.json").read_bytes())
    assert open_tokenizer(path).model == "BPE"
    path.write_bytes((folders["wordpiece"] / "tokenizer.json").read_bytes())
    assert open_tokenizer(path).model == "WordPiece"


def test_plain_bytes_and_characters_count_what_they_say():
    assert Plain("bytes").lengths(["né", ""]) == [3, 0]
    assert Plain("characters").lengths(["né", "👍"]) == [2, 1]
    assert Plain("bytes").encode("é") == [0xC3, 0xA9]
