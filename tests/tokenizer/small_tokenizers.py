"""Small tokenizers of every sort, made by the tokenizers library from a few made-up sentences."""

import struct

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from octavo.kinds.tokenizer import SPECIAL_TOKENS

SENTENCES = [
    "the quick brown fox jumps over the lazy dog and the lazy dog sleeps",
    "a walking house, the walking houses: 12 345 6789!",
    "Größe und Maß sind größer als die größte Größe",
    "    return value if value is not None else default\n",
    "мир и война, война и мир",
] * 8


def byte_level(vocabulary=400, texts=SENTENCES, special=SPECIAL_TOKENS):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    made.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=list(special),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    return made


def wordpiece(vocabulary=200):
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(
        SENTENCES, trainers.WordPieceTrainer(vocab_size=vocabulary, special_tokens=special, show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def unigram(vocabulary=150):
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.train_from_iterator(
        SENTENCES,
        trainers.UnigramTrainer(
            vocab_size=vocabulary, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
        ),
    )
    return made


def _field(number, data):
    """One field of a protocol-buffers message, bytes or an integer below 128."""
    if isinstance(data, int):
        return bytes([*_varint(number << 3), *_varint(data)])
    return bytes([*_varint(number << 3 | 2), *_varint(len(data))]) + data


def _varint(value):
    while value > 127:
        yield value & 127 | 128
        value >>= 7
    yield value


def sentencepiece(pieces, algorithm, *, byte_fallback=False, prefix=True):
    """The bytes of a `.model` file with (piece, score, type) rows."""
    data = b""
    for piece, score, kind in pieces:
        message = _field(1, piece.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", score) + _field(3, kind)
        data += _field(1, message)
    data += _field(2, _field(3, algorithm) + _field(35, int(byte_fallback)))
    return data + _field(3, _field(1, b"identity") + _field(3, int(prefix)) + _field(4, 0))
