"""Folder: an index in a folder of its own, made of and changed by plain files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.kinds.index import INDEX
from octavo.kinds.records import Bad, Row, write_rows
from octavo.knowledge.canaries import Canary, made_of, spread, trial, trial_of_vectors, try_all
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.layer import Renewable
from octavo.knowledge.index.records import Record, read_records
from octavo.knowledge.index.write import Change
from octavo.knowledge.layers import build_layers, layer, open_index
from octavo.spine.disk import sync_folder
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress

if TYPE_CHECKING:
    from octavo.knowledge.index.layer import Layer

REJECTED = "rejected.jsonl"
DRAFT = ".index.draft"
_LOCK = ".index.lock"


@dataclass(frozen=True)
class Outcome:
    """What a change by files did."""

    change: Change
    documents: int
    passages: int
    bytes: int
    rejected: list[Bad]
    layers: dict[str, int] = field(default_factory=dict)
    """Passages by new layer."""

    def as_json(self) -> dict[str, Any]:
        """The JSON form that commands print."""
        reasons: dict[str, int] = {}
        for bad in self.rejected:
            reason = bad.reason.partition(":")[0]
            reasons[reason] = reasons.get(reason, 0) + 1
        found = {**asdict(self.change), "documents": self.documents, "passages": self.passages, "bytes": self.bytes}
        return {**found, "layers": self.layers, "rejected": len(self.rejected), "reasons": reasons}


def file_of(place: Path) -> Path:
    """The file of an index that is given as its folder, or as the file itself."""
    return place if place.is_file() else place / INDEX


def make(
    paths: Sequence[Path],
    out: Path,
    *,
    layers: Sequence[str] = (),
    given: Mapping[str, Layer] | None = None,
    length: int = 900,
    canaries: Sequence[Canary] | None = None,
    tried: bool = True,
) -> Outcome:
    """Make the index `out` of files of records: whole, or not at all. One that was stopped begins again. `given` are
    layers that are not as by default."""
    target = out / INDEX
    if target.exists():
        raise OctavoError(
            "K003",
            "There is an index already",
            where=str(target),
            do="octavo knowledge add takes in what is new; or name another folder",
            exit_code=WRONG_USE,
        )
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        draft = out / DRAFT
        _clear(draft)
        bad: list[Bad] = []
        try:
            outcome = _drafted(draft, paths, bad, layers, given, length=length, canaries=canaries, tried=tried)
            _write_rejected(out, bad)
            _durable(draft)
            outcome = replace(outcome, bytes=draft.stat().st_size)
            draft.rename(target)
        finally:
            _clear(draft)
        sync_folder(out)
    return outcome


def _drafted(
    draft: Path,
    paths: Sequence[Path],
    bad: list[Bad],
    layers: Sequence[str],
    given: Mapping[str, Layer] | None,
    *,
    length: int,
    canaries: Sequence[Canary] | None,
    tried: bool,
) -> Outcome:
    with Index.create(draft, length=length) as index:
        index.connection.execute("PRAGMA synchronous=OFF")  # a draft that is lost is made again
        index.made = _now()
        change = index.change(_counted(read_records(paths, bad)), replace=False)
        if not change.added:
            raise _nothing(paths, bad)
        fed = build_layers(index, layers, given)
        if tried:
            numbers = index.view().documents().tolist()
            try_all(index.view(), made_of(index.view(), spread(numbers)) if canaries is None else canaries)
        view = index.view()
        return Outcome(change, len(view.documents()), view.live, 0, bad, fed)


def change(
    place: Path,
    paths: Sequence[Path] = (),
    delete: Sequence[str] = (),
    *,
    sync: bool = False,
    canaries: Sequence[Canary] | None = None,
    tried: bool = True,
) -> Outcome:
    """Take in the records of files, new and changed ones, and let others go, as one generation that appears at once
    or, when a canary fails, not at all. With `sync` what the files don't hold goes."""
    target = file_of(place)
    bad: list[Bad] = []
    with open_index(target, write=True) as index:
        index.made = _now()
        unknown = [document_id for document_id in delete if index.number_of(document_id) is None]
        if unknown:
            raise unknown_ids(index, unknown)
        gone = list(delete)
        if sync:
            kept = {record.document.id for record in read_records(paths, [])}
            gone += [document_id for document_id in index.ids() if document_id not in kept]
        before = len(index)
        if gone and len(set(gone)) >= before and not paths:
            tried = False  # nothing is left to be asked for
        done = index.change(_counted(read_records(paths, bad)), gone, trial=trial(index, canaries) if tried else None)
        if paths and not done.added and not done.replaced and not done.unchanged:
            raise _nothing(paths, bad)
        view = index.view()
        if paths:
            _write_rejected(target.parent, bad)
        outcome = Outcome(done, len(view.documents()), view.live, 0, bad)
    return replace(outcome, bytes=target.stat().st_size)


def relearn(
    place: Path, vectors: Layer | None = None, *, canaries: Sequence[Canary] | None = None, tried: bool = True
) -> Outcome:
    """Learn the vectors of an index anew, of what it holds now, as one generation that appears at once or, when too
    few canaries are found, not at all; or take those of another model. Earlier generations keep their own."""
    target = file_of(place)
    with open_index(target, write=True) as index:
        index.made = _now()
        if "dense" not in index.layer_names():
            raise OctavoError(
                "K026",
                "The index has no vectors that could be learnt anew",
                where=str(target),
                likely="it was made with --without dense",
                do="octavo knowledge index makes it again with them",
                exit_code=WRONG_USE,
            )
        new = vectors or layer("dense")
        assert isinstance(new, Renewable)
        bar = progress("make vectors anew", index.view().live, "passages")
        done = index.renew(new, trial_of_vectors(index, canaries) if tried else None, bar.advance)
        view = index.view()
        outcome = Outcome(done, len(view.documents()), view.live, 0, [], {"dense": view.live})
    return replace(outcome, bytes=target.stat().st_size)


def unknown_ids(index: Index, ids: Sequence[str]) -> OctavoError:
    """The error for ids that an index doesn't hold."""
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
    return OctavoError(
        "K013",
        f"The index holds no document {shown}; nothing was changed",
        where=str(index.path),
        do="check the ids: they are those of the records, in upper and lower case as written",
        exit_code=WRONG_USE,
    )


def _nothing(paths: Sequence[Path], bad: Sequence[Bad]) -> OctavoError:
    why = f"all {len(bad):,} rows were rejected, the first because: {bad[0].reason}" if bad else "there are no rows"
    return OctavoError(
        "K022",
        f"The files hold no record: {why}",
        where=", ".join(str(path) for path in paths),
        do='each line must be {"id": "…", "text": "…"}',
        exit_code=WRONG_USE,
    )


def _counted(records: Iterator[Record]) -> Iterator[Record]:
    bar = progress("index", None, "documents")
    for record in records:
        yield record
        bar.advance()


def _write_rejected(folder: Path, bad: Sequence[Bad]) -> None:
    """List what was rejected by the latest change beside the index."""
    path = folder / REJECTED
    if bad:
        rows: Iterator[Row] = ({"file": one.source, "row": one.row, "reason": one.reason} for one in bad)
        write_rows(path, rows)
    else:
        path.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from making an index in the same folder; the lock ends with the process."""
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OctavoError(
                "K023", "Another process is making this index", where=str(folder), do="wait until it is done"
            ) from None
        yield
        (folder / _LOCK).unlink(missing_ok=True)


def _clear(draft: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


def _durable(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())
