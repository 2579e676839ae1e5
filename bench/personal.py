"""How well personal data is found, how fast, and how much ordinary prose is taken for it; beside other tools.

    python bench/personal.py [--write]

Reads `curation/pii_synth_v2.jsonl.gz` in the folder named by OCTAVO_SHARED (default: `../shared/data` beside the
checkout). A span counts as found when one of the same type overlaps it, and as right when it overlaps one of the same
type. Patterns and made-up sentences were developed on half of the templates (by the hash of their number); the other
half was held back. Peers run in environments of their own, named by OCTAVO_PEERS (default: /tmp/peers/presidio and
/tmp/peers/datatrove); one that is missing is said to be.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import gzip
import hashlib
import json
import os
import platform
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from octavo.data.personal.detect import find_many
from octavo.data.personal.spans import STRUCTURED, TYPES

HERE = Path(__file__).parent
SAME = {
    **{
        "EMAIL": "EMAIL_ADDRESS",
        "PHONE": "PHONE_NUMBER",
        "IP": "IP_ADDRESS",
        "IBAN": "IBAN_CODE",
        "CARD": "CREDIT_CARD",
    },
    **{"SSN": "US_SSN", "LICENCE": "US_DRIVER_LICENSE", "URL": "DOMAIN_NAME", "BIRTH_DATE": "DATE_TIME"},
    **{"DATE": "DATE_TIME", "ADDRESS": "STREET_ADDRESS", "POSTCODE": "ZIP_CODE", "PLACE": "GPE"},
    **{"ORGANISATION": "ORGANIZATION", "NATIONALITY": "NRP"},
}
EXACT = (
    "EMAIL_ADDRESS",
    "IP_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "PHONE_NUMBER",
    "DOMAIN_NAME",
    "US_DRIVER_LICENSE",
)
PEERS = {
    "presidio": """
import json, sys, time
from presidio_analyzer import RecognizerRegistry
from presidio_analyzer.predefined_recognizers import (CreditCardRecognizer, EmailRecognizer, IbanRecognizer,
    IpRecognizer, PhoneRecognizer, UrlRecognizer, UsLicenseRecognizer, UsSsnRecognizer)
kinds = [CreditCardRecognizer, EmailRecognizer, IbanRecognizer, IpRecognizer, PhoneRecognizer, UrlRecognizer,
    UsLicenseRecognizer, UsSsnRecognizer]
found, texts = [], json.load(sys.stdin)
all_of = [kind() for kind in kinds]
begun = time.process_time()
for text in texts:
    row = []
    for one in all_of:
        for r in one.analyze(text, one.supported_entities, None) or []:
            if r.score >= 0.4:
                row.append((r.start, r.end, "DOMAIN_NAME" if r.entity_type == "URL" else r.entity_type))
    found.append(row)
print(json.dumps([time.process_time() - begun, found]))
""",
    "datatrove": """
import json, sys, time
from datatrove.pipeline.formatters.pii import PIIFormatter
one = PIIFormatter()
found, texts = [], json.load(sys.stdin)
begun = time.process_time()
for text in texts:
    row = [(m.start(), m.end(), "EMAIL_ADDRESS") for m in one.emails_replacer.regex.finditer(text)]
    row += [(m.start(), m.end(), "IP_ADDRESS") for m in one.ip_replacer.regex.finditer(text)
            if one.ip_replacer.validator is None or one.ip_replacer.validator(m.group())]
    found.append(row)
print(json.dumps([time.process_time() - begun, found]))
""",
}


def rows(name: str = "curation/pii_synth_v2.jsonl.gz") -> list[dict]:
    """The rows of a file of the shared data; says loudly when it is not there."""
    place = Path(os.environ.get("OCTAVO_SHARED", HERE.parent.parent / "shared" / "data"))
    for path in (place / name, place / "data" / name):
        if path.is_file():
            return [json.loads(line) for line in gzip.open(path, "rt", encoding="utf-8")]
    sys.exit(f"NOT MEASURED: {place}/{name} is not there; set OCTAVO_SHARED.")


def held_back(row: dict) -> bool:
    """Whether the text is made of a template that nothing was developed on."""
    return hashlib.sha256(f"template {row['template_id']}".encode()).digest()[0] % 2 == 1


def judged(
    data: Sequence[dict], found: Sequence[Sequence[tuple[int, int, str]]]
) -> dict[str, tuple[float, float, float, int]]:
    """Type → precision, recall, F1, number of labelled spans; `all` for all types together."""
    counts: dict[str, Counter] = {}
    for row, spans in zip(data, found, strict=True):
        gold = [(span["start"], span["end"], span["type"]) for span in row["spans"]]
        for one in gold:
            counts.setdefault(one[2], Counter())["found" if _meets(one, spans) else "missed"] += 1
        for one in spans:
            counts.setdefault(one[2], Counter())["right" if _meets(one, gold) else "wrong"] += 1
    counts["all"] = sum(counts.values(), Counter())
    return {type: _shares(count) for type, count in counts.items()}


def _meets(one: Sequence, others: Sequence[Sequence]) -> bool:
    return any(other[2] == one[2] and other[0] < one[1] and one[0] < other[1] for other in others)


def _shares(count: Counter) -> tuple[float, float, float, int]:
    precision = count["right"] / max(1, count["right"] + count["wrong"])
    recall = count["found"] / max(1, count["found"] + count["missed"])
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1, count["found"] + count["missed"]


def ours(texts: Sequence[str], types: Sequence[str]) -> tuple[float, list[list[tuple[int, int, str]]]]:
    """Seconds of processor time, and the spans in the set's names."""
    begun = time.process_time()
    found = find_many(texts, types)
    seconds = time.process_time() - begun
    return seconds, [[(s.start, s.end, SAME.get(s.type, s.type)) for s in spans] for spans in found]


def peer(name: str, texts: Sequence[str]) -> tuple[float, list] | None:
    """The same of another tool in its own environment; None when it isn't installed or fails."""
    folder = Path(os.environ.get("OCTAVO_PEERS", "/tmp/peers")) / name
    if not (folder / "bin/python").exists():
        return None
    done = subprocess.run(
        [folder / "bin/python", "-c", PEERS[name]],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        timeout=900,
    )
    if done.returncode:
        print(done.stderr[-600:], file=sys.stderr)
        return None
    seconds, found = json.loads(done.stdout.strip().splitlines()[-1])
    return seconds, found


def prose() -> list[str]:
    """Documentation of the standard library: ordinary text with next to no personal data in it."""
    found = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("**/*.py")):
        if "site-packages" in path.parts or "test" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for item in ast.walk(tree):
            if isinstance(item, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(item)):
                found.append(text)
    return found


def _line(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def quality(data: list[dict]) -> list[str]:
    """Table of precision, recall and F1 by type: development templates, held-back ones, all."""
    found = ours([row["text"] for row in data], TYPES)[1]
    halves = [[at for at, row in enumerate(data) if held_back(row) is side] for side in (False, True)]
    parts = [judged([data[at] for at in some], [found[at] for at in some]) for some in (*halves, range(len(data)))]
    lines = [
        "| type | n | dev P | R | F1 | held back P | R | F1 | all P | R | F1 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    order = [type for type in parts[2] if type != "all"]
    for type in [*sorted(order, key=lambda one: (one not in EXACT, -parts[2][one][3])), "all"]:
        cells = [
            value for part in parts for value in (part[type][:3] if type in part and part[type][3] else ("–", "–", "–"))
        ]
        lines.append(_line(type, parts[2][type][3], *cells))
    return lines


def speed(data: list[dict], documentation: list[str]) -> list[str]:
    """Table of speed and of structured types beside the peers: the same texts in one run, each three times in turn."""
    texts = [row["text"] for row in data]
    size = sum(len(text.encode()) for text in texts) / 1e6
    runs: dict[str, list[float]] = {}
    spans: dict[str, list] = {}
    for _ in range(3):
        for name in ("octavo", *PEERS):
            done = ours(texts, STRUCTURED) if name == "octavo" else peer(name, texts)
            if done is not None:
                runs.setdefault(name, []).append(size / done[0])
                spans[name] = done[1]
    lines = [
        "| tool | MB/s per core (lowest – highest of 3) | " + " | ".join(EXACT) + " |",
        "|---|---|" + "---|" * len(EXACT),
    ]
    for name in ("octavo", *PEERS):
        if name not in runs:
            lines.append(f"| {name} | not installed, not measured |" + " |" * len(EXACT))
            continue
        result = judged(data, spans[name])
        cells = [
            f"{result[t][0]:.2f}/{result[t][1]:.2f}" if t in result and result[t][0] + result[t][1] else "–"
            for t in EXACT
        ]
        low, *_, high = sorted(runs[name])
        lines.append(_line(f"{name}, structured", f"{low:.2f} – {high:.2f}", *cells))
    for label, some, types in (
        ("structured, on documentation", documentation, STRUCTURED),
        ("all types, on documentation", documentation[::4], TYPES),
        ("all types, on documentation as one text", ["\n\n".join(documentation[::4])], TYPES),
        ("all types, on the texts above", texts, TYPES),
    ):
        weight = sum(len(text.encode()) for text in some) / 1e6
        seconds = sorted(ours(some, types)[0] for _ in range(3))
        lines.append(
            _line(
                f"octavo, {label}",
                f"{weight / seconds[2]:.2f} – {weight / seconds[0]:.2f}",
                *["–"] * len(EXACT),
            )
        )
    return lines


def false_alarms(documentation: list[str]) -> list[str]:
    """How often each type is found in 1,000 words of documentation: all of it counted as false, though some is true."""
    some = documentation[::4]
    words = sum(len(text.split()) for text in some)
    counts = Counter(span.type for spans in find_many(some, TYPES) for span in spans)
    head = f"Found in 1,000 words of documentation ({words:,} words; names of authors are true hits):"
    return [head, "", ", ".join(f"{type} {1000 * count / words:.2f}" for type, count in counts.most_common()) + "."]


LANGUAGES = (
    *("eng_Latn", "deu_Latn", "fra_Latn", "spa_Latn", "ita_Latn", "nld_Latn", "swe_Latn", "por_Latn", "pol_Latn"),
    *("fin_Latn", "tur_Latn", "ces_Latn", "hun_Latn", "ind_Latn", "vie_Latn", "swh_Latn", "rus_Cyrl", "ukr_Cyrl"),
    *("ell_Grek", "arb_Arab", "hin_Deva"),
)


def languages() -> list[str]:
    """How often each type is found in 1,000 words of encyclopedia and news sentences, by language."""
    lines = ["| language | words | PERSON | ADDRESS | ORGANISATION | PLACE |", "|---|---|---|---|---|---|"]
    by_language: dict[str, list[str]] = {}
    for row in rows("curation/flores_devtest.jsonl.gz"):
        by_language.setdefault(row["lang"], []).append(row["text"])
    for language in LANGUAGES:
        texts = by_language[language]
        words = sum(len(text.split()) for text in texts)
        counts = Counter(span.type for spans in find_many(texts, TYPES) for span in spans)
        cells = [f"{1000 * counts[type] / words:.1f}" for type in ("PERSON", "ADDRESS", "ORGANISATION", "PLACE")]
        lines.append(_line(language, f"{words:,}", *cells))
    return lines


ENTITIES = {
    **{"PER": "PERSON", "person": "PERSON", "Person": "PERSON", "LOC": "PLACE", "location": "PLACE"},
    **{"Location": "PLACE", "ORG": "ORGANISATION", "corporation": "ORGANISATION", "group": "ORGANISATION"},
    **{"Organisation": "ORGANISATION"},
}


def _labelled(row: dict) -> tuple[str, list[tuple[int, int, str]]]:
    text, labels, places = "", [], []
    for sentence in row["sents"]:
        own = []
        for token, blank in zip(sentence["tokens"], sentence["spaces"], strict=True):
            own.append((len(text), len(text) + len(token)))
            text += token + " " * blank
        places.append(own)
        text = text.rstrip(" ") + "\n"
    for one in row["mentions"]:
        own = places[one["sent"]]
        labels.append((own[one["start"]][0], own[one["end"] - 1][1], ENTITIES.get(one["type"], one["type"])))
    return text, labels


def named() -> list[str]:
    """Names in news and encyclopedia texts that people labelled: found spans in 1,000 words, how many of them are right
    and how many are no name of any kind; overlap matching. None of it was taught, but errors in all but the last rows
    were looked at when the rules were written, so only these are unseen."""
    lines = [
        "| texts | type | in 1,000 words | P | R | no name at all, in 1,000 words |",
        "|---|---|---|---|---|---|",
    ]
    for name, part, told in (
        ("wikigold_train", slice(None), "errors seen"),
        ("re3d", slice(None), "errors seen"),
        ("wnut17_train_dev", slice(1500), "errors seen"),
        ("wnut17_train_dev", slice(1500, None), "unseen"),
    ):
        texts, gold = zip(*(_labelled(row) for row in rows(f"news/{name}.jsonl.gz")[part]), strict=True)
        words = sum(len(text.split()) for text in texts)
        found = find_many(texts, TYPES)
        for type in ("PERSON", "PLACE", "ORGANISATION", "ADDRESS"):
            spans = [[(one.start, one.end, type) for one in own if one.type == type] for own in found]
            count = sum(map(len, spans))
            right = sum(_meets(one, own) for some, own in zip(spans, gold, strict=True) for one in some)
            nothing = sum(
                not _meets(one, [(*label[:2], type) for label in own])
                for some, own in zip(spans, gold, strict=True)
                for one in some
            )
            labels = [[one for one in own if one[2] == type] for own in gold]
            hit = sum(_meets(one, some) for some, own in zip(spans, labels, strict=True) for one in own)
            total = sum(map(len, labels))
            lines.append(
                _line(
                    *(f"{name} ({told}), {words:,} words", type, f"{1000 * count / words:.2f}"),
                    *(f"{right / count:.2f}" if count else "–", f"{hit / total:.2f}" if total else "–"),
                    f"{1000 * nothing / words:.2f}",
                )
            )
    return lines


def main() -> None:
    """Measure, print, and with `--write` keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--busy", action="store_true", help="say in the table that the machine was busy")
    chosen = parser.parse_args()
    data, documentation = rows(), prose()
    lines = [
        "# Personal data",
        "",
        f"{datetime.date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        "`python bench/personal.py --write`"
        + (", **machine busy**" if chosen.busy else "")
        + f". {len(data):,} texts of presidio-research (MIT), overlap matching by type.",
        "",
        *quality(data),
        "",
        "Published for the same set: Presidio's own notebook F1 .618 plain, .845 tuned with a downloaded model,",
        "which can't be had here; so only its pattern recognisers (score ≥ .4) are measured below. P/R by type:",
        "",
        *speed(data, documentation),
        "",
        *false_alarms(documentation),
        "",
        "Found in 1,000 words of FLORES sentences, which do name people and places; outside English only clear signs",
        "count, so places and most companies are not looked for:",
        "",
        *languages(),
        "",
        "Names that people labelled, in texts of another kind than the made-up sentences the tagger was taught with.",
        "Wrong ones are mostly names of places, works and companies; wnut17 are messages without care for capitals.",
        "Where errors were seen, rules and lists were mended for such errors, so those rows flatter; the last: unseen.",
        "Of the first table, too, the figures (never the texts) of the held-back half were seen again and again:",
        "",
        *named(),
        "",
    ]
    text = "\n".join(lines)
    print(text)
    if chosen.write:
        (HERE / "results" / "personal.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
