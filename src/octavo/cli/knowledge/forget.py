"""`octavo knowledge forget`: take documents out of an index for good, and prove that nothing is left."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, size, table


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@json_option
def command(place: Path, ids: tuple[str, ...], as_json: bool) -> None:
    """Take the documents ID out of INDEX: text, words, layers, all generations, free space and log.

    Then every table is asked, and the bytes of the files are searched, for what would give them away. What other
    documents hold as well is said. Copies elsewhere (backups, the input files, what the disk itself keeps of files
    that were shortened) are not reached.
    """
    from octavo.knowledge.forget import forget

    with following():
        proof = forget(place, ids)
    if as_json:
        answer_json(proof.as_json())
        return
    rows = [("taken out", f"{proof.versions:,} versions of {len(proof.ids):,} documents, {proof.passages:,} passages")]
    rows += [(f"left in {name}", f"{count:,}") for name, count in proof.tables.items()]
    for name, length in proof.files.items():
        rows.append((f"searched {name}", f"{size(length)} for {proof.strings:,} strings"))
    rows.append(("found", f"{len(proof.traces)}"))
    answer(table(rows))
    for one in proof.shared[:20]:
        answer(f'"{one.text}" is also held by {", ".join(one.held_by)}')
