import re

import pytest
from worlds_graph import WORLD, told

from octavo.knowledge.graph.export import export, literal
from octavo.spine.errors import OctavoError

IRI = r"<[a-z][a-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]*>"
STRING = r'"(?:[^"\\\n\r]|\\[tbnrf"\'\\]|\\u[0-9A-F]{4}|\\U[0-9A-F]{8})*"'
LINE = re.compile(rf"{IRI} {IRI} (?:{IRI}|{STRING}(?:\^\^{IRI})?) \.")
ODD = 'Odd "<Names>" & \\back\nslash\x0b \U0001f600 ]]> é'


@pytest.fixture
def odd(build):
    fields = {'rel <&" x': 'Some "Thing" <b>'}
    extra = [told('we"ird <id> & é\x01', f"{ODD} Ada Verrin & Co met Ostmark.", ODD, **fields)]
    dated = [told("f", "One.", "Lenn Mill", facts=[{"relation": 'ceo "<&', "object": ODD, "from": "2001"}])]
    return build([*WORLD, *extra, *dated])


def test_graphml_is_read_by_others(odd, tmp_path):
    networkx = pytest.importorskip("networkx")
    counts = export(odd.view(), tmp_path / "g.graphml")
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    labels = [data.get("label") for _, data in graph.nodes(data=True)]
    assert "Ostmark" in labels
    assert sum(name.startswith("e") for name in graph.nodes) == counts["entities"]
    assert sum(name.startswith("p") for name in graph.nodes) == counts["passages"]
    assert any(data.get("relation") == 'rel <&" x' for *_, data in graph.edges(data=True))


def test_every_line_of_n_triples_fits_the_grammar(odd, tmp_path):
    export(odd.view(), tmp_path / "g.nt")
    lines = (tmp_path / "g.nt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    assert [line for line in lines if not LINE.fullmatch(line)] == []


def test_literals_escape_what_must_be():
    assert literal('a"\\\n☃\U0001f600') == '"a\\"\\\\\\n\\u2603\\U0001F600"'


def test_deleted_documents_are_not_exported(world, tmp_path):
    world.delete(["ada"])
    export(world.view(), tmp_path / "g.nt")
    assert "ada%20verrin" not in (tmp_path / "g.nt").read_text()


def test_other_formats_are_refused(world, tmp_path):
    with pytest.raises(OctavoError) as caught:
        export(world.view(), tmp_path / "g.png")
    assert caught.value.code == "K044"
