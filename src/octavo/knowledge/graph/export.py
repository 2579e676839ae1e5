"""Export: the graph that a view sees as GraphML or as RDF N-Triples, written row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from octavo.knowledge.graph.facts import facts
from octavo.knowledge.graph.matrix import followed, incidence
from octavo.knowledge.graph.text.extract import KINDS
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.index.view import View

SUFFIXES = (".graphml", ".nt")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEYS = (
    ("label", "node", "string"),
    ("kind", "node", "string"),
    ("passages", "node", "int"),
    ("document", "node", "string"),
    ("relation", "edge", "string"),
    ("weight", "edge", "double"),
    ("support", "edge", "int"),
    ("since", "edge", "string"),
    ("until", "edge", "string"),
)
"""What GraphML says of nodes and edges: name, where, type."""
URN = "urn:octavo:"


def export(view: View, path: Path) -> dict[str, int]:
    """Write the graph as the name of the file says; returns how many entities, passages, edges and facts there are."""
    if path.suffix not in SUFFIXES:
        raise OctavoError(
            "K044",
            f'A graph cannot be written as "{path.suffix or path.name}"',
            where=str(path),
            do=f"end the name in {' or '.join(SUFFIXES)}",
            exit_code=WRONG_USE,
        )
    counts = {"entities": 0, "passages": 0, "edges": 0, "facts": 0}
    partial = path.with_name(path.name + ".partial")
    with view.index.reading(), partial.open("w", encoding="utf-8", newline="\n") as out:
        for line in (_graphml if path.suffix == ".graphml" else _ntriples)(view, counts):
            out.write(line + "\n")
    partial.replace(path)
    return counts


def _entities(view: View) -> Iterator[tuple[int, str, str, str, int]]:
    """Number, key, name, kind and passages of the entities that the view sees and that stand for themselves."""
    graph = incidence(view)
    query = "SELECT number, key, name, kind FROM graph_entities ORDER BY number"
    for number, key, name, kind in view.index.connection.execute(query).fetchall():
        held = int(graph.passages[number])
        if held:
            yield number, key, name, KINDS[kind], held


def _edges(view: View) -> Iterator[tuple[str, str, str, int]]:
    """Source, relation and target of typed edges by key, with how many passages support each."""
    root = followed(view).root
    support: dict[tuple[str, str, str], int] = {}
    query = "SELECT passage, source, relation, target FROM graph_edges ORDER BY passage, source, relation, target"
    for passage, source, relation, target in view.index.connection.execute(query):
        if passage < len(view) and view.visible[passage]:
            edge = (root(source), relation, root(target))
            support[edge] = support.get(edge, 0) + 1
    return ((*edge, count) for edge, count in sorted(support.items()))


def _graphml(view: View, counts: dict[str, int]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name, domain, kind in _KEYS:
        yield f'<key id="{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'
    yield '<graph id="octavo" edgedefault="directed">'
    numbers: dict[str, int] = {}
    for number, key, name, kind, held in _entities(view):
        numbers[key] = number
        counts["entities"] += 1
        yield _vertex(f"e{number}", label=name, kind=kind, passages=held)
    table = incidence(view).by_passage
    seen = [p for p in range(len(view)) if view.visible[p]]
    for passage in seen:
        counts["passages"] += 1
        yield _vertex(
            f"p{passage}", label=f"{view.id_of(passage)} #{passage}", kind="passage", document=view.id_of(passage)
        )
    for passage in seen:
        for at in range(table.indptr[passage], table.indptr[passage + 1]):
            yield _tie(f"p{passage}", f"e{table.indices[at]}", relation="names", weight=round(float(table.data[at]), 4))
    for source, relation, target, support in _edges(view):
        if source in numbers and target in numbers:
            counts["edges"] += 1
            yield _tie(f"e{numbers[source]}", f"e{numbers[target]}", relation=relation, support=support)
    root = followed(view).root
    for fact in facts(view):
        counts["facts"] += 1
        subject = numbers.get(root(fact.subject))
        if subject is not None:
            yield _vertex(f"f{fact.number}", label=fact.object, kind="fact")
            yield _tie(f"e{subject}", f"f{fact.number}", relation=fact.relation, since=fact.since, until=fact.until)
    yield "</graph>"
    yield "</graphml>"


def _data(values: dict[str, Any]) -> str:
    return "".join(
        f'<data key="{name}">{escape(_NOT_XML.sub(" ", str(value)))}</data>'
        for name, value in values.items()
        if value != ""
    )


def _vertex(name: str, **values: Any) -> str:
    return f"<node id={quoteattr(name)}>{_data(values)}</node>"


def _tie(source: str, target: str, **values: Any) -> str:
    return f"<edge source={quoteattr(source)} target={quoteattr(target)}>{_data(values)}</edge>"


def iri(*parts: str) -> str:
    """An IRI below `urn:octavo:`; whatever is not plain is percent-encoded."""
    return f"<{URN}{':'.join(quote(part, safe='') for part in parts)}>"


def literal(text: str) -> str:
    """A literal of N-Triples (W3C 2014, section 2.4), ASCII only."""
    signs = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    out = []
    for sign in text.encode("utf-8", "replace").decode("utf-8"):
        code = ord(sign)
        plain = 0x20 <= code < 0x7F
        out.append(signs.get(sign) or (sign if plain else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"))
    return f'"{"".join(out)}"'


def _ntriples(view: View, counts: dict[str, int]) -> Iterator[str]:
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    keys: dict[int, str] = {}
    for number, key, name, kind, held in _entities(view):
        keys[number] = key
        counts["entities"] += 1
        entity = iri("entity", key)
        yield f"{entity} {label} {literal(name)} ."
        yield f"{entity} {iri('kind')} {literal(kind)} ."
        yield f'{entity} {iri("passages")} "{held}"^^{integer} .'
    table = incidence(view).by_passage
    for passage in range(len(view)):
        if not view.visible[passage]:
            continue
        counts["passages"] += 1
        subject = iri("passage", str(passage))
        yield f"{subject} {iri('document')} {literal(view.id_of(passage))} ."
        for entity in table.indices[table.indptr[passage] : table.indptr[passage + 1]].tolist():
            yield f"{subject} {iri('names')} {iri('entity', keys[entity])} ."
    for source, relation, target, _ in _edges(view):
        counts["edges"] += 1
        yield f"{iri('entity', source)} {iri('relation', relation)} {iri('entity', target)} ."
    root = followed(view).root
    for fact in facts(view):
        counts["facts"] += 1
        subject = iri("fact", str(fact.number))
        yield f"{subject} {iri('subject')} {iri('entity', root(fact.subject))} ."
        yield f"{subject} {iri('is')} {iri('relation', fact.relation)} ."
        yield f"{subject} {iri('object')} {literal(fact.object)} ."
        for name, value in (("since", fact.since), ("until", fact.until)):
            if value:
                yield f"{subject} {iri(name)} {literal(value)} ."
        yield f"{subject} {iri('stated-in')} {iri('passage', str(fact.passage))} ."
