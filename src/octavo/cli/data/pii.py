"""`octavo data pii`: find personal data in files and folders, and replace it by marks or by consistent pseudonyms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.data.personal.files import Counted, Search

_OUT = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--out", "output", type=_OUT, help='Write {"id", "spans"} for each record.')
@click.option("--redact", "clean", type=_OUT, help="Write the records with personal data replaced.")
@click.option(
    "--mode",
    type=click.Choice(["redact", "pseudonym"]),
    default="redact",
    show_default=True,
    help="With --redact: put marks such as [EMAIL], or other values that are always the same for the same value.",
)
@click.option(
    "--types",
    default="",
    metavar="A,B,…",
    help="Look for these only: types, or structured, identifying, all. By default all are looked for and the "
    "identifying ones are replaced.",
)
@click.option(
    "--least", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Score from which a span counts."
)
@click.option(
    "--key", type=_OUT, help="With --mode pseudonym: the file of the secret; it is made when it is not there."
)
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    output: Path | None,
    clean: Path | None,
    mode: str,
    types: str,
    least: float,
    key: Path | None,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Find personal data in the texts and titles of INPUTS (records, or any files and folders that can be read).

    Each row of -o is {"id", "spans": [{"start", "end", "type", "score"}]}; places count characters of the text. What
    stands in a title is listed under "elsewhere", with its "field". The fields `text` and `title` are looked at and
    replaced in, no others; ids are never changed, and those that look like personal data are listed in the answer.

    Types: EMAIL, PHONE, IP, IBAN, CARD, SSN, LICENCE (number of a driving licence or passport), URL, CREDENTIALS (a URL
    with a password), SECRET (keys, tokens, passwords), BIRTH_DATE, DATE, AGE, PERSON, ADDRESS, POSTCODE, PLACE,
    ORGANISATION, NATIONALITY, TITLE. The first ten are "structured": looked for alone they take seconds for what takes
    the tagger of names a minute. Names, places and companies are told in English text; in other languages only by
    clear signs, such as "Herr", a listed first name before another name, a street with its number, "GmbH".
    """
    from octavo.data.personal.files import search_files
    from octavo.data.read.records import as_records
    from octavo.kinds.records import check_outputs, join_rows

    check_outputs([output, clean, key], list(inputs))
    search = _search(types, least, clean, mode, key)
    with following(), _scratch(output or clean, inputs, search) as scratch:
        files, left = as_records(list(inputs), scratch / "read", on=on, workers=workers)
        found = search_files(files, search, scratch, on=on, workers=workers)
        if output is not None:
            join_rows(output, found.spans)
        if clean is not None:
            join_rows(clean, found.records)
    if as_json:
        answer_json({**_document(found.counted), "left_out": left})
    else:
        _show(found.counted, output, clean)
        if left:
            say(f"{len(left):,} files were left out; the first: {left[0]['source']}: {left[0]['reason']}")


def _search(types: str, least: float, clean: Path | None, mode: str, key: Path | None) -> Search:
    from octavo.data.personal.files import Search
    from octavo.data.personal.pseudonyms import read_key
    from octavo.data.personal.spans import REPLACED, TYPES, chosen_types

    chosen = chosen_types(types.split(",")) if types else ()
    if (mode == "pseudonym" or key is not None) and (clean is None or mode != "pseudonym" or key is None):
        raise OctavoError(
            "D073",
            "Pseudonyms need a file to write and a key",
            do="give all three: --redact FILE --mode pseudonym --key FILE",
            exit_code=WRONG_USE,
        )
    secret = read_key(key, create=True) if key is not None else b""
    return Search(chosen or TYPES, least, (chosen or REPLACED) if clean is not None else (), secret)


def _scratch(out: Path | None, inputs: tuple[Path, ...], search: Search) -> Any:
    """A folder beside the output that survives a kill; without an output one that doesn't."""
    import hashlib
    import tempfile
    from contextlib import contextmanager

    from octavo.spine.shards import file_state, kept_scratch

    @contextmanager
    def passing() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    if out is None:
        return passing()
    secret = hashlib.sha256(b"pii" + search.key).hexdigest() if search.key else ""
    files = [file for path in inputs for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    states = [file_state(file) for file in files if file.is_file()]
    return kept_scratch(out, {**vars(search), "key": secret, "inputs": states, "form": 2})


def _document(counted: Counted) -> dict[str, Any]:
    return {
        "records": counted.records,
        "characters": counted.characters,
        "with_personal_data": counted.with_any,
        "types": {
            type: {
                "count": counted.spans[type],
                "records": counted.holding[type],
                "replaced": counted.replaced.get(type, 0),
                "examples": counted.examples[type],
            }
            for type in sorted(counted.spans, key=lambda one: (-counted.spans[one], one))
        },
        "in_titles": counted.titles,
        "ids": {"count": counted.ids, "examples": counted.id_examples},
        "unreadable": [vars(bad) for bad in counted.bad],
    }


def _show(counted: Counted, output: Path | None, clean: Path | None) -> None:
    rows = [["type", "count", "records", *(["replaced"] if clean else []), "examples"]]
    for type, facts in _document(counted)["types"].items():
        cells = [type, f"{facts['count']:,}", f"{facts['records']:,}"]
        rows.append([*cells, *([f"{facts['replaced']:,}"] if clean else []), " · ".join(facts["examples"])])
    answer(table(rows) if len(rows) > 1 else "No personal data found.")
    say(f"{counted.with_any:,} of {counted.records:,} records hold personal data.")
    if counted.titles:
        say(f"{sum(counted.titles.values()):,} of these stand in titles.")
    if counted.ids:
        shown = " · ".join(counted.id_examples[:5])
        say(f"{counted.ids:,} ids look like personal data and were not changed: {shown}")
    if counted.bad:
        first = counted.bad[0]
        say(f"{len(counted.bad):,} rows are no records; the first: {first.source}, row {first.row}: {first.reason}")
    if output is None and clean is None and counted.with_any:
        say("Next: -o SPANS writes where it stands, --redact OUT the texts without it.")
