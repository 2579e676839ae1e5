"""The stage `audit`: the project's tokenizer examined, on the documents of training and on parallel sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class AuditSettings(Settings):
    """What the tokenizer is examined on besides the documents."""

    parallel: str = ""
    """A file of rows {"lang", "line", "text"}: the same lines in several languages. Empty: the few sentences that are
    shipped."""
    sample_mb: int = Field(24, ge=1)
    """How many megabytes of documents are encoded at most to count which tokens they use; when there is more, an even
    sample by the ids of the documents is taken."""
    base: str = ""
    """The language that the others are compared with; empty: English where the lines have it."""


def sources(settings: AuditSettings) -> Mapping[str, str]:
    """The file of parallel lines, by its digest."""
    if not settings.parallel:
        return {}
    path = Path(settings.parallel)
    return {"parallel": hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"}


def run(settings: AuditSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `audit.json`. The speed of encoding is not in it: times differ from run to run."""
    from octavo.kinds.audit import describe, write_audit
    from octavo.kinds.documents import DOCUMENTS
    from octavo.kinds.tokenizer import origin
    from octavo.spine.progress import reading
    from octavo.tokenizer.audit.examine import Wanted, examine
    from octavo.tokenizer.audit.parallel import read_parallel

    lines = read_parallel(Path(settings.parallel), settings.base) if settings.parallel else None
    size = (inputs["documents"] / DOCUMENTS).stat().st_size
    share = min(1.0, settings.sample_mb * 10**6 / max(size, 1))
    found = examine(inputs["tokenizer"], Wanted(lines, (inputs["documents"],), share, speed=False), scratch)
    row = found.as_json()
    asked = ("form", "model", "vocabulary", "verdicts", "languages", "tokens", "shapes", "usage")
    audit = {name: row[name] for name in asked}
    audit["origin"] = origin(inputs["tokenizer"])
    audit["usage"]["share"] = round(share, 6)
    audit["usage"].pop("bad")  # names places of this machine; how many there are stays
    write_audit(out, audit)
    told = describe(out)
    reading(**{name: told[name] for name in ("bytes_per_token", "unreachable", "never_used")})


STAGE = Stage(
    name="audit",
    module=__name__,
    settings=AuditSettings,
    inputs={"tokenizer": "tokenizer", "documents": "documents"},
    output="audit",
    sources=sources,
    pinned=("tokenizers",),
)
