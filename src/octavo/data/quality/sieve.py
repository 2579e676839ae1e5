"""Sieve: all that one record must pass by itself (length, language, rule sets, classifier), applied batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from octavo.data.quality.columns import BATCH, Columns
from octavo.data.quality.stopwords import STOP_WORDS
from octavo.data.quality.verdicts import Verdict
from octavo.data.quality.wordlike import UNKNOWN
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

Row = dict[str, Any]
SETS = ("gopher", "c4", "fineweb")
ANY = "any"
"""Among the wanted languages: any language is kept, so that it is only recognised and written down."""


@dataclass(frozen=True)
class Sieve:
    """What a record must pass, in this order; the settings of the stage `clean`, where each is explained."""

    shortest: int = 10
    tidy: bool = False
    """Give texts one kind of newline and no control characters first."""
    documentation: bool = False
    """Apply the rules for documented objects."""
    languages: tuple[str, ...] = ()
    language_models: str = "small"
    language_at_least: float = 0.5
    main_language: float = 0.0
    rules: tuple[str, ...] = ()
    classifier: str = ""
    classifier_below: float | None = None


@dataclass
class Sifted:
    """A record after the sieve: its row (the text may be edited), why it goes (None: it stays), what was cut."""

    row: Row
    verdict: Verdict | None = None
    detail: str = ""
    """Said about a removal besides its score."""
    cut: list[dict[str, Any]] = field(default_factory=list)
    """Lines that a rule set cut from a text that stays: `{"line", "why", "text"}`."""


def check_sieve(sieve: Sieve) -> None:
    """Refuse rule sets (D040) and languages (D041) that don't exist, and classifiers that can't be read (D042)."""
    for name in sieve.rules:
        if name not in SETS:
            raise OctavoError(
                "D040",
                f'There is no set of rules "{name}"{nearest(name, SETS)}',
                do=f"use one or more of: {', '.join(SETS)}",
                exit_code=WRONG_USE,
            )
    wanted = [language for language in sieve.languages if language != ANY]
    if wanted:
        from octavo.data.quality.language import check_languages

        check_languages(wanted)
    if sieve.classifier:
        from octavo.data.quality.classifier import load

        load(sieve.classifier)


def sift(rows: Iterable[Row], sieve: Sieve) -> Iterator[Sifted]:
    """What becomes of each record, in order."""
    for batch in batched(rows):
        records = [Sifted(row) for row in batch]
        _by_length(records, sieve)
        if sieve.languages:
            _by_language(_left(records), sieve)
        for name in sieve.rules:
            _by_rules(_left(records), name)
        if sieve.classifier:
            _by_classifier(_left(records), sieve)
        yield from records


def batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in their order, in groups of about `BATCH` code points of text."""
    batch: list[Row] = []
    held = 0
    for row in rows:
        batch.append(row)
        held += len(row["text"]) + 1
        if held >= BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _left(records: list[Sifted]) -> list[Sifted]:
    return [record for record in records if record.verdict is None]


def _by_length(records: list[Sifted], sieve: Sieve) -> None:
    """Too short, without words, or a sentence that is said of any object."""
    from octavo.data import rules
    from octavo.data.texts import tidy
    from octavo.kinds.documents import document_from_row

    for record in records:
        if sieve.tidy:
            text = tidy(record.row["text"])
            if text != record.row["text"]:
                record.row["text"] = text
        if sieve.documentation:
            found = rules.verdict(document_from_row(record.row), sieve.shortest)
        else:
            found = rules.too_short(record.row["text"], sieve.shortest)
        if found is not None:
            reason, record.detail = found
            record.verdict = Verdict(reason, len(record.row["text"].strip()), "")


def _by_language(records: list[Sifted], sieve: Sieve) -> None:
    from octavo.data.quality.language import by_lines, identify

    chosen = {"models": sieve.language_models, "at_least": sieve.language_at_least}
    for record in records:
        text = record.row["text"]
        guess = identify(text, **chosen)  # type: ignore[arg-type]
        if guess.language != UNKNOWN:
            record.row["language"] = guess.language
        if ANY not in sieve.languages and guess.language not in sieve.languages:
            record.verdict = Verdict(f"language: {guess.language}", guess.confidence, "")
            record.detail = guess.why or f"confidence {guess.confidence:.2f}"
        elif sieve.main_language and "\n" in text:
            shares = by_lines(text, **chosen)  # type: ignore[arg-type]
            main = next(iter(shares))
            if shares[main] < sieve.main_language:
                record.verdict = Verdict("language: mixed", shares[main], f"< {sieve.main_language:g}")
                record.detail = ", ".join(f"{code} {share:.0%}" for code, share in shares.items())


def _by_rules(records: list[Sifted], name: str) -> None:
    if name == "c4":
        from octavo.data.quality.c4 import c4

        for record in records:
            edited = c4(record.row["text"])
            record.verdict = edited.verdict
            if edited.verdict is None and edited.text != record.row["text"]:
                record.row["text"] = edited.text
                record.cut += [vars(cut) for cut in edited.cut]
                if edited.citations:
                    record.cut.append({"line": 0, "why": "citation marks", "text": f"{edited.citations} of them"})
        return
    from octavo.data.quality.fineweb import fineweb
    from octavo.data.quality.gopher import gopher

    columns = Columns([record.row["text"] for record in records])
    if name == "gopher":
        found = gopher(columns, [_stop_words_of(record.row) for record in records])
    else:
        found = fineweb(columns)
    for record, verdict in zip(records, found, strict=True):
        record.verdict = verdict


def _stop_words_of(row: Row) -> str:
    """The language whose stop words are looked for: English where a record doesn't say its language."""
    language = str(row.get("language") or "en").lower()[:2]
    return language if language in STOP_WORDS else ""


def _by_classifier(records: list[Sifted], sieve: Sieve) -> None:
    from octavo.data.quality.classifier import load

    model = load(sieve.classifier)
    limit = model.threshold if sieve.classifier_below is None else sieve.classifier_below
    for record, score in zip(records, model.scores([record.row["text"] for record in records]), strict=True):
        record.row["quality"] = round(score, 4)
        if score < limit:
            record.verdict = Verdict("classifier", round(score, 4), f"< {limit:.4g}")
