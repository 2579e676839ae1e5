"""Usage: how often each token occurs in a corpus as training reads it, and what each language of it costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.kinds.documents import DOCUMENTS, document_from_row, held_out
from octavo.kinds.records import Bad, Row, Shard, is_records, read_shard, shards
from octavo.measures import fairness
from octavo.model.prompt import training_text
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.shards import over_shards
from octavo.tokenizer.audit.open import Opened, open_tokenizer
from octavo.tokenizer.audit.tokens import basic, needed

BATCH_BYTES = 2**20


@dataclass
class Usage:
    """Occurrences of every id, and bytes and tokens by language."""

    counts: NDArray[np.int64]
    records: int = 0
    bytes: int = 0
    bad: list[Bad] = field(default_factory=list)
    languages: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Language → (bytes, tokens); "" for records that do not say theirs."""

    def as_json(self, opened: Opened) -> dict[str, Any]:
        """The numbers; the tokens that never occur are listed apart."""
        sizes = {lang or "?": size / max(tokens, 1) for lang, (size, tokens) in sorted(self.languages.items())}
        unused, scaffold = idle(opened, self.counts)
        return {
            "records": self.records,
            "bad_records": len(self.bad),
            "bad": [f"{bad.source}:{bad.row}: {bad.reason}" for bad in self.bad[:20]],
            "bytes": self.bytes,
            "tokens": int(self.counts.sum()),
            "bytes_per_token": self.bytes / max(int(self.counts.sum()), 1),
            "bytes_per_token_by_language": sizes,
            "renyi_efficiency": fairness.renyi_efficiency(self.counts),
            "never_used": len(unused),
            "never_used_tokens": [{"id": n, "piece": opened.pieces[n]} for n in unused[:100]],
            "only_inside_others": len(scaffold),
            "only_inside_others_tokens": [{"id": n, "piece": opened.pieces[n]} for n in scaffold[:100]],
            "used_less_than_10_times": int((self.counts < 10).sum()),
        }


def idle(opened: Opened, counts: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """The tokens that never occur: those that nothing needs, and those that merges to used tokens pass through.

    Single bytes and characters and added tokens are neither: without them some text could not be written.
    """
    kept = needed(opened, [int(number) for number in np.flatnonzero(counts)])
    free = [n for n, piece in enumerate(opened.pieces) if piece is not None and not counts[n]]
    always = basic(opened)
    unused = [n for n in free if n not in kept and n not in always]
    scaffold = [n for n in free if n in kept and n not in always]
    return unused, scaffold


def corpus_files(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files of records behind `paths`, and whether they are a documents artifact, which training reads with
    headings and without what is held out."""
    found: list[tuple[Path, bool]] = []
    for path in paths:
        if path.is_dir() and (path / DOCUMENTS).is_file():
            found.append((path / DOCUMENTS, True))
        elif path.is_dir() and (inside := sorted(p for p in path.iterdir() if p.is_file() and is_records(p))):
            found += [(one, False) for one in inside]
        elif path.is_file() and is_records(path):
            found.append((path, False))
        else:
            raise OctavoError(
                "T044",
                f"There are no records in {path}",
                do="give JSON Lines or Parquet files, a folder of them, or a documents artifact",
                exit_code=WRONG_USE,
            )
    return found


def count_usage(
    tokenizer: Path,
    corpus: Sequence[Path],
    scratch: Path,
    *,
    share: float = 1.0,
    on: str = "processes",
    workers: int = 0,
) -> Usage:
    """Encode a corpus part by part and add up; memory does not grow with it. Of a `share` below 1, the ids decide which
    records are read."""
    opened = open_tokenizer(tokenizer)
    files = corpus_files(corpus)
    tasks = corpus_tasks(opened.path, files, scratch)
    sizes = [float(shard.end - shard.start) for _, shard, _ in tasks]
    work = partial(count_shard, share=share)
    parts = over_shards(
        work, tasks, scratch / "counts", what="count tokens", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    total = Usage(np.zeros(opened.top, dtype=np.int64))
    for part in parts:
        row = json.loads(part.read_bytes())
        total.counts[np.array(row["ids"], dtype=np.int64)] += np.array(row["counts"], dtype=np.int64)
        total.records += row["records"]
        total.bytes += row["bytes"]
        total.bad += [Bad(*bad) for bad in row["bad"]]
        for language, (size, tokens) in row["languages"].items():
            before = total.languages.get(language, (0, 0))
            total.languages[language] = (before[0] + size, before[1] + tokens)
    return total


Task = tuple[Path, Shard, bool]


def corpus_tasks(tokenizer: Path, files: Sequence[tuple[Path, bool]], scratch: Path) -> list[Task]:
    """One task for each shard of the files."""
    found = []
    for number, (path, documents) in enumerate(files):
        found += [(tokenizer, shard, documents) for shard in shards([path], scratch / f"plain-{number:04d}")]
    return found


def training_row(row: Row, documents: bool) -> str | None:
    """A record as training reads it; None when it is held out."""
    if not documents:
        return str(row["text"])
    if held_out(row["id"]):
        return None
    return training_text(document_from_row(row))


def count_shard(task: Task, target: Path, share: float = 1.0) -> None:
    """Write the counts of one shard as JSON."""
    path, shard, documents = task
    opened = open_tokenizer(path)
    counts = np.zeros(opened.top, dtype=np.int64)
    bad: list[Bad] = []
    languages: dict[str, list[int]] = {}
    records = size = 0
    waiting: list[tuple[str, str]] = []

    def flush() -> None:
        # one by one: in batches the library starts threads in each worker, which then fight for the same cores
        encoded = [opened.encode(text) for _, text in waiting]
        every = np.fromiter(chain.from_iterable(encoded), dtype=np.int64)
        counts[:] += np.bincount(every, minlength=opened.top)
        for (language, text), ids in zip(waiting, encoded, strict=True):
            held = languages.setdefault(language, [0, 0])
            held[0] += len(text.encode())
            held[1] += len(ids)
        waiting.clear()

    held = 0
    for row in read_shard(shard, bad):
        if share < 1 and xxhash.xxh3_64_intdigest(str(row["id"]).encode("utf-8", "replace")) >= share * 2**64:
            continue
        text = training_row(row, documents)
        if text is None:
            continue
        text = text.encode("utf-8", "replace").decode()
        records += 1
        size += len(text.encode())
        held += len(text)
        waiting.append((str(row.get("language") or row.get("lang") or ""), text))
        if held > BATCH_BYTES:
            flush()
            held = 0
    flush()
    used = np.flatnonzero(counts)
    found = {
        "ids": used.tolist(),
        "counts": counts[used].tolist(),
        "records": records,
        "bytes": size,
        "bad": [[one.source, one.row, one.reason] for one in bad],
        "languages": dict(sorted(languages.items())),
    }
    target.write_text(json.dumps(found), encoding="utf-8")
