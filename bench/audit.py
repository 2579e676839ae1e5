"""Audit and repair of tokenizers, measured on FLORES lines, on English documentation and on a model trained for it.

    python bench/audit.py [--sentencepiece PYTHON]

Reads `curation/` in the folder named by OCTAVO_SHARED (default: `../shared/data` beside the checkout) and writes
`bench/results/audit.md`. With `--sentencepiece` (a Python that has the library) octavo's reader of its models is
compared with it. Lines of one article stay on one side of the split that tokenizers are learnt and measured on.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers

from octavo.kinds.documents import Document, write_documents
from octavo.kinds.records import write_rows
from octavo.measures import fairness
from octavo.measures.intervals import ratio_bootstrap
from octavo.tokenizer.audit.behaviour import repeat
from octavo.tokenizer.audit.embeddings import indicate
from octavo.tokenizer.audit.languages import score_languages
from octavo.tokenizer.audit.open import Opened, Plain, open_tokenizer
from octavo.tokenizer.audit.parallel import Parallel, read_parallel
from octavo.tokenizer.audit.speed import time_growth
from octavo.tokenizer.audit.tokens import OK, classify
from octavo.tokenizer.audit.usage import count_usage
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.repair.compare import compare
from octavo.tokenizer.repair.extend import extend
from octavo.tokenizer.repair.prune import prune
from octavo.tokenizer.repair.retrain import retrain
from octavo.tokenizer.train import write_tokenizer

HERE = Path(__file__).parent
VOCABULARY = 8000
SHOWN = ("eng_Latn", "deu_Latn", "rus_Cyrl", "hin_Deva", "zho_Hans", "tam_Taml", "amh_Ethi", "shn_Mymr")


def folder() -> Path:
    """Where the parallel lines lie; says loudly when they don't."""
    place = Path(os.environ.get("OCTAVO_SHARED", HERE.parent.parent / "shared" / "data"))
    for candidate in (place / "curation", place / "data" / "curation"):
        if candidate.is_dir():
            return candidate
    sys.exit(f"NOT MEASURED: {place}/curation is not there.\nSet OCTAVO_SHARED to the folder that holds it.")


def parted(parallel: Parallel, keep: Callable[[int], bool]) -> Parallel:
    """The lines of the articles whose digest `keep` takes."""
    assert parallel.clusters is not None
    chosen = [at for at, name in enumerate(parallel.clusters) if keep(sha256(name.encode()).digest()[0])]
    texts = {lang: [lines[at] for at in chosen] for lang, lines in parallel.texts.items()}
    return Parallel(parallel.name, texts, parallel.base, [parallel.clusters[at] for at in chosen])


def documentation() -> list[Document]:
    """English texts that every Python has: the language reference."""
    from pydoc_data.topics import topics

    return [Document(f"topic.{name}", text, "topic") for name, text in sorted(topics.items())]


def published(place: Path, parallel: Parallel) -> list[str]:
    """Premiums of bytes and characters over English beside the published table."""
    with gzip.open(place / "tokenizer_lengths.csv.gz", "rt", encoding="utf-8") as file:
        table = {row["Language"]: row for row in csv.DictReader(file)}
    with gzip.open(place / "flores_languages.jsonl.gz", "rt", encoding="utf-8") as file:
        names = {row["lang"]: row["name"] for row in map(json.loads, file)}
    rows = [
        "| row | languages | within 1 % | published value inside the 95 % interval | median deviation | outside 1 % |"
    ]
    rows.append("|---|---|---|---|---|---|")
    for form, column in (("bytes", "ByT5"), ("characters", "CANINE")):
        examined = Plain(form)
        base = examined.lengths(parallel.texts["eng_Latn"])
        found = []
        for lang, texts in parallel.texts.items():
            lengths = examined.lengths(texts)
            known = int(table[names[lang]][column]) / int(table["English"][column])
            interval = ratio_bootstrap(lengths, base, clusters=parallel.clusters)
            share = fairness.premium(lengths, base) / known - 1
            found.append(
                (share, lang, interval.low <= known <= interval.high, (interval.high - interval.low) / 2 / known)
            )
        rows.append(_published_row(form, column, found))
    ratios = []
    for lang, texts in parallel.texts.items():
        row = table[names[lang]]
        own = sum(Plain("bytes").lengths(texts)) / sum(Plain("characters").lengths(texts))
        ratios.append((own / (int(row["ByT5"]) / int(row["CANINE"])) - 1, lang, True, 0.0))
    rows.append(_published_row("bytes per character", "ByT5 / CANINE", ratios))
    return rows


def _published_row(form: str, column: str, found: list[tuple[float, str, bool, float]]) -> str:
    within = sum(abs(share) <= 0.01 for share, *_ in found)
    outside = [
        f"{lang} {share:+.1%}" + (f" (± {half:.1%})" if half else "")
        for share, lang, _, half in sorted(found)
        if abs(share) > 0.01
    ]
    inside = f"{sum(held for _, _, held, _ in found)}" if any(half for *_, half in found) else "–"
    median = float(np.median([abs(share) for share, *_ in found]))
    return f"| {form} ({column}) | {len(found)} | {within} | {inside} | {median:.2%} | {', '.join(outside) or 'none'} |"


def learnt(place: Path, rows: list[dict[str, Any]], terms: Terms, parallel: Path | None = None) -> Opened:
    """A tokenizer learnt by octavo's trainer from rows."""
    from octavo.kinds.records import shards

    place.mkdir(parents=True)
    corpus = place / "corpus.jsonl"
    write_rows(corpus, rows)
    compared = shards([parallel], place / "compared") if parallel else []
    made = learn(terms, shards([corpus], place), place / "learn", parallel=compared, on="serial")
    (place / "tokenizer").mkdir()
    write_tokenizer(made.tokenizer, place / "tokenizer")
    return open_tokenizer(place / "tokenizer")


def rows_of(parallel: Parallel) -> list[dict[str, Any]]:
    """Its lines as records."""
    found = []
    for lang, lines in parallel.texts.items():
        found += [{"id": f"{lang}:{n}", "text": text, "language": lang} for n, text in enumerate(lines)]
    return found


def audits(all_: dict[str, Any], parallel: Parallel) -> list[str]:
    """One row a tokenizer."""
    rows = ["| tokenizer | vocabulary | median | p90 | max | parity | Gini | unreachable | partial UTF-8 |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for name, examined in all_.items():
        report = score_languages(examined, parallel)
        dearest = next(row for row in report.rows if row.valid)
        counts = classify(examined).counts if isinstance(examined, Opened) else {}
        unreachable = counts.get("unreachable single", 0) + counts.get("unreachable multi", 0)
        rows.append(
            f"| {name} | {examined.size:,} | {report.median:.2f} | {report.p90:.2f} | {dearest.premium:.2f} "
            f"{dearest.language} | {report.parity:.2f} | {report.gini:.3f} | {unreachable if counts else '–'} | "
            f"{counts.get('undecodable', '–')} |"
        )
    return rows


def repairs(place: Path, english: Opened, mixed: Opened, train: Parallel, test: Parallel) -> list[str]:
    """Tokens before and after, on articles that nothing was learnt from."""
    corpus = place / "flores.jsonl"
    write_rows(corpus, rows_of(train))
    lines = place / "lines.jsonl"
    write_rows(lines, rows_of(train))
    few = place / "english.jsonl"
    write_rows(few, [row for row in rows_of(train) if row["language"] == "eng_Latn"])
    usage = count_usage(mixed.path, [few], place / "counts", on="serial")
    pruned = prune(mixed, usage.counts)
    longer = extend(english, [corpus], place / "extend", tokens=VOCABULARY - english.size, on="serial")
    terms = Terms("parity", vocabulary=VOCABULARY, groups="language", unit="records")
    fair = retrain(english, [corpus], place / "retrain", terms, parallel=lines, on="serial")
    head = "| repair | vocabulary | parity | Gini | " + " | ".join(SHOWN) + " | sentences cut as before |"
    rows = [head, "|---" * (head.count("|") - 1) + "|"]
    for name, old, repaired in (
        ("prune the mixed one for English", mixed, pruned),
        (f"extend the English one to {VOCABULARY:,}", english, longer),
        (f"retrain it with parity, {VOCABULARY:,}", english, fair),
    ):
        new = Opened(Path(name), tokenizers.Tokenizer.from_str(json.dumps(repaired.row)), "tokenizer.json")
        one = compare(old, new, test)
        by = {change.language: change for change in one.changes}
        cells = [f"{by[lang].ratio:.2f} [{by[lang].low:.2f}, {by[lang].high:.2f}]" for lang in SHOWN]
        rows.append(
            f"| {name} | {one.vocabulary[0]:,} → {one.vocabulary[1]:,} | {one.parity[0]:.2f} → {one.parity[1]:.2f} | "
            f"{one.gini[0]:.3f} → {one.gini[1]:.3f} | {' | '.join(cells)} | {one.unchanged:.0%} |"
        )
    return rows


def growths(all_: dict[str, Any]) -> list[str]:
    """Exponents of encoding time."""
    found = {name: time_growth(examined) for name, examined in all_.items()}
    names = [growth.name for growth in next(iter(found.values()))]
    rows = ["| tokenizer | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, held in found.items():
        cells = [
            ("–" if growth.exponent is None else f"{growth.exponent:.2f}")
            + f" ({growth.megabytes_per_second:.1f} MB/s)"
            + (" **steep**" if growth.steep else "")
            for growth in held
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def untrained(place: Path, mixed: Opened) -> list[str]:
    """A small model learns from English alone with a tokenizer for 60 languages: which tokens it never saw is known."""
    from octavo.pretrain.learn import PretrainSettings
    from octavo.pretrain.learn import run as pretrain

    documents = place / "documents"
    documents.mkdir(parents=True)
    write_documents(documents, documentation())
    out = place / "model"
    out.mkdir()
    (place / "scratch").mkdir()
    settings = PretrainSettings(size="tiny", steps=150, precision="float32")
    pretrain(settings, {"documents": documents, "tokenizer": mixed.path.parent}, out, place / "scratch")
    usage = count_usage(mixed.path, [documents], place / "usage", on="serial")
    report = classify(mixed)
    found = indicate(out, mixed, report, usage.counts)
    ok = [n for n, category in report.categories.items() if category == OK]
    never = [n for n in ok if usage.counts[n] == 0]
    hit = sum(usage.counts[n] == 0 for n in found.candidates)
    like = found.like_unused
    right = sum(usage.counts[n] == 0 for n in like)
    rows = ["| indicator | AUROC of “never in the training text” | precision among the lowest 2 % |", "|---|---|---|"]
    for name, value in sorted(found.agreement.items()):
        lowest = sorted(ok, key=lambda n: found.values[name][n])[: len(found.candidates)]
        share = sum(usage.counts[n] == 0 for n in lowest) / max(len(lowest), 1)
        rows.append(f"| {name}{' (used)' if name == found.chosen else ''} | {value:.3f} | {share:.1%} |")
    shots = [int(n) for n in (-usage.counts).argsort(kind="stable")[:8]]
    common = [n for n in (-usage.counts).argsort(kind="stable")[:200] if report.categories[int(n)] == OK]
    asked = {"candidates": found.candidates[:200], "the commonest": [int(n) for n in common[:200]]}
    said = []
    for name, numbers in asked.items():
        answers = repeat(out, numbers, shots)
        low = sum(one.probability < 0.01 for one in answers) / max(len(answers), 1)
        said.append(f"{name}: {low:.0%} of {len(answers)} below p = .01")
    rows += [
        "",
        f"{len(ok):,} tokens can be reached, {len(never):,} of them never occur in the "
        f"{int(usage.counts.sum()):,} tokens of training; {len(found.candidates):,} candidates, "
        f"of which {hit:,} never occur. Rows like those of tokens that no text holds: "
        f"{len(like):,}; precision {right / max(len(like), 1):.3f}, recall {right / max(len(never), 1):.3f}. "
        "Asked to repeat: " + "; ".join(said) + ".",
    ]
    return rows


PEER = """
import json, sys
import sentencepiece as spm
work, kind, fallback = sys.argv[1], sys.argv[2], sys.argv[3] == "1"
name = f"{work}/{kind}{int(fallback)}"
spm.SentencePieceTrainer.train(input=f"{work}/train.txt", model_prefix=name, vocab_size=8000, model_type=kind,
    byte_fallback=fallback, character_coverage=.995, minloglevel=2, num_threads=2)
one = spm.SentencePieceProcessor(model_file=name + ".model")
json.dump(one.encode(json.load(open(f"{work}/test.json"))), open(name + ".json", "w"))
print(spm.__version__)
"""


def sentencepiece(place: Path, python: str, train: Parallel, test: Parallel) -> list[str]:
    """Octavo's reader of `.model` files beside the library, on the same lines."""
    place.mkdir()
    (place / "train.txt").write_text("\n".join(row["text"] for row in rows_of(train)), encoding="utf-8")
    texts = [row["text"] for row in rows_of(test)]
    (place / "test.json").write_text(json.dumps(texts))
    rows = ["| model | lines | the very same ids | tokens, octavo / library |", "|---|---|---|---|"]
    for kind in ("unigram", "bpe"):
        for fallback in (0, 1):
            command = [python, "-c", PEER, str(place), kind, str(fallback)]
            version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
            wanted = json.loads((place / f"{kind}{fallback}.json").read_text())
            found = open_tokenizer(place / f"{kind}{fallback}.model").encode_all(texts)
            same = sum(a == b for a, b in zip(found, wanted, strict=True))
            name = f"{kind}{', byte fallback' if fallback else ''} ({version})"
            total = f"{sum(map(len, found)):,} / {sum(map(len, wanted)):,}"
            rows.append(f"| {name} | {len(texts):,} | {same / len(texts):.2%} | {total} |")
    return rows


def main() -> None:
    """Measure everything and write the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sentencepiece", help="a Python that has the sentencepiece library")
    given = asked.parse_args()
    place = folder()
    lines = place / "flores_lines.jsonl.gz"
    parallel = read_parallel(place / "flores_devtest.jsonl.gz", clusters=lines)
    train, test = parted(parallel, lambda byte: byte < 128), parted(parallel, lambda byte: byte >= 128)
    machine = f"Python {platform.python_version()}, tokenizers {tokenizers.__version__}, {platform.machine()}"
    parts: list[str] = []
    begun = time.monotonic()

    def told(*new: str) -> None:
        parts.extend(new)
        print(f"{time.monotonic() - begun:.0f} s\n" + "\n\n".join(new), file=sys.stderr, flush=True)

    told(
        "# Audit and repair of tokenizers",
        f"`python bench/audit.py{' --sentencepiece PYTHON' if given.sentencepiece else ''}`, {date.today()}, "
        f"{machine}, "
        f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores. FLORES-200 devtest lines 1–500 in "
        f"{len(parallel.texts)} languages; intervals: 95 %, bootstrap over articles.",
        "## Bytes and characters against the published table",
        "The published sums are over 2,009 sentences, these over the first 500 of devtest, so premiums differ by what "
        "was sampled; bytes per character hardly depend on it.",
        "\n".join(published(place, parallel)),
    )
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        english = learnt(
            work / "english",
            [{"id": one.id, "text": one.text} for one in documentation()],
            Terms(vocabulary=4096),
        )
        mixed = learnt(work / "mixed", rows_of(train), Terms(vocabulary=VOCABULARY))
        (work / "lines").mkdir()
        write_rows(work / "lines" / "parallel.jsonl", rows_of(train))
        fair = learnt(
            work / "fair",
            rows_of(train),
            Terms("parity", vocabulary=VOCABULARY, groups="language", unit="records"),
            work / "lines" / "parallel.jsonl",
        )
        unigram = learnt(work / "unigram", rows_of(train), Terms("unigram", vocabulary=VOCABULARY))
        all_ = {
            "BPE, English documentation": english,
            "BPE, 60 languages": mixed,
            "parity-aware BPE, 60 languages": fair,
            "unigram, 60 languages": unigram,
            "plain bytes": Plain("bytes"),
            "plain characters": Plain("characters"),
        }
        half = f"{len(train.texts['eng_Latn'])} lines to learn from, {len(test.texts['eng_Latn'])} to measure on"
        told("## Premiums by tokenizer", f"English = 1; {half}.", "\n".join(audits(all_, test)))
        (work / "repair").mkdir()
        told(
            "## Repairs",
            "Tokens after over before on articles that nothing was learnt from.",
            "\n".join(repairs(work / "repair", english, mixed, train, test)),
        )
        told(
            "## Tokens that training never saw",
            "A tiny model learns from English documentation with the tokenizer for 60 languages.",
            "\n".join(untrained(work / "untrained", mixed)),
        )
        told(
            "## Growth of encoding time",
            "Exponent of size in time, from 10 kB to 1 MB, and the speed at the largest.",
            "\n".join(growths({name: one for name, one in all_.items() if isinstance(one, Opened)})),
        )
        if given.sentencepiece:
            same = sentencepiece(work / "peer", given.sentencepiece, train, test)
            told("## Sentencepiece models without the library", "\n".join(same))
    text = "\n\n".join(parts) + "\n"
    (HERE / "results" / "audit.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
