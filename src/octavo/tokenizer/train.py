"""Tokenizer stage: byte-level BPE learnt from the cleaned documents, with the special tokens of this project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octavo.kinds.documents import held_out, read_documents
from octavo.kinds.tokenizer import CHAT_TEMPLATE, CONFIG, END_OF_TEXT, END_OF_TURN, SPECIAL_TOKENS, TOKENIZER
from octavo.model.dial import dial
from octavo.model.prompt import training_text
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress, reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

PATTERN = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""Where words are cut before merging: as in GPT-4's tokenizer, but every digit alone, so that numbers of any length
are read alike."""

LONGEST_TOKEN = 24
SMALLEST_VOCABULARY = 256 + len(SPECIAL_TOKENS)


class TokenizerSettings(Settings):
    """How the tokenizer is learnt."""

    size: str = "small"
    """The size of the model the tokenizer is for: tiny, small, medium, large or a number of parameters."""
    vocabulary: int = 0
    """How many tokens; 0: what the size dial says (a small model wants a small vocabulary)."""
    sample_mb: int = 24
    """How many megabytes of text are learnt from at most; when there is more, an even sample is taken."""


def run(settings: TokenizerSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Learn the merges and write `tokenizer.json` and `tokenizer_config.json`."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    vocabulary = settings.vocabulary or dial(settings.size).vocabulary
    if vocabulary < SMALLEST_VOCABULARY:
        raise OctavoError(
            "T006",
            f"A vocabulary of {vocabulary} is too small",
            likely=f"256 bytes and {len(SPECIAL_TOKENS)} special tokens must fit",
            do=f"set vocabulary to at least {SMALLEST_VOCABULARY}",
            exit_code=2,
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=LONGEST_TOKEN,
        min_frequency=2,
        show_progress=False,
    )
    texts = list(sample(inputs["documents"], settings.sample_mb * 10**6))
    if not texts:
        raise OctavoError(
            "T007",
            "There is no text to learn a tokenizer from",
            likely="all documents were removed by clean, or all are held out for evaluation",
            do="add documents and run again",
        )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(out / TOKENIZER), pretty=False)
    (out / CONFIG).write_text(json.dumps(config(), indent=1) + "\n", encoding="utf-8")
    _tell(tokenizer, texts)


def sample(documents: Path, limit: int) -> Iterator[str]:
    """The texts to learn from: all that may be trained on, or every n-th of them when they exceed `limit` bytes."""
    bar = progress("read documents", None, "documents")
    chosen: list[tuple[str, int]] = []
    for document in read_documents(documents):
        bar.advance()
        if not held_out(document.id):
            data = training_text(document).encode("utf-8", "replace")
            chosen.append((data.decode("utf-8"), len(data)))
    total = sum(size for _, size in chosen)
    taken = seen = 0
    for text, size in chosen:
        seen += size
        # Even spread without randomness: take one whenever the taken share falls behind.
        if total <= limit or taken + size <= seen * limit / total:
            taken += size
            yield text


def config() -> dict[str, Any]:
    """`tokenizer_config.json` as Hugging Face libraries read it."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TURN,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "additional_special_tokens": [token for token in SPECIAL_TOKENS if token not in (END_OF_TEXT, END_OF_TURN)],
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": False,
        "chat_template": CHAT_TEMPLATE,
        "model_max_length": 10**9,
    }


def _tell(tokenizer: Any, texts: list[str]) -> None:
    some = texts[:: max(1, len(texts) // 1000)]
    tokens = sum(len(one.ids) for one in tokenizer.encode_batch_fast(some, add_special_tokens=False))
    size = sum(len(text.encode("utf-8", "replace")) for text in some)
    reading(vocabulary=tokenizer.get_vocab_size(), bytes_per_token=size / max(tokens, 1))


STAGE = Stage(
    name="tokenizer",
    module=__name__,
    settings=TokenizerSettings,
    inputs={"documents": "documents"},
    output="tokenizer",
    pinned=("tokenizers",),
)
