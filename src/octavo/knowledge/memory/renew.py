"""Renew: make the traces of a memory anew, when it comes from an earlier format or other words of aspects."""

from __future__ import annotations

import json
from pathlib import Path

from octavo.knowledge.memory.aspects import lexicon
from octavo.knowledge.memory.encode import encoded, read
from octavo.knowledge.memory.store import FORMAT, Store, trace_of


def renewed(path: Path, *, write: bool) -> Store:
    """Open the memory in `path`, renewed where that is needed: in one transaction, so that a kill leaves it as it was.

    What was remembered stays as it is; a file that cannot be written cannot be renewed and is refused.
    """
    store = Store.open(path, write=write)
    if not store.stale():
        return store
    store.close()
    store = Store.open(path, write=True)
    with store.writing() as c:
        if store.stale():
            many: int = c.execute("SELECT count(*) FROM episodes").fetchone()[0]
            for episode in store.all():
                whole = read(f"{episode.cue} {episode.text}".strip())
                made = trace_of(encoded(whole, store.counts, many))
                c.execute("UPDATE traces SET data = ? WHERE number = ?", (made, episode.number))
            facts = [("format", json.dumps(FORMAT)), ("lexicon", json.dumps(lexicon().digest))]
            c.executemany("INSERT OR REPLACE INTO metadata VALUES (?, ?)", facts)
    if write:
        return store
    store.close()
    return Store.open(path, write=False)
