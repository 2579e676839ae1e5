"""`octavo data dedup`: remove exact and near duplicates; each removed record is verified against one that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octavo.data.duplicates.files import Outcome, Outputs
    from octavo.data.duplicates.find import Limits
    from octavo.data.repeats.find import RepeatLimits

_OUT = click.Path(path_type=Path, dir_okay=False)
KINDS = ("exact", "near", "line", "substring", "semantic")
POLICIES = ("longest", "newest", "licence", "annotated", "used", "first")


@click.command()
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="IN…")
@click.option(
    "-o", "--out", "output", type=_OUT, help="Write the kept records. Without it nothing is written: a rehearsal."
)
@click.option("--clusters", type=_OUT, help='Write {"id", "kept", "kind", "similarity"} for each removed record.')
@click.option("--removed", type=_OUT, help="Write the removed records whole, so that they can be put back.")
@click.option(
    "--kinds",
    default="exact,near",
    show_default=True,
    help="What to look for, with commas: exact, near, line, substring, semantic.",
)
@click.option(
    "--near",
    type=click.FloatRange(0.3, 1),
    default=0.5,
    show_default=True,
    help="Similarity from which long texts are near duplicates (Jaccard, word triples); see --calibrate.",
)
@click.option(
    "--near-short",
    type=click.FloatRange(0.3, 1),
    default=0.8,
    show_default=True,
    help="The same for texts of up to some twenty words; in between it falls with the length.",
)
@click.option(
    "--line",
    type=click.IntRange(1),
    default=40,
    show_default=True,
    help="Characters from which a repeated line is cut (kind line); the first copy stays.",
)
@click.option(
    "--substring",
    type=click.IntRange(20),
    default=100,
    show_default=True,
    help="Characters from which a repeated piece of text is cut (kind substring), at sentence or word borders.",
)
@click.option(
    "--semantic",
    type=click.FloatRange(0.5, 1),
    default=0.9,
    show_default=True,
    help="Cosine from which two texts say the same (kind semantic).",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a sentence-embedding model for the kind semantic (default: vectors learnt from IN).",
)
@click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default="longest",
    show_default=True,
    help="Which copy is kept; of equals the first.",
)
@click.option(
    "--alarm",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Write nothing when a greater share would be removed.",
)
@click.option("--yes", is_flag=True, help="Write in spite of the alarm.")
@click.option("--calibrate", is_flag=True, help="Plant edited copies in IN and count which are found; remove nothing.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the collection here: IN is added to it, known ids are replaced, -o gets the whole.",
)
@click.option(
    "--withdraw",
    multiple=True,
    metavar="ID",
    help="With --store: take out a record, or those a file lists line by line.",
)
@click.option("--changes", type=_OUT, help='With --store: write {"id", "change", "kept"} for each record concerned.')
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    output: Path | None,
    clusters: Path | None,
    removed: Path | None,
    kinds: str,
    near: float,
    near_short: float,
    policy: str,
    alarm: float,
    yes: bool,
    calibrate: bool,
    store: Path | None,
    withdraw: tuple[str, ...],
    changes: Path | None,
    on: str,
    workers: int,
    as_json: bool,
    **given: Any,
) -> None:
    """Remove the records of IN that repeat another one; exactly one copy of each stays.

    IN is files or folders of any kind that `octavo data read` knows. Exact copies are equal but for white space. Near
    copies share word triples: at --near 0.5 nearly all texts of 250 words with a tenth of their words edited are found.
    Nothing is removed for resembling a record that is removed itself.
    """
    from octavo.data.duplicates.files import Outputs, deduplicate
    from octavo.data.duplicates.find import Limits
    from octavo.data.read.records import as_records
    from octavo.kinds.records import check_outputs
    from octavo.spine.shards import file_state, kept_scratch

    check_outputs([output, clusters, removed, changes], inputs)
    limits = Limits(kinds=_kinds(kinds), near=near, near_short=max(near, near_short), policy=policy)
    repeats = _repeats(limits, **given)
    _check(inputs, store, withdraw, changes, calibrate, repeats)
    used = {**limits.as_json(), **(repeats.as_json() if repeats else {})}
    outputs = Outputs(output, clusters, removed)
    target = None if calibrate else output or clusters or removed or changes
    recipe = {"limits": used, "store": str(store), "withdraw": withdraw, "inputs": list(map(file_state, inputs))}
    each: dict[str, Any] = {"on": on, "workers": workers}
    with following(), kept_scratch(target, recipe) as scratch:
        texts, unread = as_records(inputs, scratch / "read", **each) if inputs else ([], [])
        if calibrate:
            _calibrated(texts, limits, scratch, each, as_json)
            return
        each["alarm"] = 1.0 if yes else alarm
        if store is not None:
            outcome, said = _updated(store, limits, texts, withdraw, outputs, scratch, changes, each)
        else:
            outcome = deduplicate(texts, limits, outputs, scratch, repeats=repeats, **each)
            said = outcome.as_json()
    if as_json:
        answer_json({**said, "limits": used, "output": str(output) if output else None, "not_read": len(unread)})
    else:
        if unread:
            say(f"{len(unread):,} files or rows could not be read: octavo data read lists them")
        _tell(outcome, said if store is not None else {}, output, clusters)


def _updated(
    store: Path,
    limits: Limits,
    texts: Sequence[Path],
    withdraw: Sequence[str],
    outputs: Outputs,
    scratch: Path,
    changes: Path | None,
    each: dict[str, Any],
) -> tuple[Outcome, dict[str, Any]]:
    from octavo.data.duplicates.store import Store

    diff = Store(store, limits).update(texts, _ids(withdraw), outputs, scratch, changes=changes, **each)
    return diff.outcome, diff.as_json()


def _check(
    inputs: Sequence[Path],
    store: Path | None,
    withdraw: Sequence[str],
    changes: Path | None,
    calibrate: bool,
    repeats: RepeatLimits | None,
) -> None:
    what = ""
    if store is None and (withdraw or changes is not None):
        what, do = "--withdraw and --changes need a store", "add --store DIR"
    elif not inputs and not withdraw:
        what, do = "No file of records is given", "octavo data dedup FILE -o OUT"
    elif calibrate and (store is not None or not inputs):
        what, do = "--calibrate measures on files", "give the files, without --store"
    elif repeats is not None and (store is not None or calibrate):
        what, do = "--store and --calibrate know the kinds exact and near only", "leave the other kinds out"
    if what:
        raise OctavoError("D055", what, do=do, exit_code=WRONG_USE)


def _ids(given: Sequence[str]) -> list[str]:
    """Ids as given; those of files that are given line by line."""
    found: list[str] = []
    for one in given:
        path = Path(one)
        found += path.read_text(encoding="utf-8").split("\n") if path.is_file() else [one]
    return [name.strip() for name in found if name.strip()]


def _calibrated(inputs: Sequence[Path], limits: Limits, scratch: Path, each: dict[str, Any], as_json: bool) -> None:
    from octavo.data.duplicates.calibrate import calibrate

    found = calibrate(inputs, limits, scratch, **each)
    if as_json:
        answer_json({**found, "limits": limits.as_json()})
        return
    rows = [("edited", "found", "95 % interval", "right among pairs found")]
    for way, one in found["by_edit"].items():
        rows.append((way, f"{one['recall']:.1%}", f"{one['low']:.1%} to {one['high']:.1%}", _right(one["precision"])))
    sample = found["sample"]
    answer(f"copies planted among {sample['records']:,} records of {sample['median_words']} words (median)\n")
    answer(table(rows))
    rows = [("--near", "would go", "5 % edited", "10 % edited", "right among pairs found (10 %)")]
    for one in found["thresholds"]:
        five, ten = one["by_edit"].values()
        share = f"{one['would_remove'] / max(1, found['records']):.1%}"
        rows.append(
            (f"{one['near']:g}", share, f"{five['recall']:.1%}", f"{ten['recall']:.1%}", _right(ten["precision"]))
        )
    answer("\n" + table(rows))
    gone = ", ".join(f"{count:,} {kind}" for kind, count in found["would_remove"].items()) or "nothing"
    answer(f"\nof {found['records']:,} records would be removed: {gone}")
    for pair in found["least_similar"]:
        texts = (" ".join(pair[name].split())[:60] for name in ("text", "kept_text"))
        answer(f"  {pair['similarity']:.2f}  {pair['id']}  for  {pair['kept']}\n        " + "\n        ".join(texts))
    answer("\n" + found["advice"])


def _right(precision: dict[str, Any] | None) -> str:
    if precision is None:
        return "none found"
    return f"{precision['precision']:.1%} ({precision['low']:.1%} to {precision['high']:.1%})"


def _kinds(given: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    for kind in kinds:
        if kind not in KINDS:
            raise OctavoError(
                "D051",
                f'There is no kind of duplicate "{kind}"{nearest(kind, KINDS)}',
                do=f"use some of: {', '.join(KINDS)}",
                exit_code=WRONG_USE,
            )
    if not kinds:
        raise OctavoError("D051", "--kinds names nothing", do=f"use some of: {', '.join(KINDS)}", exit_code=WRONG_USE)
    return kinds


def _repeats(limits: Limits, line: int, substring: int, semantic: float, model: Path | None) -> RepeatLimits | None:
    """The limits of the kinds beyond exact and near, if any is asked for."""
    if not {"line", "substring", "semantic"} & set(limits.kinds):
        return None
    from octavo.data.repeats.find import RepeatLimits
    from octavo.data.repeats.lines import LineLimits
    from octavo.data.repeats.meaning.semantic import SemanticLimits
    from octavo.data.repeats.substring import SubstringLimits

    return RepeatLimits(
        LineLimits(line), SubstringLimits(substring), SemanticLimits(semantic, model=model), limits.policy
    )


CHANGES = ("added", "changed", "unchanged", "withdrawn", "newly_removed", "restored")
"""What an update of a store tells, in this order."""


def _tell(outcome: Outcome, changed: dict[str, Any], output: Path | None, clusters: Path | None) -> None:
    rows = [(name.replace("_", " "), f"{changed[name]:,}") for name in CHANGES if changed.get(name)]
    rows.append(("records", f"{outcome.records:,}"))
    rows += [(kind, f"{count:,} removed") for kind, count in outcome.removed.items()]
    if outcome.no_records:
        rows.append(("no records", f"{outcome.no_records:,} rows, left out"))
    gone = sum(outcome.removed.values())
    rows += [
        (
            kind,
            f"{found['spans']:,} spans cut, {found['characters']:,} characters ({found['boilerplate']:,} boilerplate)",
        )
        for kind, found in outcome.cut.items()
    ]
    rows.append(("kept", f"{outcome.records - gone:,} ({1 - outcome.share:.1%})"))
    if outcome.biggest[1]:
        rows.append(("biggest", f"{outcome.biggest[1]:,} copies of {outcome.biggest[0]}"))
    answer(table(rows))
    if changed.get("unknown"):
        say(f"not in the store: {', '.join(changed['unknown'][:10])}")
    if output is None:
        answer("nothing was written: add -o FILE; --calibrate shows what the limits find in this text")
    elif clusters is None:
        answer("which record went for which: add --clusters FILE")
