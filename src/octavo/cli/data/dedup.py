"""`octavo data dedup`: remove exact and near duplicates; each removed record is verified against one that is kept."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, table
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octavo.data.duplicates.files import Outcome
    from octavo.data.duplicates.find import Limits
    from octavo.data.repeats.find import RepeatLimits

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)
KINDS = ("exact", "near", "line", "substring", "semantic")
POLICIES = ("longest", "newest", "licence", "annotated", "used", "first")


@click.command()
@click.argument("inputs", nargs=-1, type=_FILE, metavar="IN...")
@click.option("-o", "--output", type=_OUT, help="Write the kept records. Without it nothing is written: a rehearsal.")
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
    help="Similarity from which long texts are near duplicates (Jaccard, word triples); short texts need 0.8.",
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
    line: int,
    substring: int,
    semantic: float,
    model: Path | None,
    policy: str,
    alarm: float,
    yes: bool,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Remove the records of IN that repeat another one; exactly one copy of each stays.

    IN is JSON Lines or Parquet with "id" and "text". Exact copies are equal but for white space. Near copies share
    word triples: at --near 0.5 nearly all texts of 250 words with a tenth of their words edited are found. Nothing is
    removed for resembling a record that is removed itself.
    """
    from octavo.data.duplicates.files import Outputs, deduplicate
    from octavo.data.duplicates.find import Limits
    from octavo.kinds.records import check_outputs

    check_outputs([output, clusters, removed], inputs)
    limits = Limits(kinds=_kinds(kinds), near=near, policy=policy)
    outputs = Outputs(output, clusters, removed)
    target = next((path for path in (output, clusters, removed) if path is not None), None)
    repeats = _repeats(limits, line, substring, semantic, model)
    used = {**limits.as_json(), **(repeats.as_json() if repeats else {})}
    with following(), _scratch(target, inputs, {"limits": used, "yes": yes}) as scratch:
        outcome = deduplicate(
            inputs, limits, outputs, scratch, repeats=repeats, alarm=1.0 if yes else alarm, on=on, workers=workers
        )
    if as_json:
        answer_json({**outcome.as_json(), "limits": used, "output": str(output) if output else None})
    else:
        _tell(outcome, output, clusters)


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
    from octavo.data.repeats.semantic import SemanticLimits
    from octavo.data.repeats.substring import SubstringLimits

    return RepeatLimits(
        LineLimits(line), SubstringLimits(substring), SemanticLimits(semantic, model=model), limits.policy
    )


@contextmanager
def _scratch(target: Path | None, inputs: Sequence[Path], recipe: dict[str, Any]) -> Iterator[Path]:
    """A folder for what is in between: beside the output, where a killed command finds it again, or a passing one."""
    import tempfile

    from octavo.spine.shards import file_state, kept_scratch

    if target is None:
        with tempfile.TemporaryDirectory(prefix="octavo-dedup-") as folder:
            yield Path(folder)
        return
    with kept_scratch(target, {**recipe, "inputs": [file_state(path) for path in inputs]}) as folder:
        yield folder


def _tell(outcome: Outcome, output: Path | None, clusters: Path | None) -> None:
    rows = [("records", f"{outcome.records:,}")]
    rows += [(kind, f"{count:,} removed") for kind, count in outcome.removed.items()]
    if outcome.no_records:
        rows.append(("no records", f"{outcome.no_records:,} rows, left out"))
    gone = sum(outcome.removed.values())
    rows += [
        (kind, f"{found['spans']:,} spans cut, {found['characters']:,} characters")
        for kind, found in outcome.cut.items()
    ]
    rows.append(("kept", f"{outcome.records - gone:,} ({1 - outcome.share:.1%})"))
    if outcome.biggest[1]:
        rows.append(("biggest", f"{outcome.biggest[1]:,} copies of {outcome.biggest[0]}"))
    answer(table(rows))
    if output is None:
        answer("nothing was written: add -o FILE; --calibrate shows what the limits find in this text")
    elif clusters is None:
        answer("which record went for which: add --clusters FILE")
