"""The stage `redact`: counts the personal data of the documents, or replaces it by marks or consistent pseudonyms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class RedactSettings(Settings):
    """What is looked for in the documents and what happens to it."""

    action: Literal["count", "redact", "pseudonym"] = "count"
    """count leaves all as it is; redact puts marks such as [EMAIL] into texts and titles; pseudonym puts values that
    are nobody's, the same for the same value. Ids and other fields are never changed."""
    types: tuple[str, ...] = ("EMAIL", "PHONE", "IP", "IBAN", "CARD", "SSN", "LICENCE", "CREDENTIALS", "SECRET")
    """Types of personal data, or the sets structured, identifying (adds names, addresses, dates of birth) and all.
    Those that only the tagger finds (PERSON, ADDRESS, PLACE …) take half a minute for 20 MB; the rest seconds."""
    least: float = Field(0.5, ge=0, le=1)
    """Score from which a span counts."""
    key: str = ""
    """File of the secret that decides the pseudonyms, at least 16 characters; needed for the action pseudonym."""


def sources(settings: RedactSettings) -> Mapping[str, str]:
    """The key, by its digest: with another key there are other pseudonyms."""
    if settings.action != "pseudonym":
        return {}
    import hashlib

    from octavo.data.personal.pseudonyms import read_key

    return {"key": hashlib.sha256(b"redact" + read_key(Path(settings.key))).hexdigest()}


def run(settings: RedactSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the documents in their order, and the removed ones, replaced in where told."""
    from octavo.data.personal.documents import redact_documents
    from octavo.data.personal.files import Search
    from octavo.data.personal.pseudonyms import read_key
    from octavo.data.personal.spans import chosen_types

    types = chosen_types(settings.types)
    key = read_key(Path(settings.key)) if settings.action == "pseudonym" else b""
    search = Search(types, settings.least, () if settings.action == "count" else types, key)
    redact_documents(search, inputs["documents"], out, scratch)


STAGE = Stage(
    name="redact",
    module=__name__,
    settings=RedactSettings,
    inputs={"documents": "documents"},
    output="documents",
    sources=sources,
)
