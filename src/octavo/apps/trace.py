"""Trace: from a document to everything that was made of it, and from an artifact back to its documents."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from octavo.kinds.checkpoint import SEEN, Seen, read_seen
from octavo.kinds.dialogues import DIALOGUES
from octavo.kinds.documents import Document, find_document, held_out, read_documents
from octavo.kinds.foundation import FOUNDATION, read_foundation
from octavo.kinds.index import INDEX
from octavo.kinds.scores import ITEMS
from octavo.kinds.tokenizer import origin
from octavo.spine.project import Project
from octavo.spine.store import Manifest, Store


@dataclass(frozen=True)
class Mark:
    """What one artifact has of a document."""

    stage: str
    kind: str
    artifact: str
    run: str
    holds: bool
    """Whether the document, or something made of it, is in the artifact."""
    what: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Passport:
    """A document with where it came from, and its marks, in the order in which the artifacts were made."""

    document: Document
    marks: tuple[Mark, ...]

    def as_json(self) -> dict[str, Any]:
        """For `--json`; the text is left to `octavo show`."""
        about = {name: value for name, value in asdict(self.document).items() if value and name != "text"}
        return {"document": {**about, "hash": text_hash(self.document)}, "marks": [asdict(mark) for mark in self.marks]}


def text_hash(document: Document) -> str:
    """The hash it was read with, or else that of its text now."""
    return document.hash or hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest()[:32]


def kept_artifacts(project: Project, steps: Sequence[str], *, every: bool) -> list[Manifest]:
    """The latest artifact of each step, in their order; with `every`, all that the store still has."""
    if not every:
        return [made for step in steps if (made := project.latest(step)) is not None]
    return list(
        {m.artifact: m for m in project.store.manifests() if project.store.object(m.artifact).is_dir()}.values()
    )


def passport(store: Store, artifacts: Sequence[Manifest], name: str) -> Passport | None:
    """The passport of the document whose id or alias is `name`; None when no artifact knows it."""
    found = None
    for made in artifacts:
        if made.kind == "documents" and (here := find_document(store.object(made.artifact), name)) is not None:
            found = here[0]
            break
    if found is None:
        return None
    marks = []
    for made in artifacts:
        look = _LOOKS.get(made.kind)
        if look is not None:
            holds, what, facts = look(store, made, found.id)
            marks.append(Mark(made.recipe.stage, made.kind, made.artifact, made.run, holds, what, facts))
    return Passport(found, tuple(marks))


def documents_with(store: Store, artifacts: Sequence[Manifest], text: str) -> list[str]:
    """Ids of the documents, removed ones included, whose text holds `text`, letters of either case alike."""
    wanted = text.casefold()
    found: dict[str, None] = {}
    for made in artifacts:
        if made.kind == "documents":
            for document in _all_documents(store.object(made.artifact)):
                if wanted in document.text.casefold():
                    found.setdefault(document.id)
    return list(found)


def _all_documents(folder: Path) -> Iterator[Document]:
    from octavo.kinds.documents import read_removed

    yield from read_documents(folder)
    yield from (removed.document for removed in read_removed(folder))


Found = tuple[bool, str, dict[str, Any]]


def _in_documents(store: Store, made: Manifest, document: str) -> Found:
    found = find_document(store.object(made.artifact), document)
    if found is None:
        return False, "does not have it", {}
    kept, removed = found
    facts: dict[str, Any] = {"characters": len(kept.text), "hash": text_hash(kept)}
    if removed is not None:
        facts |= {"reason": removed.reason, "detail": removed.detail, "duplicate_of": removed.duplicate_of}
        because = removed.duplicate_of and f"{removed.reason} of {removed.duplicate_of}"
        return False, f"removed: {because or removed.detail or removed.reason}", facts
    facts["held_out"] = held_out(document)
    return True, "kept, held out from all training" if facts["held_out"] else "kept", facts


def _in_tokenizer(store: Store, made: Manifest, document: str) -> Found:
    source = store.object(made.recipe.inputs["documents"])
    if not source.is_dir():
        return False, "the documents it learnt from are not kept any more", {}
    if base := origin(store.object(made.artifact)):
        return False, f"came with the base {base}; did not learn from it", {"base": base}
    found = find_document(source, document)
    if found is None or found[1] is not None or held_out(document):
        return False, "did not learn from it", {}
    return True, "was among the texts that it learnt from, or that its sample was taken of", {}


def _in_foundation(store: Store, made: Manifest, document: str) -> Found:
    base = read_foundation(store.object(made.artifact))
    if base.from_nothing:
        return False, "nothing: training began from scratch", {"base": base.model}
    return False, f"does not say what it was trained on before it came here ({base})", {"base": base.model}


def _in_checkpoint(store: Store, made: Manifest, document: str) -> Found:
    folder = store.object(made.artifact)
    if not (folder / SEEN).is_file():
        return False, "does not say what it was trained on", {}
    seen = [one for one in read_seen(folder) if one.id == document or document in one.documents]
    steps = sorted({step for one in seen for step in one.steps})
    base = next((made.recipe.inputs[slot] for slot in ("checkpoint", "base") if slot in made.recipe.inputs), "")
    if base and (store.object(base) / FOUNDATION).is_file() and read_foundation(store.object(base)).from_nothing:
        base = ""
    through = f"; its base {base[:12]} may have" if base else ""
    if not steps:
        return False, f"never saw it{through}", {"base": base}
    facts = {
        "tokens": [list(one.tokens) for one in seen if one.steps],
        "steps": steps,
        "dialogues": [one.id for one in seen if one.documents and one.steps],
        "base": base,
    }
    count = sum(end - start for start, end in facts["tokens"])
    shown = ", ".join(str(step) for step in steps[:4]) + (" …" if len(steps) > 4 else "")
    made_of = f" in {len(facts['dialogues'])} dialogues" if facts["dialogues"] else ""
    made_of += " and as plain text" if made_of and any(one.steps and not one.documents for one in seen) else ""
    return True, f"saw {count:,} tokens of it{made_of}, at {len(steps)} steps ({shown})", facts


def _in_dialogues(store: Store, made: Manifest, document: str) -> Found:
    ids = [
        row["id"]
        for row in _rows_with(store.object(made.artifact) / DIALOGUES, document)
        if document in row["documents"]
    ]
    return bool(ids), f"{len(ids)} dialogues made of it" if ids else "none made of it", {"dialogues": ids}


def _in_index(store: Store, made: Manifest, document: str) -> Found:
    from octavo.knowledge.index.index import Index

    with Index.open(store.object(made.artifact) / INDEX, immutable=True) as index:
        found = index.listing(document)
    if found is None:
        return False, "does not list it", {}
    passages, duplicate_of = found
    note = f", as a duplicate of {duplicate_of}" if duplicate_of else ""
    return True, f"lists it with {passages} passages{note}", {"passages": passages, "duplicate_of": duplicate_of}


def _in_scores(store: Store, made: Manifest, document: str) -> Found:
    count = sum(1 for _ in _rows_with(store.object(made.artifact) / ITEMS, document))
    return count > 0, f"{count} evaluated items name it" if count else "no item names it", {"items": count}


def _rows_with(path: Path, name: str) -> Iterator[dict[str, Any]]:
    """Rows whose line holds the name as a JSON string."""
    quoted = json.dumps(name, ensure_ascii=False)
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if quoted in line)


_LOOKS: dict[str, Callable[[Store, Manifest, str], Found]] = {
    "documents": _in_documents,
    "foundation": _in_foundation,
    "tokenizer": _in_tokenizer,
    "checkpoint": _in_checkpoint,
    "dialogues": _in_dialogues,
    "index": _in_index,
    "scores": _in_scores,
}


def origins(made: Iterable[Manifest], every: Sequence[Manifest]) -> Iterator[Manifest]:
    """The artifacts that `made` were made of, nearest first, each once."""
    todo, seen = [d for m in made for d in m.recipe.inputs.values()], set[str]()
    while todo:
        digest = todo.pop(0)
        if digest in seen:
            continue
        seen.add(digest)
        for manifest in [m for m in every if m.artifact == digest][-1:]:
            yield manifest
            todo += manifest.recipe.inputs.values()


@dataclass(frozen=True)
class Ancestry:
    """What an artifact comes from: artifacts, the sources they read, and the documents that had a part in it."""

    made: Manifest
    origins: tuple[Manifest, ...]
    documents: tuple[dict[str, Any], ...]
    """One row a document: id, hash, file, span, licence, and for a checkpoint how many of its tokens it learnt from."""
    exact: bool
    """Whether these documents certainly had a part; otherwise they are those that could have."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`, without the rows of the documents."""
        short = [{"stage": m.recipe.stage, "artifact": m.artifact, "kind": m.kind} for m in self.origins]
        return {
            "artifact": self.made.artifact,
            "stage": self.made.recipe.stage,
            "kind": self.made.kind,
            "from": short,
            "sources": sum(len(m.recipe.sources) for m in (self.made, *self.origins)),
            "documents": len(self.documents),
            "exact": self.exact,
            "licences": dict(Counter(row.get("licence") or "unknown" for row in self.documents).most_common()),
            "packages": dict(Counter(row.get("package") or "none" for row in self.documents).most_common(20)),
        }


def ancestry(store: Store, made: Manifest) -> Ancestry:
    """Back from an artifact to its documents."""
    before = tuple(origins([made], store.manifests()))
    wanted: dict[str, int] = {}
    checkpoints = [m for m in (made, *before) if m.kind == "checkpoint"] if made.kind == "checkpoint" else []
    for checkpoint in checkpoints:
        for name, tokens in _learnt(read_seen(store.object(checkpoint.artifact))):
            wanted[name] = wanted.get(name, 0) + tokens
    nearest = next((m for m in (made, *before) if m.kind == "documents"), None)
    rows = []
    for document in read_documents(store.object(nearest.artifact)) if nearest is not None else ():
        if not checkpoints or document.id in wanted:
            row = {"id": document.id, "hash": text_hash(document), "file": document.file, "package": document.package}
            row |= {"licence": document.licence, "span": document.span, "tokens": wanted.get(document.id)}
            rows.append({name: value for name, value in row.items() if value})
    exact = bool(checkpoints) or made.kind in ("documents", "index")
    return Ancestry(made, before, tuple(rows), exact)


def _learnt(seen: Iterable[Seen]) -> Iterator[tuple[str, int]]:
    for one in seen:
        if one.steps:
            for name in one.documents or (one.id,):
                yield name, one.tokens[1] - one.tokens[0]
