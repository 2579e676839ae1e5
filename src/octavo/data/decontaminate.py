"""The stage `decontaminate`: takes texts that hold evaluation items or held-out documents out of what is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.data.contamination.files import Contamination

REASON = "contaminates"


class DecontaminateSettings(Settings):
    """What must not be in the training texts, and what happens to a document that holds it."""

    against: tuple[str, ...] = ()
    """Files of evaluation items (JSON Lines or Parquet with question, answer, choices, passage; or text)."""
    held_out: bool = True
    """Also look for the documents that are kept from training, and remove training documents that contain them."""
    threshold: float = Field(0.6, ge=0.3, le=1.0)
    """Share of an evaluation item's words, weighted by rarity, that must stand in a document in order."""
    held_out_threshold: float = Field(0.9, ge=0.3, le=1.0)
    """The same for held-out documents, whose parts are often quoted rightly."""
    action: Literal["remove", "count"] = "remove"
    """What happens to a document that holds an item: remove it, or only count it."""
    executor: Literal["serial", "processes", "ray"] = "processes"
    """Where the parts of the search run; the result is the same."""
    workers: int = Field(0, ge=0)
    """How many parts run at once; 0: as many as there are cores."""


def sources(settings: DecontaminateSettings) -> Mapping[str, str]:
    """The evaluation files, each with the digest of its content."""
    import hashlib

    found = {}
    for name in settings.against:
        try:
            with Path(name).open("rb") as data:
                found[name] = hashlib.file_digest(data, "sha256").hexdigest()
        except OSError as error:
            raise OctavoError(
                "D092",
                f"The evaluation file can't be read: {error.strerror}",
                where=name,
                do="correct against in the table [decontaminate] of project.toml",
                exit_code=WRONG_USE,
            ) from None
    return found


def run(settings: DecontaminateSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the documents that hold no item, in their order, and the removed ones after those of the input."""
    from octavo.kinds.documents import Removed, held_out, read_documents, read_removed, write_documents
    from octavo.spine.progress import reading

    source = inputs["documents"]
    about: dict[str, str] = {}
    shares: dict[str, float] = {}
    for what, found in _searches(settings, source, scratch):
        for hit in found.hits():
            name = f"{what} {hit['eval_id']}"
            about[hit["train_id"]] = f"{about[hit['train_id']]}, {name}" if hit["train_id"] in about else name
            shares[hit["train_id"]] = max(shares.get(hit["train_id"], 0.0), hit["score"])
        reading(**{f"{what}s_found": len(found.found), f"{what}s_too_short": len(found.short)})
    reading(contaminated=len(about))
    gone = about if settings.action == "remove" else {}

    def removed() -> Iterator[Removed]:
        yield from read_removed(source)
        for document in read_documents(source):
            if document.id in gone and not held_out(document.id):
                yield Removed(document, REASON, gone[document.id], similarity=shares[document.id])

    kept = (d for d in read_documents(source) if d.id not in gone or held_out(d.id))
    write_documents(out, kept, removed())


def _searches(settings: DecontaminateSettings, source: Path, scratch: Path) -> Iterator[tuple[str, Contamination]]:
    """(what is looked for, what was found), for the evaluation files and for the held-out documents."""
    from octavo.data.contamination.files import search_items
    from octavo.data.contamination.items import read_items
    from octavo.kinds.documents import DOCUMENTS
    from octavo.kinds.records import Bad, shards
    from octavo.spine.progress import reading

    parts = shards([source / DOCUMENTS], scratch)
    how: dict[str, Any] = {"skip_held_out": True, "on": settings.executor, "workers": settings.workers}
    if settings.against:
        bad: list[Bad] = []
        items = read_items([Path(name) for name in settings.against], bad)
        yield "item", search_items(parts, items, scratch / "items", threshold=settings.threshold, **how)
        reading(bad_items=len(bad))
    if settings.held_out:
        yield "document", _held_out(source, scratch / "held-out", settings.held_out_threshold, **how)


def _held_out(source: Path, scratch: Path, threshold: float, **how: Any) -> Contamination:
    from octavo.data.contamination.files import search_items
    from octavo.data.contamination.items import Item
    from octavo.kinds.documents import DOCUMENTS, held_out, read_documents
    from octavo.kinds.records import shards

    items = (Item(d.id, d.text) for d in read_documents(source) if held_out(d.id))
    return search_items(shards([source / DOCUMENTS], scratch), items, scratch, threshold=threshold, **how)


def held_out_in_training(source: Path, scratch: Path, threshold: float = 0.9) -> dict[str, list[str]]:
    """Held-out document → the training documents of the artifact `source` that contain it: those items that a score
    should also be given without. `scratch` is an empty folder for the work."""
    found: dict[str, list[str]] = {}
    for hit in _held_out(source, scratch, threshold, skip_held_out=True, on="serial").hits():
        ids = found.setdefault(hit["eval_id"], [])
        if hit["train_id"] not in ids:
            ids.append(hit["train_id"])
    return found


STAGE = Stage(
    name="decontaminate",
    module=__name__,
    settings=DecontaminateSettings,
    inputs={"documents": "documents"},
    output="documents",
    sources=sources,
)
