"""Learner: from shards of records to a tokenizer, by the algorithm that the terms name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.kinds.records import Shard
from octavo.kinds.tokenizer import SPECIAL_TOKENS
from octavo.spine.errors import OctavoError
from octavo.tokenizer.learn.bpe import bpe_tokenizer, learn_bpe
from octavo.tokenizer.learn.counts import Amount, Counted, Part, count_words
from octavo.tokenizer.learn.merging import PAUSE, Chooser, MostFrequent
from octavo.tokenizer.learn.parity import WorstFirst
from octavo.tokenizer.learn.plain import bytes_tokenizer
from octavo.tokenizer.learn.table import Table, balance, load_table
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.learn.unigram import learn_unigram, unigram_tokenizer
from octavo.tokenizer.learn.wordpiece import learn_wordpiece, wordpiece_tokenizer


@dataclass
class Learnt:
    """A tokenizer, and what is to be said about how it was learnt."""

    tokenizer: Any
    """A `tokenizers.Tokenizer`."""
    counted: Counted | None = None
    table: Table | None = None
    chosen: dict[str, int] = field(default_factory=dict)
    """Group → how many merges were made for it (parity)."""


def learn(
    terms: Terms,
    shards: Sequence[Shard],
    scratch: Path,
    *,
    parallel: Sequence[Shard] = (),
    on: str = "processes",
    workers: int = 0,
    pause: float = PAUSE,
) -> Learnt:
    """Learn what `terms` say; `parallel` is text that groups are compared by (parity) but that nothing is learnt from.

    What a killed attempt left in `scratch` is gone on with; `pause` is the time between two writes of its state.
    """
    terms.check()
    if terms.algorithm == "bytes":
        return Learnt(bytes_tokenizer(SPECIAL_TOKENS))
    parts = [Part(shard, terms.groups) for shard in shards]
    parts += [Part(shard, terms.groups, measured=True) for shard in parallel]
    counted = count_words(parts, scratch, on=on, workers=workers)
    if not any(amount.words for amount in counted.learnt):
        raise OctavoError(
            "T007",
            "There is no text to learn a tokenizer from",
            likely="all documents were removed by clean, or all are held out for evaluation",
            do="add documents and run again",
        )
    weights: list[float] = []
    if terms.temperature != 1:
        weights = balance([amount.bytes_ for amount in counted.learnt], terms.temperature, terms.repeats)
    table = load_table(
        counted,
        memory_mb=terms.memory_mb,
        rarest=terms.rarest,
        weights=weights,
        keep_groups=terms.algorithm == "parity",
    )
    least, state = terms.least * table.scale, scratch / "merges"
    if terms.algorithm == "wordpiece":
        pairs = learn_wordpiece(
            table, SPECIAL_TOKENS, terms.vocabulary, least, state, longest=terms.longest, pause=pause
        )
        return Learnt(wordpiece_tokenizer(pairs, SPECIAL_TOKENS, SPECIAL_TOKENS[0]), counted, table)
    if terms.algorithm == "unigram":
        pieces = learn_unigram(table, terms.vocabulary - len(SPECIAL_TOKENS), least, state)
        return Learnt(unigram_tokenizer(pieces, SPECIAL_TOKENS), counted, table)
    chooser: Chooser = MostFrequent(least)
    groups = 1
    if terms.algorithm == "parity":
        chooser, groups = _worst_first(terms, counted, least), len(counted.groups)
    pairs = learn_bpe(
        table, SPECIAL_TOKENS, terms.vocabulary, chooser, state, groups=groups, longest=terms.longest, pause=pause
    )
    learnt = Learnt(bpe_tokenizer(pairs, SPECIAL_TOKENS), counted, table)
    if isinstance(chooser, WorstFirst):
        learnt.chosen = {counted.groups[at]: count for at, count in sorted(chooser.chosen.items())}
    return learnt


def _worst_first(terms: Terms, counted: Counted, least: int) -> WorstFirst:
    with_text = [at for at, amount in enumerate(counted.learnt) if amount.words]
    if len(with_text) < 2:
        raise OctavoError(
            "T027",
            f'All records are of one group by "{terms.groups}", and parity is between groups',
            likely=f'the records have no field "{terms.groups}"',
            do=f'give every record a "{terms.groups}", or choose the algorithm bpe',
        )
    measured = any(amount.records for amount in counted.measured)
    amounts = counted.measured if measured else counted.learnt
    lacking = [counted.groups[at] for at in with_text if not amounts[at].records]
    if lacking:
        raise OctavoError(
            "T023",
            f"The parallel text lacks {len(lacking)} of the groups that are learnt from: {', '.join(lacking[:5])}",
            do="add these groups to it, or leave them out of the training text",
        )
    units = [_units(terms, amount) for amount in amounts]
    plain = round(terms.plain * max(0, terms.vocabulary - 256 - len(SPECIAL_TOKENS)))
    return WorstFirst(units, least=least, plain=plain, window=terms.window)


def _units(terms: Terms, amount: Amount) -> int:
    return {"records": amount.records, "bytes": amount.bytes_, "characters": amount.characters}[terms.unit]
