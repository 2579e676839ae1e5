"""`octavo data mix`: how much of each domain to train on: by temperature, by weights, or found by small trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, size, table
from octavo.spine.errors import WRONG_USE, OctavoError


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="IN…")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the mixed records there.")
@click.option("--by", default="domain", show_default=True, help="The field that names a record's domain or task.")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="p ∝ n^(1/T): 1 as it is, 2 evener.")
@click.option("--weights", metavar="NAME=W,…", help="Weights of domains; others get nothing.")
@click.option("--search", type=click.Choice(["regmix", "doremi"]), help="Find weights by training very small models.")
@click.option("--target", default="", help="The domain to be good at (default: all, by their size).")
@click.option("--runs", type=click.IntRange(4, 500), default=16, show_default=True, help="Small models of a search.")
@click.option("--steps", type=click.IntRange(10), default=200, show_default=True, help="Steps of each, of 2,048 bytes.")
@click.option("--seeds", type=click.IntRange(2, 20), default=3, show_default=True, help="Trainings behind the verdict.")
@click.option(
    "--bytes", "budget", type=click.IntRange(0), default=0, help="Bytes of the real training (default: all once)."
)
@click.option("--epochs", type=float, default=4.0, show_default=True, help="Read no domain more often than this.")
@click.option("--seed", type=int, default=0, show_default=True)
@executor_option
@workers_option
@json_option
def command(inputs: tuple[Path, ...], out: Path | None, as_json: bool, on: str, workers: int, **given: Any) -> None:
    """Weigh the domains of records, and write each record as often as its domain's weight says."""
    if sum((given["search"] is not None, given["weights"] is not None, given["temperature"] != 1)) > 1:
        raise OctavoError(
            "P002",
            "Give one of --temperature, --weights and --search",
            do="octavo data mix --help",
            exit_code=WRONG_USE,
        )
    weights = _weights(given.pop("weights"))
    from octavo.data.mixture.task import Wanted, mix

    wanted = Wanted(weights=weights, **given)
    with following():
        made = mix(inputs, out, wanted, on=on, workers=workers)
    if as_json:
        answer_json(made)
        return
    rows = [["domain", "size", "natural", "weight", "95 %", "epochs"]]
    for row in made["domains"]:
        between = f"{row['low']:.1%} … {row['high']:.1%}" if "low" in row else ""
        share = [f"{row['natural']:.1%}", f"{row['weight']:.1%}", between, f"{row['epochs']:.2f}"]
        rows.append([str(row["domain"]), size(row["bytes"]), *share])
    answer(table(rows))
    if found := made.get("search"):
        all_, unit = found["overall"], "bits per byte"
        answer(
            f"\n{all_['what']}: {all_['natural']:.3f} {unit} with natural shares, {all_['found']:.3f} with these; "
            f"difference {all_['difference']:+.4f} [{all_['low']:+.4f}, {all_['high']:+.4f}]: {found['verdict']}"
        )
        say(f"{found['proxies']} small models were trained; what holds for them need not hold for a large one")
    if made["bad"]:
        say(f"{len(made['bad'])} rows are no records and were left out; --json lists them")
    say(f"{made['records']:,} records written to {out}" if out else "-o FILE writes the mixed records")


def _weights(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        pairs = [part.rsplit("=", 1) for part in text.split(",") if part.strip()]
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        raise OctavoError(
            "P002", f'--weights is not understood: "{text}"', do="write it as web=0.6,code=0.4", exit_code=WRONG_USE
        ) from None
