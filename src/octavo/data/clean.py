"""The stage `clean`: removes what is too short, unwanted or repeated; keeps each removed record with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class CleanSettings(Settings):
    """What counts as worth keeping."""

    shortest: int = Field(10, ge=0)
    """Characters; a shorter text is removed."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the languages to keep, `unknown` for what is none; `any` keeps all and only writes down which
    it is. Empty: languages are not looked at."""
    language_models: Literal["small", "full"] = "small"
    """The full models need 1.3 GB for each worker and tell single sentences of related languages apart better."""
    language_at_least: float = Field(0.5, ge=0, le=1)
    """Confidence below which the language counts as unknown."""
    main_language: float = Field(0.0, ge=0, le=1)
    """Share of the letters that must be in lines of one language; 0: texts may be mixed."""
    rules: tuple[str, ...] = ()
    """Sets of rules for web pages: gopher, c4, fineweb, in the order to be applied."""
    classifier: Path | None = None
    """A quality model made by `octavo data quality train`; texts below its threshold are removed."""
    classifier_below: float | None = Field(None, ge=0, le=1)
    """Score below which a text is removed instead of below the model's own threshold."""
    near: float = Field(0.8, ge=0.3, le=1.0)
    """Jaccard similarity of word triples from which two texts are near duplicates; 1 removes exact duplicates only."""
    near_renamed: float = Field(0.95, ge=0.3, le=1.0)
    """The same between objects with different last names, whose texts often differ in the one word that matters."""
    distinct_below: int = Field(200, ge=0)
    """Characters; shorter texts of objects with different names are never duplicates of each other, since a short
    sentence is often right for several."""
    alarm: float = Field(0.6, gt=0, le=1.0)
    """Share of removed documents from which the run warns that a rule may be wrong."""


def sources(settings: CleanSettings) -> Mapping[str, str]:
    """The digest of the quality model, which lies outside of the store."""
    if settings.classifier is None:
        return {}
    from octavo.data.quality.classifier import load

    load(str(settings.classifier))  # says what is wrong with it
    return {"classifier": hashlib.sha256(settings.classifier.read_bytes()).hexdigest()}


def run(settings: CleanSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the kept documents in their order, and all removed ones, those of the input included."""
    from octavo.data.duplicates.find import Limits
    from octavo.data.quality.sieve import Sieve, check_sieve
    from octavo.data.selection import KEPT, REMOVED, select_records, tell
    from octavo.kinds import documents
    from octavo.kinds.records import join_rows, shards
    from octavo.spine.errors import OctavoError

    source = inputs["documents"]
    sieve = Sieve(
        shortest=settings.shortest,
        documentation=True,
        languages=settings.languages,
        language_models=settings.language_models,
        language_at_least=settings.language_at_least,
        main_language=settings.main_language,
        rules=settings.rules,
        classifier=str(settings.classifier or ""),
        classifier_below=settings.classifier_below,
    )
    check_sieve(sieve)
    limits = Limits(
        near=settings.near,
        near_short=settings.near,
        near_templated=settings.near,  # overloads and twins of objects do share a form; names tell them apart
        near_renamed=settings.near_renamed,
        distinct_below=settings.distinct_below,
        policy="used",
    )
    parts = shards([source / documents.DOCUMENTS], scratch)
    selected = select_records(parts, sieve, limits, scratch, shape="documents")
    if not selected.kept:
        raise OctavoError(
            "D005",
            f"No document of {selected.records} is left after cleaning",
            where=str(source),
            likely="the texts are very short, or the limits are too strict",
            do="look at removed.jsonl of the stage collect; lower shortest in the table [clean] of project.toml",
        )
    join_rows(out / documents.DOCUMENTS, [part / KEPT for part in selected.parts])
    join_rows(out / documents.REMOVED, [source / documents.REMOVED, *(part / REMOVED for part in selected.parts)])
    tell(selected, settings.alarm)


STAGE = Stage(
    name="clean",
    module=__name__,
    settings=CleanSettings,
    inputs={"documents": "documents"},
    output="documents",
    sources=sources,
)
