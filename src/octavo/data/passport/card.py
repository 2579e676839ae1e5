"""Card: what a collection of records holds, computed from it and from nothing else, and comparable with another one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.data.contamination.files import search_files
from octavo.data.duplicates.find import Limits, find_duplicates
from octavo.data.passport.tally import Counting, Tally, add_up, count, length_of
from octavo.kinds.card import FORMAT
from octavo.kinds.records import Bad, Shard, shards
from octavo.measures.intervals import wilson
from octavo.spine.shards import over_shards

SAMPLE = 2000
"""Records whose language and personal data are looked for, unless told otherwise."""
MOST_LISTED = 200
"""Values of a field that a card lists; the others are counted together."""


@dataclass(frozen=True)
class Look:
    """How closely to look."""

    sample: int = SAMPLE
    """0: at all records."""
    languages: bool = True
    personal: bool = True
    duplicates: bool = True


def make_card(
    inputs: Sequence[Path],
    scratch: Path,
    look: Look,
    *,
    names: Sequence[str] = (),
    against: Sequence[Path] = (),
    removed: Mapping[str, int] | None = None,
    on: str = "processes",
    workers: int = 0,
) -> tuple[dict[str, Any], list[Bad]]:
    """The card of files of records, and their rows that are none.

    `names` is what the inputs are called in the card (default: their file names). `against` are evaluation items that
    are searched for in the records; `removed` is what was left out before, by reason.
    """
    parts = shards(inputs, scratch / "unpacked")
    rows = sum(_rows(part) for part in parts)
    share = 1.0 if look.sample == 0 or rows == 0 else min(1.0, look.sample / rows)
    tasks = [Counting(part, share, look.languages, look.personal) for part in parts]
    sizes = [float(part.end - part.start) for part in parts]
    counted = over_shards(
        count, tasks, scratch / "counts", what="count", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    tally = add_up(counted)
    card: dict[str, Any] = {"format": FORMAT, **_amounts(tally), **_closely(tally, look)}
    if look.duplicates:
        card["duplicates"] = _duplicates(parts, scratch / "duplicates", tally.repeated, on, workers)
    if against:
        card["contamination"] = _contamination(inputs, against, scratch / "contamination", on, workers)
    if removed is not None:
        card["removed"] = {"records": sum(removed.values()), "by": _top(removed)}
    card["inputs"] = [
        {"name": name, "bytes": path.stat().st_size, "sha256": _sha256(path)}
        for name, path in zip(names or [path.name for path in inputs], inputs, strict=True)
    ]
    return card, [Bad(*one) for one in tally.bad]


def _rows(shard: Shard) -> int:
    with shard.path.open("rb") as lines:
        lines.seek(shard.start)
        left, found = shard.end - shard.start, 0
        while left > 0 and (block := lines.read(min(left, 2**20))):
            found += block.count(b"\n")
            left -= len(block)
    return found


def _amounts(tally: Tally) -> dict[str, Any]:
    fields = {
        name: {
            "known": sum(counts.values()),
            "unknown": tally.records - sum(counts.values()),
            "records": _top(counts),
            "bytes": _top(tally.field_bytes[name]),
        }
        for name, counts in sorted(tally.fields.items())
    }
    return {
        "records": tally.records,
        "not_records": len(tally.bad),
        "characters": tally.characters,
        "bytes": tally.bytes,
        "words": tally.words,
        "annotated": tally.annotated,
        "digest": f"{tally.digest:064x}",
        "length": _lengths(tally.lengths),
        "fields": fields,
        "dates": {"known": tally.dated, "from": tally.dates[0] if tally.dates else "", "to": (tally.dates or [""])[-1]},
        "mixture": {"repeated_records": tally.repeated, "shares": _shares(tally)},
    }


def _shares(tally: Tally) -> dict[str, float]:
    """Each domain's share of the bytes; of packages where records name no domain."""
    counts = tally.field_bytes.get("domain") or tally.field_bytes.get("package") or Counter()
    return {name: round(size / max(1, tally.bytes), 6) for name, size in _top(counts).items()}


def _lengths(histogram: Mapping[str, int]) -> dict[str, int]:
    """Quantiles of the characters of a record, right within 9 %."""
    total, seen, found = sum(histogram.values()), 0, {}
    wanted = [("p5", 0.05), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p95", 0.95), ("longest", 1.0)]
    for step in sorted(map(int, histogram)):
        seen += histogram[str(step)]
        while wanted and seen >= wanted[0][1] * total:
            found[wanted.pop(0)[0]] = length_of(step)
    return found


def _top(counts: Mapping[str, int]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(value for _, value in ordered[MOST_LISTED:])
    return dict(ordered[:MOST_LISTED]) | ({"(others)": rest} if rest else {})


def _closely(tally: Tally, look: Look) -> dict[str, Any]:
    """What was found in the sample; shares have a Wilson interval."""
    found: dict[str, Any] = {"looked_at": tally.looked_at}
    if look.languages:
        found["languages"] = {name: _share(number, tally.looked_at) for name, number in _top(tally.detected).items()}
    if look.personal:
        found["personal"] = {
            name: {**_share(number, tally.looked_at), "spans": tally.spans[name] or sum(tally.spans.values())}
            for name, number in _top(tally.holders).items()
        }
    return found


def _share(number: int, n: int) -> dict[str, float]:
    interval = wilson(number, n)
    return {
        "records": number,
        "share": round(number / n, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }


def _duplicates(parts: Sequence[Shard], scratch: Path, repeated: int, on: str, workers: int) -> dict[str, Any]:
    """What is read again on purpose counts as no duplicate."""
    limits = Limits()
    removals = find_duplicates(parts, limits, scratch, on=on, workers=workers)
    counts = removals.counts()
    return {
        "exact": max(0, counts.get("exact", 0) - repeated),
        "near": counts.get("near", 0),
        "share": round(max(0, len(removals) - repeated) / max(1, removals.records), 6),
        "biggest_cluster": removals.biggest()[1] + (removals.biggest()[1] > 0),
        "near_from": limits.near,
    }


def _contamination(
    inputs: Sequence[Path], against: Sequence[Path], scratch: Path, on: str, workers: int
) -> dict[str, Any]:
    found = search_files(list(inputs), list(against), scratch, on=on, workers=workers)
    return {
        "items": found.items,
        "found": len(found.found),
        "too_short": len(found.short),
        "records": found.contaminated,
        "against": [{"name": path.name, "sha256": _sha256(path)} for path in against],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def lines_of(card: Mapping[str, Any]) -> list[list[str]]:
    """The card as rows of a table: what, value, more about it."""
    length = card["length"]
    rows = [
        ["records", f"{card['records']:,}", f"{card['not_records']:,} rows are no records"],
        ["text", f"{card['bytes']:,} bytes", f"{card['words']:,} words, {card['characters']:,} characters"],
        [
            "length",
            f"{length.get('median', 0):,}",
            f"characters; 5 % below {length.get('p5', 0):,}, 5 % above {length.get('p95', 0):,}",
        ],
    ]
    for name, counts in card["fields"].items():
        most = ", ".join(f"{value} {number:,}" for value, number in list(counts["records"].items())[:6])
        rows.append(
            [
                name,
                f"{len(counts['records']):,}",
                most + (f"; unknown {counts['unknown']:,}" if counts["unknown"] else ""),
            ]
        )
    rows += list(_found(card))
    if dates := card["dates"]["known"]:
        rows.append(["dates", f"{dates:,}", f"from {card['dates']['from']} to {card['dates']['to']}"])
    rows.append(["digest", card["digest"][:16], "the same for the same records in any order"])
    return rows


def _found(card: Mapping[str, Any]) -> Iterable[list[str]]:
    if languages := card.get("languages"):
        most = ", ".join(f"{name} {_between(one)}" for name, one in list(languages.items())[:5])
        yield ["languages", f"{len(languages):,}", f"{most} (of {card['looked_at']:,} looked at)"]
    if (personal := card.get("personal")) is not None:
        some = ", ".join(f"{name} {_between(one)}" for name, one in list(personal.items())[1:6])
        whole = _between(personal["any"]) if "any" in personal else "none"
        yield ["personal", whole, f"{some} (records with it, of {card['looked_at']:,})" if some else "nothing found"]
    if duplicates := card.get("duplicates"):
        kinds = f"{duplicates['exact']:,} exact, {duplicates['near']:,} near"
        most = f"biggest cluster {duplicates['biggest_cluster']:,}"
        yield ["duplicates", f"{duplicates['share']:.2%}", f"{kinds}; {most}"]
    if contamination := card.get("contamination"):
        items = f"{contamination['found']:,} of {contamination['items']:,} evaluation items"
        yield ["contamination", f"{contamination['found']:,}", f"{items}, in {contamination['records']:,} records"]
    if removed := card.get("removed"):
        most = ", ".join(f"{reason} {number:,}" for reason, number in list(removed["by"].items())[:6])
        yield ["removed", f"{removed['records']:,}", most]


def _between(share: Mapping[str, float]) -> str:
    return f"{share['share']:.1%} [{share['low']:.1%}, {share['high']:.1%}]"
