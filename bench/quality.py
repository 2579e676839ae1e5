"""Quality rules, language and classifier, measured: verdicts and speed beside datatrove, macro-F1 with a noise class.

    python bench/quality.py

Needs the shared data (OCTAVO_SHARED or ../shared) and datatrove with spacy in a Python of its own (OCTAVO_DATATROVE,
by default /tmp/peers/datatrove/bin/python). Writes bench/results/quality.md.
"""

from __future__ import annotations

import ast
import base64
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
import time
from collections import Counter
from datetime import date
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("OCTAVO_SHARED", HERE.parents[1] / "shared")) / "data"
PEER = Path(os.environ.get("OCTAVO_DATATROVE", "/tmp/peers/datatrove/bin/python"))
RESULT = HERE / "results" / "quality.md"
REPEATS = 3

ASK_PEER = """
import json, sys, time
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
from datatrove.utils.text import split_into_parts
texts = [json.loads(line)["text"] for line in open(sys.argv[1], encoding="utf-8")]
sets = {"gopher": [GopherQualityFilter(), GopherRepetitionFilter()], "c4": [C4QualityFilter()],
        "fineweb": [FineWebQualityFilter()]}
GopherQualityFilter().filter(Document(text="Warm up.", id="0"))
verdicts, seconds, left = {}, {}, {}
for name, filters in sets.items():
    split_into_parts.cache_clear()
    began = time.process_time()
    found = []
    for text in texts:
        document = Document(text=text, id="0")
        results = (one.filter(document) for one in filters)
        found.append(next((result[1] for result in results if result is not True), ""))
        if name == "c4":
            left[len(found) - 1] = document.text
    seconds[name] = time.process_time() - began
    verdicts[name] = found
answer = {"verdicts": verdicts, "seconds": seconds, "c4": [left[at] for at in range(len(texts))]}
json.dump(answer, open(sys.argv[2], "w"))
"""


def shared(name: str) -> list[dict]:
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


def collection() -> list[tuple[str, str]]:
    """(sort, text): articles, stories, generated texts, problems, and the text files and modules of the environment."""
    found = [("articles", row["text"]) for row in shared("curation/near_dup_articles.jsonl.gz")]
    pairs = shared("detection/pairs_xsum_writing.jsonl.gz")
    found += [("stories", row["human"]) for row in pairs] + [("generated", row["generated"]) for row in pairs]
    found += [("news", row["article"]) for row in shared("factuality/frank_articles.jsonl.gz")]
    found += [("problems", f"{r['question']}\n{r['answer']}") for r in shared("curation/gsm8k_test_sample.jsonl.gz")]
    site = Path(sysconfig.get_paths()["purelib"])
    files = sorted(p for p in site.rglob("*") if p.name == "METADATA" or p.suffix in {".md", ".rst", ".txt"})
    found += [("files", text[:60_000]) for text in map(readable, files[:500]) if text.strip()]
    library = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:150]
    found += [("code", text[:20_000]) for text in map(readable, library) if text.strip()]
    chance = random.Random(1)
    for _ in range(600):
        sentences = chance.choice(found[:2800])[1].split(". ")
        pieces = [chance.choice(sentences) + chance.choice([".", "...", "!"]) for _ in range(chance.randint(3, 25))]
        found.append(("repetitive", chance.choice(["\n", "\n\n", " "]).join(pieces)))
    return found


def readable(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def rule_sets(texts: list[str]) -> tuple[dict[str, list[str]], dict[str, float], list[str]]:
    """Verdicts and seconds of each set, and what C4 leaves of each text."""
    from octavo.data.quality.c4 import c4
    from octavo.data.quality.columns import Columns, batches
    from octavo.data.quality.fineweb import fineweb
    from octavo.data.quality.gopher import gopher

    Columns(["warm up"])
    verdicts, seconds = {}, {}
    began = time.process_time()
    found = [v for batch in batches(texts) for v in gopher(Columns(batch), ["en"] * len(batch))]
    seconds["gopher"] = time.process_time() - began
    verdicts["gopher"] = [v.reason if v else "" for v in found]
    began = time.process_time()
    edited = [c4(text) for text in texts]
    seconds["c4"] = time.process_time() - began
    verdicts["c4"] = [one.verdict.reason if one.verdict else "" for one in edited]
    began = time.process_time()
    found = [v for batch in batches(texts) for v in fineweb(Columns(batch))]
    seconds["fineweb"] = time.process_time() - began
    verdicts["fineweb"] = [v.reason if v else "" for v in found]
    return verdicts, seconds, [one.text for one in edited]


def beside_datatrove() -> list[str]:
    rows = collection()
    texts = [text for _, text in rows]
    size = sum(len(text.encode()) for text in texts) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "verdicts.json")
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        runs = []
        for _ in range(REPEATS):
            mine = rule_sets(texts)
            subprocess.run([PEER, "-c", ASK_PEER, source, target], check=True, capture_output=True)
            runs.append((mine, json.loads(target.read_text())))
    (verdicts, _, left), peer = runs[-1]
    lines = [
        "## Rule sets beside datatrove",
        "",
        f"{len(texts):,} texts, {size:.1f} MB; {REPEATS} runs in turns; processor time of one process.",
        "",
        "| set | Octavo MB/s | datatrove MB/s | times faster (least to most) | same verdict | removed by datatrove |",
        "|---|---|---|---|---|---|",
    ]
    for name in ("gopher", "c4", "fineweb"):
        own = [size / run[0][1][name] for run in runs]
        other = [size / run[1]["seconds"][name] for run in runs]
        ratios = sorted(a / b for a, b in zip(own, other, strict=True))
        theirs = peer["verdicts"][name]
        same = sum(bool(a) == bool(b) for a, b in zip(verdicts[name], theirs, strict=True))
        lines.append(
            f"| {name} | {statistics.median(own):.1f} | {statistics.median(other):.2f} | "
            f"{statistics.median(ratios):.0f} ({ratios[0]:.0f} to {ratios[-1]:.0f}) | "
            f"{same:,} of {len(texts):,} ({same / len(texts):.2%}) | {sum(map(bool, theirs)):,} |"
        )
    kept = [at for at in range(len(texts)) if not verdicts["c4"][at] and not peer["verdicts"]["c4"][at]]
    equal = sum(left[at] == peer["c4"][at] for at in kept)
    lines += [
        "",
        f"Of the {len(kept):,} texts that both C4 sets keep, {equal:,} have the same text after the cuts.",
        "",
    ]
    lines += ["Different verdicts:", "", "| set | sort | datatrove | Octavo | texts |", "|---|---|---|---|---|"]
    for name in ("gopher", "c4", "fineweb"):
        differ = Counter(
            (rows[at][0], theirs or "kept", own or "kept")
            for at, (own, theirs) in enumerate(zip(verdicts[name], peer["verdicts"][name], strict=True))
            if bool(own) != bool(theirs)
        )
        ordered = sorted(differ.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"| {name} | {sort} | {theirs} | {own} | {n} |" for (sort, theirs, own), n in ordered[:6]]
    lines += [
        "",
        "They come from what counts as a word or a sentence: datatrove asks spaCy's tokenizer for English, with its",
        "lists of abbreviations, units and addresses; Octavo parts words by rules that need no list. Stop words are",
        "English ones in both here; Octavo takes those of a record's language and applies no such rule where it has no",
        "list, where datatrove looks for English ones whatever the language is.",
        "",
    ]
    return lines


def noise(chance: random.Random) -> list[tuple[str, str]]:
    found = []
    library = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:60]
    code = [bare(path).split("\n") for path in library]
    code = [lines for lines in code if len(lines) > 15]
    letters = "abcdefghijklmnopqrstuvwxyz"
    for _ in range(100):
        lines = chance.choice(code)
        start = chance.randrange(len(lines) - 12)
        word = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(25)]
        found += [
            ("code without comments", "\n".join(lines[start : start + 12])),
            ("numbers", " ".join(str(chance.randrange(10 ** chance.randint(1, 7))) for _ in range(30))),
            ("bytes as Latin-1", chance.randbytes(200).decode("latin-1")),
            ("bytes as UTF-8", chance.randbytes(200).decode("utf-8", "replace")),
            ("random letters", " ".join(word)),
            ("base64", base64.b64encode(chance.randbytes(150)).decode()),
            ("hexadecimal", " ".join(f"{chance.randrange(2**32):08x}" for _ in range(20))),
            ("addresses", "\n".join(f"https://{a}.org/{b}/{chance.randrange(999)}" for a, b in zip(word, word[5:]))),
        ]
    return found


def bare(path: Path) -> str:
    """A module without comments and docstrings."""
    tree = ast.parse(readable(path))
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef | ast.ClassDef | ast.Module | ast.AsyncFunctionDef):
            part.body = [
                one for one in part.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            ] or [ast.Pass()]
    return ast.unparse(tree)


def language(models: str, lines_of_each: int) -> dict:
    """Counts, speed and memory in a process of its own."""
    command = [sys.executable, __file__, "--language", models, str(lines_of_each)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def language_here(models: str, lines_of_each: int) -> None:
    from lingua import Language

    from octavo.data.quality.language import identify

    three = {one.iso_code_639_3.name.lower(): one.iso_code_639_1.name.lower() for one in Language.all()}
    three |= {"arb": "ar", "pes": "fa", "swh": "sw"}
    rows = [row for row in shared("curation/flores_devtest.jsonl.gz") if row["line"] <= lines_of_each]
    known = [(three[row["lang"][:3]], row["lang"], row["text"]) for row in rows if row["lang"][:3] in three]
    foreign = [("unknown", row["lang"], row["text"]) for row in rows if row["lang"][:3] not in three]
    made = [("unknown", sort, text) for sort, text in noise(random.Random(0))]
    identify("To load the models, one sentence must be read first.", models=models)
    began = time.process_time()
    answers = [identify(text, models=models).language for _, _, text in [*known, *foreign, *made]]
    spent = time.process_time() - began
    status = Path("/proc/self/status").read_text()
    peak = status.partition("VmHWM:")[2].split()[0]
    everything = [*known, *foreign, *made]
    table = Counter((gold, sort, found) for (gold, sort, _), found in zip(everything, answers, strict=True))
    size = sum(len(text.encode()) for _, _, text in everything)
    rows_out = [[*key, count] for key, count in sorted(table.items())]
    print(
        json.dumps(
            {"table": rows_out, "texts": len(answers) / spent, "mb": size / spent / 1e6, "peak": int(peak) / 1e3}
        )
    )


def f1(table: list, skip: tuple[str, ...] = ()) -> dict[str, float]:
    right, found, wanted = Counter(), Counter(), Counter()
    for gold, sort, answer, count in table:
        if sort not in skip:
            wanted[gold] += count
            found[answer] += count
            right[gold] += count * (gold == answer)
    return {name: 2 * right[name] / (found[name] + wanted[name]) for name in wanted}


def languages() -> list[str]:
    results = {"small": language("small", 500), "full": language("full", 60)}
    lines = [
        "## Language",
        "",
        "FLORES-200 devtest, single sentences (about 130 characters): the languages that lingua knows, and a class",
        "`unknown` of eight sorts of noise and of languages in scripts it does not know (Hausa, which is in Latin",
        "script and no model knows, is left out of the mean and stands below). Small models: 500 sentences of each;",
        "full: 60.",
        "",
        "| models | languages | macro-F1 | F1 of unknown | texts/s | MB/s | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for models, result in results.items():
        scores = f1(result["table"], ("hau_Latn",))
        lines.append(
            f"| {models} | {len(scores) - 1} | {statistics.mean(scores.values()):.4f} | {scores['unknown']:.3f} | "
            f"{result['texts']:,.0f} | {result['mb']:.2f} | {result['peak']:,.0f} MB |"
        )
    small = f1(results["small"]["table"], ("hau_Latn",))
    worst = sorted(small.items(), key=lambda item: item[1])
    lines += [
        "",
        "F1 by language (small models):",
        "",
        "| " + " | ".join(["language", "F1"] * 4) + " |",
        "|---" * 8 + "|",
    ]
    cells = [f"{name} | {value:.3f}" for name, value in worst]
    cells += ["| "] * (-len(cells) % 4)
    lines += ["| " + " | ".join(cells[at : at + 4]) + " |" for at in range(0, len(cells), 4)]
    unknown = {}
    for gold, sort, answer, count in results["small"]["table"]:
        if gold == "unknown":
            unknown.setdefault(sort, Counter())[answer] += count
    lines += ["", "| should be unknown | is | taken most for |", "|---|---|---|"]
    for sort, found in unknown.items():
        other = [f"{name} ({n})" for name, n in found.most_common(4) if name != "unknown"][:2]
        lines.append(f"| {sort} | {found['unknown']} of {found.total()} | {', '.join(other)} |")
    return [*lines, ""]


def classifier() -> list[str]:
    from octavo.data.quality.classifier import train

    rows = collection()
    sorts = {"stories, news": ("stories", "news"), "files, code, repetitive": ("files", "code", "repetitive")}
    good, bad = ([text for sort, text in rows if sort in wanted] for wanted in sorts.values())
    tasks = {
        "prose against files, code, repetition": (good, bad),
        "human against generated": ([t for s, t in rows if s == "stories"], [t for s, t in rows if s == "generated"]),
    }
    lines = [
        "## Classifier",
        "",
        "Five folds, equal texts together; the threshold keeps 95 % of the good texts.",
        "",
        "| task | texts | AUC (95 %) | AUC of the length | bad removed | calibration error | training | scoring |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (yes, no) in tasks.items():
        began = time.process_time()
        model = train(yes, no)
        spent = time.process_time() - began
        began = time.process_time()
        model.scores([*yes, *no])
        speed = sum(len(t.encode()) for t in [*yes, *no]) / 1e6 / (time.process_time() - began)
        found = model.trained
        low, high = found.auc_interval
        lines.append(
            f"| {name} | {found.good} + {found.bad} | {found.auc:.3f} ({low:.3f} to {high:.3f}) | "
            f"{found.length_auc:.3f} | {found.bad_removed:.1%} | {found.calibration_error:.3f} | "
            f"{spent:.1f} s | {speed:.0f} MB/s |"
        )
    return [*lines, ""]


def main() -> None:
    if "--language" in sys.argv:
        language_here(sys.argv[2], int(sys.argv[3]))
        return
    asked = [PEER, "-c", "from importlib.metadata import version as v; print(v('datatrove'), v('spacy'))"]
    peer = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    load = os.getloadavg()[0]
    busy = f"; machine busy (load {load:.0f})" if load > 1.5 else ""
    head = [
        "# Quality rules, language, classifier",
        "",
        f"{date.today()} · Octavo {version('octavo')}, datatrove {peer[0]} with spaCy {peer[1]}, lingua "
        f"{version('lingua-language-detector')}, numpy {version('numpy')}, Python {platform.python_version()} · "
        f"{os.cpu_count()} cores {platform.machine()}{busy} · `python bench/quality.py`",
        "",
    ]
    RESULT.write_text("\n".join([*head, *beside_datatrove(), *languages(), *classifier()]), encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
