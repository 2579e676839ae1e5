"""Linking records side by side: Splink 4, BM25 and `octavo link` on the same two databases, identifiers hidden.

    python bench/peers_link.py --peers PYTHON [--shared DIR] [--limit N]

Go vulnerability records against CVE records of the shared data: which CVE record speaks of the same flaw, and when does
none? PYTHON is the interpreter of an environment with splink, duckdb and bm25s. Every side is a process of its own and
gets the same parsed fields (names, repositories, versions, weaknesses, links, dates, masked text); reading the
files is not timed for anybody. Half of the left records (by the hash of their id) serve to choose a threshold, and
weights where a side learns from known pairs; the other half is decided on; then the halves change places. Writes
`bench/results/peers_link.md`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
SIDES = ("splink", "bm25", "text", "graph", "fused", "fused, fitted")
OF_PEERS = ("splink", "bm25")
WORD = re.compile(r"[a-z][a-z0-9]+")
RARE_WORD, RARE_NAME, RARE_WORDS = 60, 400, 6
"""A word in at most so many right records may block for Splink, as may a part of a name; so many of each record."""
LINKS = ("url", "thread", "commit", "repository", "tag")


# What all sides are given


def prepare(shared: Path, place: Path, limit: int) -> dict:
    """Write both sides as plain rows, and say which are the same."""
    from octavo.knowledge.entities.record import ids_in, read_records

    files = [shared / "data" / "vulns" / f"{name}.jsonl.gz" for name in ("govuln", "cve")]
    known = ids_in(files[0]) | ids_in(files[1])
    sides = [read_records(file, blind=True, known=known, rejected=[]) for file in files]
    left = [one for one in sides[0] if "masked" not in one.id][: limit or None]
    truth: dict[str, list[str]] = {}
    hard = set()
    with gzip.open(shared / "data" / "vulns" / "pairs_train_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if (row["a_source"], row["b_source"], row["kind"]) == ("govuln", "cve", "same"):
                truth.setdefault(row["a_id"], []).append(row["b_id"])
                if row["hard"]:
                    hard.add(row["a_id"])
    for name, records in (("left", left), ("right", sides[1])):
        with (place / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            for one in records:
                row = {"id": one.id, "text": one.text, "names": one.names, "fields": dict(one.fields)}
                out.write(json.dumps(row) + "\n")
    ids = [one.id for one in left]
    found = {"left": ids, "right": len(sides[1]), "truth": {k: v for k, v in truth.items() if k in set(ids)}}
    (place / "truth.json").write_text(json.dumps(found), encoding="utf-8")
    return found | {"hard": sorted(hard & set(ids))}


def rows_of(place: Path, side: str) -> list[dict]:
    with (place / f"{side}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def half_of(name: str) -> int:
    return hashlib.blake2b(name.encode(), digest_size=2).digest()[0] % 2


# The sides; each returns {left id: [best right id, score]}


def by_splink(place: Path) -> dict:
    import duckdb
    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frames = [pd.DataFrame(one) for one in columns(rows_of(place, "left"), rows_of(place, "right"))]
    array = "len(list_intersect({0}_l, {0}_r))"
    words = f"({array.format('words')} / greatest(1, least(len(words_l), len(words_r))))"
    levels = [
        {"sql_condition": "len(words_l) = 0 OR len(words_r) = 0", "label_for_charts": "none", "is_null_level": True},
        *({"sql_condition": f"{words} >= {at}", "label_for_charts": f">= {at}"} for at in (0.8, 0.6, 0.45, 0.3, 0.15)),
        {"sql_condition": "ELSE", "label_for_charts": "else"},
    ]
    date = cl.AbsoluteDateDifferenceAtThresholds(
        "published", input_is_string=True, metrics=["day", "month", "year"], thresholds=[7, 2, 1]
    )
    comparisons = [
        cl.JaroWinklerAtThresholds("product", [0.99, 0.92, 0.8]),
        cl.JaroWinklerAtThresholds("vendor", [0.99, 0.92, 0.8]),
        cl.ArrayIntersectAtSizes("names", [3, 2, 1]),
        cl.ArrayIntersectAtSizes("links", [2, 1]),
        cl.ArrayIntersectAtSizes("fixed", [2, 1]),
        cl.ArrayIntersectAtSizes("weaknesses", [1]),
        cl.ArrayIntersectAtSizes("symbols", [2, 1]),
        date,
        {"output_column_name": "words", "comparison_description": "share of words", "comparison_levels": levels},
    ]
    blocking = [
        block_on("links", arrays_to_explode=["links"]),
        block_on("rare_names", arrays_to_explode=["rare_names"]),
        block_on("rare_words", arrays_to_explode=["rare_words"]),
    ]
    settings = SettingsCreator(
        link_type="link_only", comparisons=comparisons, blocking_rules_to_generate_predictions=blocking
    )
    linker = Linker(frames, settings, DuckDBAPI(duckdb.connect()), set_up_basic_logging=False)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("product", "vendor")], recall=0.4)
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("product"), block_on("vendor"), block_on("published")):  # exploding rules are for predicting
        training.estimate_parameters_using_expectation_maximisation(rule)
    told = linker.inference.predict(threshold_match_weight=-30).as_pandas_dataframe()
    best: dict[str, list] = {}
    lefts = set(frames[0]["unique_id"])
    for a, b, weight in zip(told["unique_id_l"], told["unique_id_r"], told["match_weight"], strict=True):
        a, b = (a, b) if a in lefts else (b, a)
        if a not in best or (-weight, b) < (-best[a][1], best[a][0]):
            best[a] = [b, float(weight)]
    return best


def columns(left: list[dict], right: list[dict]) -> list[list[dict]]:
    """What Splink compares: scalars and arrays of each record."""
    words = [[sorted(set(WORD.findall(row["text"].lower()))) for row in side] for side in (left, right)]
    seen = Counter(word for row in words[1] for word in row)
    named = [[parts(row["names"]) for row in side] for side in (left, right)]
    seen_names = Counter(name for row in named[1] for name in set(row))
    made = []
    for side, texts, names in zip((left, right), words, named, strict=True):
        rows = []
        for row, text, name in zip(side, texts, names, strict=True):
            fields = row["fields"]
            rare = sorted((word for word in text if 1 <= seen[word] <= RARE_WORD), key=lambda word: (seen[word], word))
            package = parts(fields.get("package", ())[:1])
            vendor = parts([*fields.get("vendor", ()), *fields.get("owner", ())][:1])
            day = fields.get("date")
            rows.append(
                {
                    "unique_id": row["id"],
                    "product": package[-1] if package else None,
                    "vendor": vendor[0] if vendor else None,
                    "names": sorted(set(name)),
                    "rare_names": sorted({one for one in name if 1 <= seen_names[one] <= RARE_NAME}),
                    "links": sorted(f"{kind}:{one}" for kind in LINKS for one in fields.get(kind, ())),
                    "fixed": [*fields.get("fixed", ())],
                    "weaknesses": [*fields.get("weakness", ())],
                    "symbols": [*fields.get("symbol", ())],
                    "published": None if day is None else str(day_of(day)),
                    "words": text,
                    "rare_words": rare[:RARE_WORDS],
                }
            )
        made.append(rows)
    return made


def day_of(number: float):
    from datetime import date

    return date.fromordinal(int(number))


def parts(names) -> list[str]:
    """Parts of names without hosts and version suffixes."""
    skipped = {"github", "com", "org", "io", "www", "golang", "gopkg", "in", "go", "net", "v2", "v3", "v4", "v5", "x"}
    return [part for name in names for part in re.findall(r"[a-z0-9]+", name.lower()) if part not in skipped]


def by_bm25(place: Path) -> dict:
    import bm25s

    sides = [rows_of(place, side) for side in ("left", "right")]
    texts = [[row["text"] + " " + " ".join(row["names"]) for row in side] for side in sides]
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(bm25s.tokenize(texts[1], stopwords="en", show_progress=False), show_progress=False)
    asked = bm25s.tokenize(texts[0], stopwords="en", show_progress=False)
    places, scores = index.retrieve(asked, k=1, show_progress=False)
    return {
        row["id"]: [sides[1][int(at[0])]["id"], float(score[0])]
        for row, at, score in zip(sides[0], places, scores, strict=True)
    }


def by_octavo(place: Path, method: str) -> dict:
    from octavo.knowledge.entities.link import prepare
    from octavo.knowledge.entities.record import Record

    made = []
    for side in ("left", "right"):
        typed = [
            (row, {k: tuple(v) if isinstance(v, list) else v for k, v in row["fields"].items()})
            for row in rows_of(place, side)
        ]
        made.append([Record(row["id"], row["text"], tuple(row["names"]), fields) for row, fields in typed])
    ready = prepare(*made)
    if method.endswith("fitted"):
        truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))["truth"]
        return fitted(ready, truth)
    return best_of(ready, unsupervised(ready, method))


def unsupervised(ready, method: str):
    """Probabilities by what the records themselves show: no known pair, no weights that know these databases."""
    from octavo.knowledge.entities.choice.decide import decide
    from octavo.knowledge.entities.compare import compare

    compared = compare(ready.left, ready.right, ready.candidates, ready.text, ready.fields, method)
    return decide(compared, ready.candidates, method, known=None, use_shipped=False).chance


def fitted(ready, truth: dict) -> dict:
    """Weights fitted on one half decide on the other. For the threshold each half is also decided on by weights of the
    other half's own halves, so that no record is ever scored by weights that saw it."""
    import numpy as np

    from octavo.knowledge.entities.choice.decide import choose
    from octavo.knowledge.entities.choice.decide import fitted as fit
    from octavo.knowledge.entities.compare import compare

    found = ready.candidates
    compared = compare(ready.left, ready.right, found, ready.text, ready.fields, "fused")
    names = [one.id for one in ready.left]
    pairs = zip(found.left.tolist(), found.right.tolist(), strict=True)
    right = np.array([ready.right[b].id in truth.get(names[a], ()) for a, b in pairs])
    half = np.array([half_of(name) for name in names])[found.left]
    quarter = np.array([half_of(f"quarter {name}") for name in names])[found.left]
    chance = np.zeros(len(half))
    inner = np.zeros(len(half))
    for own in (0, 1):
        utility = fit(compared.values, found.left, right & (half != own)).utility(compared.values)
        chance[half == own] = choose(found.left, utility)[half == own]
        for part in (0, 1):
            among = (half == own) & (quarter == part)
            utility = fit(compared.values, found.left, right & (half == own) & (quarter != part)).utility(
                compared.values
            )
            inner[among] = choose(found.left, utility)[among]
    best, learnt = best_of(ready, chance), best_of(ready, inner)
    return {name: [*best[name], learnt[name]] for name in best}


def best_of(ready, chance) -> dict:
    import numpy as np

    best = {}
    for number, record in enumerate(ready.left):
        part = ready.candidates.of(number)
        if part.start < part.stop:
            at = int(np.argmax(chance[part]))
            best[record.id] = [ready.right[int(ready.candidates.right[part][at])].id, float(chance[part][at])]
    return best


def child(side: str, place: Path) -> None:
    began, busy = time.perf_counter(), time.process_time()
    if side == "splink":
        best = by_splink(place)
    elif side == "bm25":
        best = by_bm25(place)
    else:
        best = by_octavo(place, side)
    told = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - busy,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "best": best,
    }
    print(json.dumps(told))


# Scores


def scored(told: dict, data: dict) -> dict:
    """R@1 of all and of the hard, F1 with no counterpart: each half decided by the threshold of the other."""
    from octavo.measures.intervals import bootstrap, wilson

    truth = data["truth"]
    rows = []
    for own in (0, 1):
        other = [name for name in data["left"] if half_of(name) != own]
        limit = threshold(told["best"], other, truth)
        for name in data["left"]:
            if half_of(name) == own:
                best = told["best"].get(name, [None, -math.inf])
                linked = best[1] >= limit
                rows.append((name in truth, linked, linked and best[0] in truth.get(name, ())))
    right = {name for name in truth if told["best"].get(name, [None])[0] in truth[name]}
    f1 = bootstrap([[float(x) for x in row] for row in rows], f1_of, resamples=1000)
    hard = data["hard"]
    return {
        "f1": (f1_of_rows(rows), f1.low, f1.high),
        "precision": sum(r[2] for r in rows) / max(1, sum(r[1] for r in rows)),
        "recall": sum(r[2] for r in rows) / max(1, sum(r[0] for r in rows)),
        "all": (len(right) / len(truth), *ends(wilson(len(right), len(truth)))),
        "hard": (len(right & set(hard)) / len(hard), *ends(wilson(len(right & set(hard)), len(hard)))),
    }


def ends(interval) -> tuple[float, float]:
    return interval.low, interval.high


def f1_of(rows) -> float:
    return float(2 * rows[:, 2].sum() / max(1.0, rows[:, 1].sum() + rows[:, 0].sum()))


def f1_of_rows(rows: list[tuple]) -> float:
    return 2 * sum(r[2] for r in rows) / max(1, sum(r[1] for r in rows) + sum(r[0] for r in rows))


def threshold(best: dict, names: list[str], truth: dict) -> float:
    """The score from which on links are best by F1; a third entry is what weights that never saw the record say."""
    told = [(best[name][2] if len(best[name]) > 2 else best[name], name) for name in names if name in best]
    told.sort(key=lambda one: -one[0][1])
    known = sum(name in truth for name in names)
    found, right, value = math.inf, 0, -1.0
    for number, ((other, score), name) in enumerate(told, 1):
        right += other in truth.get(name, ())
        now = 2 * right / (number + known)
        if now > value:
            found, value = score, now
    return found


def written(told: dict, scores: dict, data: dict, command: str, peers: str) -> str:
    base = told["fused" if "fused" in told else next(iter(told))]["processor"]
    busy = os.getloadavg()[0] > 1.2
    lines = [
        "# Linking records of two databases",
        "",
        f"{circumstances(command)} {peers}" + (" **The machine was busy.**" if busy else ""),
        "",
        f"{len(data['left']):,} Go records, {len(data['truth'])} of them with a declared counterpart "
        f"({len(data['hard'])} hard) among {data['right']:,} CVE records. Records of the shared data whose answer is "
        "withheld are left out on the left and stay on the right. Identifiers are hidden from all. Counterparts that "
        "nobody declared count as wrong links. Times are of matching alone, on one core; processor time is sturdier.",
        "",
        "| by | learns from | F1 with no counterpart (95 %) | precision / recall | R@1 all | R@1 hard | processor s |"
        " wall s | of fused's | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    learns = {"splink": "the records (EM)", "bm25": "nothing", "fused, fitted": "pairs of the other half"}
    for name in told:
        one, score = told[name], scores[name]
        cells = [
            name,
            learns.get(name, "the records (EM)"),
            "{:.3f} ({:.3f} … {:.3f})".format(*score["f1"]),
            f"{score['precision']:.3f} / {score['recall']:.3f}",
            "{:.3f} ({:.3f} … {:.3f})".format(*score["all"]),
            "{:.3f} ({:.3f} … {:.3f})".format(*score["hard"]),
            f"{one['processor']:.1f}",
            f"{one['seconds']:.1f}",
            f"{one['processor'] / base:.2f}×",
            f"{one['memory']:,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Splink compares product and vendor (Jaro–Winkler), parts of names, links, fixed versions, weaknesses, "
        "symbols (array intersection), dates (difference) and words (share of the smaller set); it blocks on shared "
        f"links, on parts of names in at most {RARE_NAME} right records and on the {RARE_WORDS} rarest words. Its u "
        "come from two million random pairs, its m from expectation maximisation on equal products, vendors and dates. "
        "It is not made for bags of words. `text`, `graph` and `fused` also learn without pairs; every threshold comes "
        "from the other half of the records.",
        "",
        "No embedding model was measured.",
        "",
    ]
    return "\n".join(lines + verdicts(told, scores))


def verdicts(told: dict, scores: dict) -> list[str]:
    """Whether the target is met, in words."""
    lines = []
    for ours in ("fused", "fused, fitted"):
        for peer in OF_PEERS:
            if ours in scores and peer in scores:
                better = scores[ours]["f1"][0] - scores[peer]["f1"][0]
                times = told[ours]["processor"] / told[peer]["processor"]
                lines.append(f"- {ours} against {peer}: F1 {better:+.3f} in {times:.2f} times the processor time.")
    return [*lines, ""]


def circumstances(command: str) -> str:
    sys.path.insert(0, str(HERE))
    from aside import circumstances as told

    return told(command, "numpy", "scipy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="Python of the environment with splink, duckdb and bm25s")
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("OCTAVO_SHARED", HERE.parents[1] / "shared"))
    )
    parser.add_argument("--limit", type=int, default=0, help="only so many left records (to try the script)")
    parser.add_argument("--only", nargs="*", default=SIDES)
    parser.add_argument("--place", type=Path, help="keep the prepared rows here")
    parser.add_argument("--child", nargs=2)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        place = given.place or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        kept = place / "data.json"
        if kept.is_file():
            data = json.loads(kept.read_text(encoding="utf-8"))
        else:
            data = prepare(given.shared, place, given.limit)
            kept.write_text(json.dumps(data), encoding="utf-8")
        told, scores = {}, {}
        for side in given.only:
            python = given.peers if side in OF_PEERS else Path(sys.executable)
            command = [str(python), "-W", "ignore", __file__, "--child", side, str(place)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=3600, env={**os.environ})
            if done.returncode:
                raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
            told[side] = json.loads(done.stdout.strip().splitlines()[-1])
            scores[side] = scored(told[side], data)
            print(side, {k: v for k, v in told[side].items() if k != "best"}, scores[side], file=sys.stderr, flush=True)
    names = "splink", "duckdb", "bm25s"
    asked = f"from importlib.metadata import version as v; print(', '.join(f'{{n}} {{v(n)}}' for n in {names}))"
    peers = subprocess.run([str(given.peers), "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    page = written(
        told, scores, data, "python bench/peers_link.py --peers PYTHON", f"In the other environment: {peers}."
    )
    if not given.limit and set(given.only) == set(SIDES):
        (HERE / "results" / "peers_link.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
