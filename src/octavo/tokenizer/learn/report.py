"""Report: how a tokenizer cuts what it was learnt from, group by group, and a few of its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from octavo.kinds.records import Bad, Shard, read_shard
from octavo.tokenizer.learn.cuts import word_cutter

SAMPLE_BYTES = 4_000_000
"""How much of the text is encoded for the report; more changes no digit that is shown."""


def by_group(tokenizer: Any, shards: Sequence[Shard], field: str, limit: int = SAMPLE_BYTES) -> list[dict[str, Any]]:
    """One row for each group: its texts in the sample, their bytes, characters and tokens.

    The sample is even: of every shard the texts whose share of bytes stays below `limit`.
    """
    total = sum(shard.end - shard.start for shard in shards)
    found: dict[str, Counter[str]] = {}
    for shard in shards:
        taken = seen = 0
        bad: list[Bad] = []
        for row in read_shard(shard, bad):
            size = len(row["text"].encode())
            seen += size
            if taken and taken + size > seen * limit / max(limit, total):
                continue
            taken += size
            tokens = len(tokenizer.encode(row["text"], add_special_tokens=False).ids)
            group = str(row.get(field) or "") if field else ""
            found.setdefault(group, Counter()).update(texts=1, bytes=size, characters=len(row["text"]), tokens=tokens)
    return [
        {"group": group, **counts, "bytes_per_token": counts["bytes"] / max(1, counts["tokens"])}
        for group, counts in sorted(found.items())
    ]


def cut_words(tokenizer: Any, shards: Sequence[Shard], count: int = 5) -> list[dict[str, Any]]:
    """The longest words of the first texts, and the pieces that they are cut into."""
    cut = word_cutter().pre_tokenize_str
    words: Counter[str] = Counter()
    for shard in shards[:1]:
        bad: list[Bad] = []
        for at, row in enumerate(read_shard(shard, bad)):
            words.update(word.strip() for word, _ in cut(row["text"][:10_000]) if word.strip().isalpha())
            if at >= 200:
                break
    longest = sorted((word for word in words if len(word) < 30), key=lambda word: (-len(word), word))[:count]
    rows = []
    for word in longest:
        ids = tokenizer.encode(" " + word, add_special_tokens=False).ids
        rows.append({"word": word, "pieces": [tokenizer.decode([one], skip_special_tokens=False) for one in ids]})
    return rows
