"""`octavo knowledge overview`: what the documents of an index are about as a whole, in their own sentences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument("question", required=False)
@click.option("-n", "most", type=click.IntRange(1, 200), default=8, show_default=True, help="Most topics.")
@click.option("--sentences", type=click.IntRange(0, 10), default=2, show_default=True, help="Quoted of each topic.")
@json_option
def command(place: Path, question: str | None, most: int, sentences: int, as_json: bool) -> None:
    """The largest topics of INDEX, or those that QUESTION is about: entities that are named together, most central
    first, and sentences that name most of them. No model is asked; every sentence is quoted with its place."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.graph.communities import communities
    from octavo.knowledge.graph.matrix import graph_view
    from octavo.knowledge.layers import open_index

    with open_index(file_of(place)) as index, following():
        found = communities(graph_view(index), most, question, sentences)
    if as_json:
        answer_json({"question": question, "topics": [asdict(one) for one in found]})
        return
    for one in found:
        answer(f"{', '.join(one.entities)}  ({one.size:,} entities, {one.passages:,} passages)")
        for sentence in one.sentences:
            answer(f"    {' '.join(sentence.text.split())}  [{sentence.id} {sentence.start}-{sentence.end}]")
    if not found:
        say("nothing is named together often enough" if question is None else "no topic is about this question")
