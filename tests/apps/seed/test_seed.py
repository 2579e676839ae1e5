"""The seed: built from nothing in miniature, resumed, asked; and the one that comes with the package."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from octavo.apps.seed.build import MOST_BYTES, build
from octavo.apps.seed.measure import Probe, frequent_name, matches, nearest_sentence
from octavo.apps.seed.recipe import Phase, Recipe
from octavo.apps.seed.start import begun
from octavo.kinds.documents import Document, write_documents
from octavo.model.machine import choose_machine
from octavo.model.network.shape import DecoderShape
from octavo.model.reading.place import SHIPPED
from octavo.model.reading.reader import Reader

SMALL = DecoderShape(vocabulary=640, width=64, depth=2, heads=2, key_heads=1, head_size=32, hidden=128, positions=512)
EVERYTHING = {"few scenes": 0.4, "lookup": 0.1, "within": 0.1, "gaps": 0.2, "text": 0.1, "dialogue": 0.05, "copy": 0.05}
TINY = Recipe(
    vocabulary=600,
    shape=SMALL,
    phases=(
        Phase("first", 3, 256, 4, EVERYTHING, 6000),
        Phase("second", 4, 320, 4, EVERYTHING, 6000, decay=2, until=3, averaged=(2, 3)),
    ),
    tokenizer_bytes=20_000,
    calibration=12,
)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few documents with prose in them."""
    folder = tmp_path_factory.mktemp("documents")
    write_documents(
        folder,
        [
            Document(
                f"module.function{number}",
                f"Return the number of {word} in a list of known things. The list is sorted before it is counted.",
                kind="function",
                signature="(things)",
            )
            for number, word in enumerate(
                ("apples", "bridges", "clouds", "doors", "engines", "fields", "gates", "hills")
            )
        ],
    )
    return folder


@pytest.fixture(scope="module")
def built(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seed in miniature."""
    out = tmp_path_factory.mktemp("built") / "seed"
    build(documents, out, TINY, choose_machine(threads=1), tmp_path_factory.mktemp("scratch"))
    return out


def test_a_built_seed_has_every_file_and_its_cards_name_the_phases(built: Path) -> None:
    names = {file.name for file in built.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "training.json"} <= names
    assert {"README.md", "data-card.md", "reading.json", "generation_config.json"} <= names
    card = (built / "README.md").read_text()
    assert all(phase.name in card for phase in TINY.phases)
    assert json.loads((built / "config.json").read_text())["architectures"] == ["Qwen3ForCausalLM"]


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_does_not(
    documents: Path, built: Path, tmp_path: Path
) -> None:
    machine = choose_machine(threads=1)
    build(documents, tmp_path / "again", TINY, machine, tmp_path / "scratch")
    other = replace(TINY, seed=1)
    build(documents, tmp_path / "other", other, machine, tmp_path / "more")
    weights = [
        (folder / "model.safetensors").read_bytes() for folder in (built, tmp_path / "again", tmp_path / "other")
    ]
    assert weights[0] == weights[1] != weights[2]


def test_a_miniature_answers_with_spans_or_declines(built: Path) -> None:
    reader = Reader.of(built)
    passages = ("Norvik lies on the Minde.", "Tarvo is a port.")
    found = reader.read("Which river is Norvik on?", passages)
    assert found.declined or passages[found.passage][found.start : found.end] == found.answer


def test_first_weights_repeat_what_followed_a_token_before() -> None:
    import torch

    model = begun(replace(SMALL, vocabulary=512, width=128, heads=2, head_size=64, depth=2), 0)
    chance = torch.Generator().manual_seed(1)
    tokens = torch.randperm(512, generator=chance)[:24]
    with torch.no_grad():
        next_ = model.logits(torch.cat([tokens, tokens])[None])[0].argmax(-1)
    assert float((next_[24:-1] == tokens[1:]).float().mean()) > 0.7


@pytest.mark.parametrize(
    ("answer", "right", "same"),
    [
        ("the Wexler Medal", "Wexler Medal", True),
        ("Norvik.", "norvik", True),
        ('"Steady on"', "Steady on", True),
        ("3.2", "version 3.2", False),
        ("", "Norvik", False),
    ],
)
def test_answers_are_compared_without_articles_marks_and_case(answer: str, right: str, same: bool) -> None:
    assert matches(answer, [right]) == same


def test_the_rules_answer_with_words_of_the_passages() -> None:
    probe = Probe("", "Where is Norvik?", ("Norvik is in Eldmark. It rains.", "Tarvo is a port."), ("Eldmark",))
    assert nearest_sentence(probe)[0] == "Eldmark"
    assert frequent_name(probe)[0] == "Eldmark"


def test_the_shipped_seed_is_small_enough_and_reads() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= MOST_BYTES
    reader = Reader.of(SHIPPED)
    passages = (
        "Quillbase is a document database written in Rust. It is released under the MIT licence.",
        "Tarnix is a mail server written in Go. It listens on port 7420.",
    )
    assert reader.read("Which licence does Quillbase have?", passages).answer == "MIT"
    assert reader.read("On which port does Tarnix listen?", passages).answer == "7420"


def test_the_card_of_the_shipped_seed_says_what_was_measured() -> None:
    results = Path(__file__).parents[3] / "bench" / "results" / "seed.md"
    rows = [line for line in results.read_text().splitlines() if line.startswith(("| made", "| written"))]
    card = (SHIPPED / "README.md").read_text()
    assert len(rows) == 16
    assert all(row in card for row in rows)
