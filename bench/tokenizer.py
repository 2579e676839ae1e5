"""Measure tokenizer training: speed and memory beside other trainers, growth, and what parity does on parallel text.

    python bench/tokenizer.py [--peers PYTHON] [--rounds 3] [--only speed growth parity] [--busy]

Writes `bench/results/tokenizer.md`. `--peers` is a Python that has rustbpe and sentencepiece (a venv of their own);
what it lacks is left out and said. The texts are the Python sources of this environment and, where the shared data are
there (`OCTAVO_SHARED` or `../shared`), the FLORES lines. Every training runs in a process of its own; trainers take
turns.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("OCTAVO_SHARED") or HERE.parents[1] / "shared")
FLORES = SHARED / "data" / "curation"
VOCABULARY = 32_000

MEASURED = """
import json, resource, sys, time
from pathlib import Path
name, source, scratch, vocabulary = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
memory = int(sys.argv[5])
def texts():
    for line in source.open(encoding="utf-8"):
        yield json.loads(line)["text"]
def octavo(on):
    from octavo.kinds.records import shards
    from octavo.tokenizer.learn.learner import learn
    from octavo.tokenizer.learn.terms import Terms
    learn(Terms(vocabulary=vocabulary, memory_mb=memory), shards([source], scratch), scratch, on=on, workers=2)
def library():
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    from octavo.tokenizer.learn.cuts import PATTERN, byte_characters
    tokenizer = Tokenizer(models.BPE())
    cut = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(False, use_regex=False)])
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=sorted(byte_characters()), min_frequency=2,
                                  max_token_length=24, show_progress=False)
    tokenizer.train_from_iterator(texts(), trainer)
def rustbpe():
    import rustbpe
    rustbpe.Tokenizer().train_from_iterator(texts(), vocabulary)
def sentencepiece():
    import io, sentencepiece
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts() for line in text.splitlines() if line), model_writer=io.BytesIO(),
        vocab_size=vocabulary, model_type="bpe", byte_fallback=True, hard_vocab_limit=False, num_threads=2,
        max_sentence_length=1000000, minloglevel=2)
if __name__ == "__main__":
    began = time.perf_counter()
    {"octavo": lambda: octavo("processes"), "octavo, serial": lambda: octavo("serial"), "tokenizers": library,
     "rustbpe": rustbpe, "sentencepiece": sentencepiece}[name]()
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"wall": time.perf_counter() - began,
                      "cpu": sum(u.ru_utime + u.ru_stime for u in (mine, theirs)),
                      "peak": max(mine.ru_maxrss, theirs.ru_maxrss) / 1024}))
"""


def sources(path: Path, size: int) -> Path:
    """Python sources of this environment as records of at most 20,000 characters, `size` bytes in all."""
    written = 0
    with path.open("w", encoding="utf-8") as out:
        roots = [sysconfig.get_paths()[name] for name in ("purelib", "stdlib")]
        for file in sorted(file for root in roots for file in Path(root).rglob("*.py")):
            try:
                text = file.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError):
                continue
            for at in range(0, len(text), 20_000):
                row = json.dumps({"id": f"{file.name}{at}", "text": text[at : at + 20_000]}, ensure_ascii=False) + "\n"
                if written + len(row.encode()) > size:
                    return path
                out.write(row)
                written += len(row.encode())
    return path


def made_up(path: Path, size: int, seed: int = 0) -> Path:
    """Records of words that hardly ever repeat: the worst case for the table of words."""
    chosen = random.Random(seed)
    with path.open("w", encoding="utf-8") as out:
        for number in range(size // 10_000):
            words = ("".join(chosen.choices("etaoinshrdlu", k=chosen.randint(5, 14))) for _ in range(1000))
            out.write(json.dumps({"id": str(number), "text": " ".join(words)}) + "\n")
    return path


def trained(python: str, name: str, source: Path, memory: int = 2048) -> dict[str, float] | str:
    """Time and memory of one training in a process of its own, or why there are none."""
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "measured.py"
        script.write_text(MEASURED, encoding="utf-8")
        command = [python, str(script), name, str(source), scratch, str(VOCABULARY), str(memory)]
        environment = {**os.environ, "OMP_NUM_THREADS": "2", "RAYON_NUM_THREADS": "2"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800, env=environment)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def speed(folder: Path, peers: str, rounds: int) -> list[str]:
    """Trainers in turns on the same text, all with two threads."""
    lines = [
        "## Speed and memory beside other trainers",
        "",
        f"{VOCABULARY:,} tokens, 2 threads each (*octavo, serial*: one process), median of {rounds} rounds in turns "
        "(lowest–highest). Ratios are to *octavo, serial* in the same round; above 1, Octavo is faster or smaller. CPU "
        "and memory of the worker processes of *octavo* are not seen, so it has none.",
        "",
        "| text | trainer | wall s | CPU s | peak MB | wall ratio | CPU ratio | memory ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    texts = [("Python sources, 24 MB", sources(folder / "sources.jsonl", 24_000_000))]
    if FLORES.is_dir():
        texts.append(("FLORES, 60 languages, 8 MB", flores_file(folder / "flores.jsonl", flores())))
    names = {"octavo": sys.executable, "octavo, serial": sys.executable, "tokenizers": sys.executable}
    names |= {"rustbpe": peers, "sentencepiece": peers}
    for title, source in texts:
        found: dict[str, list[dict[str, float]]] = {}
        failed: dict[str, str] = {}
        for _ in range(rounds):
            for name, python in names.items():
                one = trained(python, name, source) if name not in failed else failed[name]
                if isinstance(one, str):
                    failed[name] = one
                else:
                    found.setdefault(name, []).append(one)
        for name, runs in found.items():
            cells = [spread([run[what] for run in runs]) for what in ("wall", "cpu", "peak")]
            ours = zip(runs, found["octavo, serial"], strict=True)
            pairs = [{what: run[what] / own[what] for what in run} for run, own in ours]
            ratios = [spread([pair[what] for pair in pairs]) for what in ("wall", "cpu", "peak")]
            if name == "octavo":
                cells[1:], ratios[1:] = ["–", "–"], ["–", "–"]
            lines.append(f"| {title} | {name} | {' | '.join(cells + ratios)} |")
        lines += [f"| {title} | {name} | – | – | – | – | – | {why} |" for name, why in failed.items()]
    return lines


def spread(values: list[float]) -> str:
    """`3.1 (2.9–3.4)`."""
    digits = 0 if statistics.median(values) >= 100 else 1 if statistics.median(values) >= 10 else 2
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def growth(folder: Path, rounds: int) -> list[str]:
    """Ten times the text: how much more memory and time."""
    lines = [
        "",
        "## Ten times the text",
        "",
        "Python sources, serial. Target: peak memory at most 1.5 times, time at most 11 times. Without a limit that "
        "bites, memory grows with the distinct words.",
        "",
        "| text | memory allowed, MB | CPU s | peak MB |",
        "|---|---|---|---|",
    ]
    texts = {size: sources(folder / f"grown{size}.jsonl", size * 10**6) for size in (6, 60)}
    for memory in (2048, 64):
        found: dict[int, list[dict[str, float]]] = {}
        for _ in range(rounds):
            for size, path in texts.items():
                one = trained(sys.executable, "octavo, serial", path, memory)
                assert not isinstance(one, str), one
                found.setdefault(size, []).append(one)
        for size, runs in found.items():
            cells = [spread([run[what] for run in runs]) for what in ("cpu", "peak")]
            lines.append(f"| {size} MB | {memory} | {' | '.join(cells)} |")
        pairs = list(zip(found[6], found[60], strict=True))
        ratios = [spread([many[what] / few[what] for few, many in pairs]) for what in ("cpu", "peak")]
        lines.append(f"| ratio | {memory} | {' | '.join(ratios)} |")
    lines.append("")
    small, large = (trained(sys.executable, "octavo, serial", made_up(folder / f"m{n}", n * 10**6)) for n in (4, 16))
    assert not isinstance(small, str), small
    assert not isinstance(large, str), large
    more = (large["peak"] - small["peak"]) / 12
    lines.append(
        f"Where no word ever repeats (made up), each further byte of distinct words costs {more:.0f} bytes of "
        f"memory ({small['peak']:.0f} MB at 4 MB, {large['peak']:.0f} MB at 16 MB), {large['cpu']:.0f} s of CPU; "
        "`--memory` bounds it by leaving out the rarest."
    )
    return lines


def flores() -> list[dict[str, str | int]]:
    """The lines with the article they are from."""
    with gzip.open(FLORES / "flores_lines.jsonl.gz", "rt", encoding="utf-8") as lines:
        urls = {row["line"]: row["url"] for row in map(json.loads, lines)}
    with gzip.open(FLORES / "flores_devtest.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [{**row, "url": urls[row["line"]]} for row in map(json.loads, lines)]


def flores_file(path: Path, rows: list[dict[str, str | int]]) -> Path:
    """Rows as records."""
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            record = {"id": f"{row['lang']}{row['line']}", "text": row["text"], "language": row["lang"]}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path


VARIANTS: dict[str, dict[str, object]] = {
    "plain BPE": {"algorithm": "bpe"},
    "plain BPE, balanced (T = 1000)": {"algorithm": "bpe", "temperature": 1000.0},
    "parity": {"algorithm": "parity"},
    "parity without window": {"algorithm": "parity", "window": 0},
    "hybrid (half plain)": {"algorithm": "parity", "plain": 0.5},
}


def parity(folder: Path, seeds: int, vocabulary: int = 8000) -> list[str]:
    """Plain, balanced and parity-aware BPE of one size on unseen parallel lines, with even and with skewed text."""
    if not FLORES.is_dir():
        return ["", "## Parity", "", f"Not measured: {FLORES} is absent."]
    rows = flores()
    lines = [
        "",
        "## Parity-aware BPE on FLORES",
        "",
        f"60 languages, {vocabulary:,} tokens, {seeds} seeds: each draws two thirds of the articles (by url) to learn "
        "from, a tenth of those as the parallel lines that parity compares by (nothing is learnt from them), and is "
        "measured on the rest. *Skewed*: the languages, in a random order with English first, keep 1/rank of their "
        "lines, ten at least. Premium: tokens over English; Gini: of tokens per language; mean cost: tokens of all "
        "languages over those of plain BPE. Median (lowest–highest) of the seeds.",
        "",
        "| text | variant | Gini | worst premium | most tokens a line | mean cost | English cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for skewed in (False, True):
        results: dict[str, list[dict[str, float]]] = {}
        for seed in range(seeds):
            learn_rows, dev, test = split(rows, seed, skewed)
            plain: dict[str, int] = {}
            for name, terms in VARIANTS.items():
                counts = counted(folder, terms, vocabulary, learn_rows, dev, test)
                plain = plain or counts
                results.setdefault(name, []).append(facts(counts, plain, len({row["line"] for row in test})))
        for name, found in results.items():
            cells = [spread([one[what] for one in found]) for what in found[0]]
            lines.append(f"| {'skewed' if skewed else 'even'} | {name} | {' | '.join(cells)} |")
    return lines


def split(rows: list[dict], seed: int, skewed: bool) -> tuple[list[dict], list[dict], list[dict]]:
    """Rows to learn from, parallel rows to compare by, and rows to measure on; no article is in two of them."""
    chosen = random.Random(seed)
    urls = sorted({row["url"] for row in rows})
    chosen.shuffle(urls)
    cut = len(urls) * 2 // 3
    seen, compared = set(urls[:cut]), set(urls[: max(1, cut // 10)])
    languages = sorted({row["lang"] for row in rows} - {"eng_Latn"})
    chosen.shuffle(languages)
    rank = {language: at for at, language in enumerate(["eng_Latn", *languages], 1)}
    kept: dict[str, list[dict]] = {}
    for row in rows:
        if row["url"] in seen - compared:
            kept.setdefault(row["lang"], []).append(row)
    if skewed:
        kept = {name: some[: max(10, len(some) // rank[name])] for name, some in kept.items()}
    dev = [row for row in rows if row["url"] in compared]
    return [row for some in kept.values() for row in some], dev, [row for row in rows if row["url"] not in seen]


def counted(folder: Path, wanted: dict, vocabulary: int, learnt: list, dev: list, test: list) -> dict[str, int]:
    """Tokens of the test rows by language."""
    from octavo.kinds.records import shards
    from octavo.tokenizer.learn.learner import learn
    from octavo.tokenizer.learn.terms import Terms

    with tempfile.TemporaryDirectory(dir=folder) as place:
        scratch = Path(place)
        terms = Terms(vocabulary=vocabulary, groups="language", unit="records", repeats=1000.0, **wanted)
        parallel = shards([flores_file(scratch / "dev.jsonl", dev)], scratch) if wanted["algorithm"] == "parity" else []
        source = shards([flores_file(scratch / "learn.jsonl", learnt)], scratch)
        tokenizer = learn(terms, source, scratch, parallel=parallel, on="serial").tokenizer
    found: dict[str, int] = {}
    for row in test:
        tokens = len(tokenizer.encode(row["text"], add_special_tokens=False).ids)
        found[row["lang"]] = found.get(row["lang"], 0) + tokens
    return found


def facts(counts: dict[str, int], plain: dict[str, int], lines: int) -> dict[str, float]:
    """Gini, worst premium, tokens a line of the worst-off language, cost in all and for English."""
    ordered = sorted(counts.values())
    n, total = len(ordered), sum(ordered)
    gini = sum((2 * at - n - 1) * value for at, value in enumerate(ordered, 1)) / (n * total)
    return {
        "gini": gini,
        "premium": max(ordered) / counts["eng_Latn"],
        "most": max(ordered) / lines,
        "mean": total / sum(plain.values()),
        "english": counts["eng_Latn"] / plain["eng_Latn"],
    }


def peer_versions(python: str) -> str:
    """Versions of what was measured."""
    script = (
        "from importlib.metadata import distributions as d;"
        "print(', '.join(sorted(x.name + ' ' + x.version for x in d() if x.name in ('rustbpe', 'sentencepiece'))))"
    )
    peers = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False).stdout.strip()
    own = []
    for name in ("tokenizers", "numpy"):
        try:
            own.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            own.append(f"no {name}")
    return ", ".join([*own, *([peers] if peers else [])])


def main() -> None:
    """Measure and write the table."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--peers", default=sys.executable)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--seeds", type=int, default=3)
    given.add_argument(
        "--only", nargs="+", choices=["speed", "growth", "parity"], default=["speed", "growth", "parity"]
    )
    given.add_argument("--busy", action="store_true", help="other work ran on the machine meanwhile: say so")
    given.add_argument("--out", type=Path, default=HERE / "results" / "tokenizer.md")
    wanted = given.parse_args()
    lines = [
        "# Tokenizer training",
        "",
        f"`python bench/tokenizer.py --rounds {wanted.rounds}`, {date.today():%d %B %Y}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {peer_versions(wanted.peers)}."
        + (" **The machine was busy with other work: times are rough, ratios less so.**" if wanted.busy else ""),
        "",
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if "speed" in wanted.only:
            lines += speed(folder, wanted.peers, wanted.rounds)
        if "growth" in wanted.only:
            lines += growth(folder, wanted.rounds)
        if "parity" in wanted.only:
            lines += parity(folder, wanted.seeds)
    wanted.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
