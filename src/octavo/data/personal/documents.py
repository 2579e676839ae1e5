"""Documents: personal data counted or replaced in a documents artifact, removed records included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from octavo.data.personal.files import BATCH, Search, batches, look, search_files
from octavo.kinds.documents import DOCUMENTS, REMOVED
from octavo.kinds.records import encode_row, join_rows
from octavo.spine.errors import OctavoError
from octavo.spine.progress import reading


def redact_documents(search: Search, source: Path, out: Path, scratch: Path) -> None:
    """Write both files of the artifact, with the texts of both replaced where told; readings of what was found."""
    searched = search_files([source / DOCUMENTS], search, scratch)
    found = searched.counted
    if found.bad:
        raise OctavoError(
            "D074",
            f"{len(found.bad)} rows of the documents can't be read, so nobody knows what stands in them",
            where=f"{found.bad[0].source}, row {found.bad[0].row}",
            do="octavo clean --damaged, then octavo run",
        )
    reading(
        documents=found.records,
        documents_with_personal_data=found.with_any,
        ids_like_personal_data=found.ids,
        **{f"personal_{type.lower()}": count for type, count in sorted(found.spans.items())},
    )
    if not search.replaced:
        for name in (DOCUMENTS, REMOVED):
            shutil.copyfile(source / name, out / name)
        return
    join_rows(out / DOCUMENTS, searched.records)
    _redact_removed(search, source / REMOVED, out / REMOVED)


def _redact_removed(search: Search, source: Path, target: Path) -> None:
    replacement = search.replacement()
    with source.open("rb") as lines, target.open("wb") as out:
        for rows in batches((json.loads(line) for line in lines), BATCH):
            clean = look([row["document"] for row in rows], search, replacement)
            for row, looked in zip(rows, clean, strict=True):
                out.write(encode_row({**row, "document": looked.clean_row()}))
