"""Instructions are learnt by the words of the answers only."""

import json

import numpy as np
import pytest

from octavo.align.dialogues import DialoguesSettings
from octavo.align.dialogues import run as make_dialogues
from octavo.align.instruct import InstructSettings, answer_tokens, run, step_count, with_replay
from octavo.kinds import checkpoint as kind
from octavo.kinds.dialogues import Dialogue, Message, read_dialogues, write_dialogues
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.model.checkpoint import write_checkpoint
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.prompt import training_text
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.packing import UNCOUNTED, pack
from octavo.spine.errors import OctavoError
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folders = {name: tmp_path_factory.mktemp(name) for name in ("documents", "tokenizer", "checkpoint", "dialogues")}
    documents = [
        Document(f"m.f{i}", f"Return the thing number {i} of the list.", "function", signature="(x)") for i in range(60)
    ]
    write_documents(folders["documents"], documents)
    train_tokenizer(TokenizerSettings(size="tiny"), folders, folders["tokenizer"], folders["tokenizer"])
    make_dialogues(DialoguesSettings(count=80), folders, folders["dialogues"], folders["dialogues"])
    vocabulary = -(-Tokenizer(folders["tokenizer"]).size // 64) * 64
    model = Decoder(DecoderShape(vocabulary, 64, 2, 1, 1, 64, 128, 512))
    model.initialise(0)
    write_checkpoint(
        folders["checkpoint"], model, folders["tokenizer"], [], {"final_loss": 1.0, "bytes_per_token": 3.0}
    )
    return folders


def tuned(inputs, folder, **settings):
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir()
    run(InstructSettings(**settings), inputs, out, scratch)
    return out


def test_only_the_words_of_answers_are_targets(inputs):
    tokenizer = Tokenizer(inputs["tokenizer"])
    dialogues = list(read_dialogues(inputs["dialogues"]))
    tokens, used = answer_tokens(dialogues, tokenizer, 512)
    assert used == dialogues
    for number, dialogue in enumerate(dialogues):
        ids = tokens.ids[tokens.starts[number] : tokens.starts[number + 1]]
        learnt = tokens.counted[tokens.starts[number] : tokens.starts[number + 1]]
        answer = tokenizer.encode(dialogue.messages[-1].content)
        assert ids[learnt].tolist() == [*answer, tokenizer.end_of_turn]
        assert learnt.tolist() == [False] * (len(ids) - len(answer) - 1) + [True] * (len(answer) + 1)
    rows = pack(tokens, 512)
    assert int((rows.targets != UNCOUNTED).sum()) == int(tokens.counted.sum())
    assert not np.isin(rows.targets, [tokenizer.roles["user"], tokenizer.roles["assistant"]]).any()


def test_it_learns_to_answer(inputs, tmp_path):
    out = tuned(inputs, tmp_path, steps=15, batch=4)
    kind.KIND.check(out)
    rows = [json.loads(line) for line in (out / kind.TRAINING).read_text().splitlines()]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]


def test_the_same_settings_give_the_same_bytes(inputs, tmp_path):
    first, second = (tuned(inputs, tmp_path / name, steps=3) for name in "ab")
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_held_out_documents_are_not_taught(inputs, tmp_path):
    dialogues = list(read_dialogues(inputs["dialogues"]))
    apart = [d for d in dialogues if any(held_out(name) for name in d.documents)]
    out = tuned(inputs, tmp_path, steps=1)
    assert json.loads((out / kind.SUMMARY).read_text())["dialogues"] == len(dialogues) - len(apart)


def test_the_checkpoint_says_which_dialogues_of_which_documents_it_learnt_from(inputs, tmp_path):
    dialogues = {d.id: d.documents for d in read_dialogues(inputs["dialogues"])}
    seen = list(kind.read_seen(tuned(inputs, tmp_path, steps=1, replay=0.0)))
    assert seen
    assert all(dialogues[one.id] == one.documents for one in seen)
    assert {step for one in seen for step in one.steps} == {0}


def test_text_that_is_read_again_counts_as_seen_and_is_never_held_out(inputs, tmp_path):
    out = tuned(inputs, tmp_path, steps=4, replay=0.3)
    seen = list(kind.read_seen(out))
    replayed = [one for one in seen if not one.documents]
    assert replayed == seen[-len(replayed) :]
    assert {one.id for one in replayed} <= {f"m.f{i}" for i in range(60) if not held_out(f"m.f{i}")}
    assert [one.tokens[0] for one in seen[1:]] == [one.tokens[1] for one in seen[:-1]]
    assert any(one.steps for one in replayed)
    summary = json.loads((out / kind.SUMMARY).read_text())
    assert summary["documents_replayed"] == len(replayed)
    tokens = sum(end - start for start, end in (one.tokens for one in replayed))
    assert summary["replay"] == round(tokens / seen[-1].tokens[1], 4) <= 0.3


def test_every_token_of_replayed_text_is_learnt_and_of_dialogues_the_answers(inputs, tmp_path):
    tokenizer = Tokenizer(inputs["tokenizer"])
    talk, _ = answer_tokens(list(read_dialogues(inputs["dialogues"])), tokenizer, 512)
    settings = InstructSettings(replay=0.2)
    both, replayed = with_replay(talk, settings, inputs["documents"], tokenizer, tmp_path)
    assert both.ids[: len(talk.ids)].tolist() == talk.ids.tolist()
    assert both.counted[: len(talk.ids)].tolist() == talk.counted.tolist()
    assert both.counted[len(talk.ids) :].all()
    assert len(both) == len(talk) + len(replayed)
    first = both.ids[both.starts[len(talk)] : both.starts[len(talk) + 1]].tolist()
    assert tokenizer.decode(first) == training_text(replayed[0])


def test_once_through_the_dialogues_unless_that_takes_more_than_a_part_of_the_pretraining():
    small, large = DecoderShape(2048, 128, 4, 2, 2, 64, 384, 512), DecoderShape(4096, 256, 9, 4, 2, 64, 704, 512)
    settings = InstructSettings()
    assert step_count(settings, 1689, 8, 512, small, 2_800_000) == 211
    few = step_count(settings, 1689, 8, 512, large, 300_000)
    assert 10 < few < 80
    assert step_count(settings, 1689, 8, 512, large, 40_000_000) == 211
    assert step_count(InstructSettings(epochs=2), 1689, 8, 512, large, 300_000) == 422


def test_prompts_that_are_too_long_are_counted_and_left_out(inputs):
    tokenizer = Tokenizer(inputs["tokenizer"])
    short = Dialogue("a", (Message("user", "thing"), Message("assistant", "list")))
    long = Dialogue("b", (Message("user", "thing " * 500), Message("assistant", "list")))
    tokens, used = answer_tokens([short, long], tokenizer, 128)
    assert (len(tokens), used) == (1, [short])
    with pytest.raises(OctavoError) as caught:
        answer_tokens([long], tokenizer, 128)
    assert caught.value.code == "T019"


def test_no_dialogues_are_refused(inputs, tmp_path):
    write_dialogues(tmp_path, [])
    with pytest.raises(OctavoError) as caught:
        tuned({**inputs, "dialogues": tmp_path}, tmp_path / "run")
    assert caught.value.code == "T019"


def test_settings_out_of_range_are_wrong_use(inputs, tmp_path):
    with pytest.raises(OctavoError) as caught:
        tuned(inputs, tmp_path, epochs=-1)
    assert (caught.value.code, caught.value.exit_code) == ("T015", 2)
