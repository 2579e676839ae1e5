"""Holdings: what the documents hold that training reads, as a section of the report, told by their data card."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from octavo.evaluate.charts import Amount, Range, amounts, ranges
from octavo.evaluate.markup import bars, card, codes, note, packed, section, table, text_size, tiles

MOST_TYPES = 14
"""Types of personal data that are drawn; the others are named."""


def holdings(told: Mapping[str, Any]) -> str:
    """The section, from a card of the kind `card`."""
    length = told["length"]
    lead = (
        f"<p>Counted in what training reads. Half of the records are longer than {length.get('median', 0):,} "
        f"characters, 5 % are shorter than {length.get('p5', 0):,} and 5 % longer than {length.get('p95', 0):,}. "
        f"{_more(told)}</p><p class='note'>Digest {codes([told['digest']])}: the same for the same records in any "
        "order.</p>"
    )
    cards = [_origin(told), _languages(told), *(_field(told, name) for name in ("licence", "kind"))]
    cards += [_personal(told), _duplicates(told), _contamination(told)]
    return section("documents", "What the documents hold", lead + tiles(_glance(told)) + packed(cards))


def _glance(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [
        (f"{told['records']:,}", "records"),
        (text_size(told["bytes"]), "of text"),
        (f"{told['words']:,}", "words"),
    ]
    if (personal := told.get("personal")) is not None:
        held = personal.get("any")
        found.append((_share(held["share"]) if held else "none", f"of {told['looked_at']:,} hold personal data"))
    if duplicates := told.get("duplicates"):
        found.append((_share(duplicates["share"]), "repeat another record"))
    return found


def _more(told: Mapping[str, Any]) -> str:
    said = []
    if known := told["dates"]["known"]:
        said.append(f"{known:,} are dated, from {told['dates']['from']} to {told['dates']['to']}.")
    if annotated := told["annotated"]:
        said.append(f"{annotated:,} were labelled or checked by people.")
    if repeated := told["mixture"]["repeated_records"]:
        said.append(f"{repeated:,} are read again, as the mixture says.")
    if bad := told["not_records"]:
        said.append(f"{bad:,} rows were no records.")
    return escape(" ".join(said))


def _origin(told: Mapping[str, Any]) -> str:
    shares: Mapping[str, float] = told["mixture"]["shares"]
    field = "domain" if "domain" in told["fields"] else "package"
    if not shares:
        return card("Where the text comes from", note("The records name no domain and no package."))
    drawn = amounts(f"Share of the text by {field}", bars(shares, _share), what="Text")
    left = told["fields"][field]["unknown"]
    return card(
        f"Where the text comes from, by {field}", drawn + (note(f"{left:,} records name none.") if left else "")
    )


def _languages(told: Mapping[str, Any]) -> str:
    if found := told.get("languages"):
        rows = [Range(name, one["share"], one["low"], one["high"], _between(one)) for name, one in found.items()]
        said = f"Detected in {told['looked_at']:,} records, with where the share of all lies (95 %)."
        return card("Languages", ranges("Share of records by language", rows[:MOST_TYPES], what="Records") + note(said))
    if "language" in told["fields"]:
        return _field(told, "language")
    said = "No record says its language, and it was not detected: [card] languages = true in project.toml does that."
    return card("Languages", note(said))


def _field(told: Mapping[str, Any], name: str) -> str:
    counts = told["fields"].get(name)
    title = {"licence": "Licences", "language": "Languages, as the records say", "kind": "Kinds of records"}[name]
    if counts is None:
        return card(title, note("No record states a licence.")) if name == "licence" else ""
    records: Mapping[str, int] = counts["records"]
    rows = bars(records, "{:,}".format)
    if counts["unknown"]:
        rows.append(Amount("not stated", counts["unknown"], f"{counts['unknown']:,}", "muted"))
    return card(title, amounts(f"Records by {name}", rows, what="Records"))


def _personal(told: Mapping[str, Any]) -> str:
    found = told.get("personal")
    if found is None:
        return card("Personal data", note("Was not looked for."))
    how = f"{told['looked_at']:,} of {told['records']:,} records were looked at"
    if not found:
        return card("Personal data", note(f"{how}: none was found."))
    names = list(found)
    rows = [
        Range("any of these" if name == "any" else name, one["share"], one["low"], one["high"], _between(one))
        for name, one in ((name, found[name]) for name in names[:MOST_TYPES])
    ]
    more = f" Rarer: {', '.join(names[MOST_TYPES:])}." if names[MOST_TYPES:] else ""
    said = f"{how}. Dot: the share that holds some; band: where the share of all records lies (95 %, Wilson).{more}"
    return card("Personal data", ranges("Share of records with personal data", rows, what="Records") + note(said))


def _duplicates(told: Mapping[str, Any]) -> str:
    found = told.get("duplicates")
    if found is None:
        return card("Duplicates left", note("Were not looked for."))
    rows = [["the same text", f"{found['exact']:,}"], [f"alike from {found['near_from']:g} on", f"{found['near']:,}"]]
    rows.append(["largest group of repeats", f"{found['biggest_cluster']:,}"])
    said = (
        "Counted after cleaning, by the rule for plain records. Cleaning is milder: short texts of objects with "
        "different names are no repeats of each other there."
    )
    return card("Duplicates left", table(["records that repeat another", ""], rows, numbers=(1,)) + note(said))


def _contamination(told: Mapping[str, Any]) -> str:
    found = told.get("contamination")
    if found is None:
        return ""
    said = f"{found['found']:,} of {found['items']:,} evaluation items stand in {found['records']:,} records"
    return card("Contamination", note(f"{said}; {found['too_short']:,} were too short to be looked for."))


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def _between(one: Mapping[str, float]) -> str:
    return f"{_share(one['share'])} ({100 * one['low']:.1f} – {_share(one['high'])})"
