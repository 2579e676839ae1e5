"""Training begins from nothing or from a base; either way it is said which, and only a base that fits is taken."""

import json

import pytest

from octavo.kinds import checkpoint as kind
from octavo.kinds import foundation
from octavo.kinds import tokenizer as tokenizer_kind
from octavo.kinds.documents import Document, write_documents
from octavo.model.checkpoint import read_checkpoint
from octavo.model.likelihood import bits_per_byte, score_texts
from octavo.model.network.dial import MOST_GAIN, dial
from octavo.model.network.shape import DecoderShape
from octavo.pretrain.foundation import BaseSettings, run, sources
from octavo.pretrain.learn import PretrainSettings, taken_on
from octavo.pretrain.learn import run as pretrain
from octavo.pretrain.onward import onward
from octavo.spine.errors import OctavoError
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer

SENTENCE = "The keeper of the {0} opens the {0} at {1} and closes it again before dark. "
TEXTS = [Document(f"note{i}", SENTENCE.format(["mill", "lock", "barn"][i % 3], i) * 2) for i in range(60)]


def folders(place, *names):
    for name in names:
        (place / name).mkdir(parents=True)
    return [place / name for name in names]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Documents and a small checkpoint that learnt from them."""
    place = tmp_path_factory.mktemp("made")
    documents, tokenizer, base, scratch = folders(place, "documents", "tokenizer", "base", "scratch")
    write_documents(documents, TEXTS)
    train_tokenizer(TokenizerSettings(vocabulary=320), {"documents": documents}, tokenizer, scratch)
    inputs = {"documents": documents, "tokenizer": tokenizer}
    pretrain(PretrainSettings(size="tiny", steps=12), inputs, base, scratch)
    return place


def foundation_of(model, place):
    out, scratch = folders(place, "out", "scratch")
    run(BaseSettings(model=str(model)), {}, out, scratch)
    foundation.KIND.check(out)
    return out


def onwards(made, place, **settings):
    """A base artifact, the tokenizer taken from it and the model that goes on from it."""
    base = foundation_of(made / "base", place / "foundation")
    tokenizer, out, scratch = folders(place, "tokenizer", "out", "scratch")
    inputs = {"documents": made / "documents", "base": base}
    train_tokenizer(TokenizerSettings(), inputs, tokenizer, scratch)
    pretrain(PretrainSettings(**settings), {**inputs, "tokenizer": tokenizer}, out, scratch)
    return base, tokenizer, out


def test_from_scratch_there_is_nothing_but_the_word(tmp_path):
    out = foundation_of("scratch", tmp_path)
    assert [path.name for path in out.iterdir()] == [foundation.FOUNDATION]
    assert str(foundation.read_foundation(out)) == "from scratch"
    assert sources(BaseSettings(model="scratch")) == {}


def test_a_base_is_copied_whole_and_named_by_its_weights(made, tmp_path):
    out = foundation_of(made / "base", tmp_path)
    assert (out / kind.WEIGHTS).read_bytes() == (made / "base" / kind.WEIGHTS).read_bytes()
    facts = foundation.describe(out)
    assert facts["model"] == "base"
    assert 256 < facts["vocabulary"] <= 320
    assert facts["digest"] in sources(BaseSettings(model=str(made / "base"))).values()
    assert str(tmp_path) not in (out / foundation.FOUNDATION).read_text()


def test_the_model_goes_on_from_the_base_and_keeps_its_tokenizer(made, tmp_path):
    base, tokenizer, out = onwards(made, tmp_path, steps=6)
    assert (tokenizer / "tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()
    assert tokenizer_kind.describe(tokenizer)["from"] == "base"
    summary = json.loads((out / kind.SUMMARY).read_text())
    assert summary["base"] == "base"
    assert any(line.startswith("base           base:") for line in summary["derivation"])
    texts = [SENTENCE.format("mill", 3)]
    before, after = (bits_per_byte(score_texts(*read_checkpoint(folder), texts)) for folder in (base, out))
    assert after < before < 6
    first = json.loads((out / kind.TRAINING).read_text().splitlines()[0])
    cold = json.loads((made / "base" / kind.TRAINING).read_text().splitlines()[0])
    assert first["loss"] < 0.8 * cold["loss"]


def test_going_on_gives_the_same_bytes_each_time(made, tmp_path):
    first, second = (onwards(made, tmp_path / name, steps=3)[2] for name in "ab")
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_a_larger_base_learns_fewer_tokens_in_the_same_time():
    small = dial("small")
    same, larger = onward("x", small.shape), onward("x", DecoderShape(4096, 320, 8, 5, 5, 64, 896, 512))
    assert same.tokens == pytest.approx(small.tokens, rel=0.001)
    arithmetic = larger.tokens * larger.shape.flops_per_token(256) / (small.tokens * small.shape.flops_per_token(256))
    assert arithmetic == pytest.approx(MOST_GAIN, rel=0.01)
    assert larger.tokens < same.tokens / 2
    assert larger.learning_rate < same.learning_rate <= small.learning_rate


def test_little_text_is_read_four_times_at_most_in_small_steps():
    whole = onward("x", dial("small").shape)
    fitted = whole.fitted(8_000)
    assert fitted.batch < whole.batch
    assert fitted.learning_rate < whole.learning_rate
    course = fitted.course(8_000)
    assert course.steps * fitted.batch * fitted.sequence <= 4 * 8_000
    assert whole.fitted(10**7) == whole


def test_choices_that_a_base_makes_are_refused(made, tmp_path):
    base = foundation_of(made / "base", tmp_path)
    given = foundation.read_foundation(base)
    with pytest.raises(OctavoError, match="size") as caught:
        taken_on(PretrainSettings(size="tiny"), given, base)
    assert (caught.value.code, caught.value.exit_code) == ("T115", 2)
    with pytest.raises(OctavoError) as caught:
        taken_on(PretrainSettings(sequence=4096), given, base)
    assert (caught.value.code, caught.value.exit_code) == ("T116", 2)
    (tmp_path / "tokenizer").mkdir()
    inputs = {"documents": made / "documents", "base": base}
    with pytest.raises(OctavoError, match="vocabulary") as caught:
        train_tokenizer(TokenizerSettings(vocabulary=512), inputs, tmp_path / "tokenizer", tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("T114", 2)


def test_a_base_that_is_not_there_is_refused_with_the_nearest_word(tmp_path):
    with pytest.raises(OctavoError, match='did you mean "scratch"') as caught:
        foundation_of("scrach", tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("T111", 2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(OctavoError, match=r"lacks config\.json") as caught:
        foundation_of(tmp_path / "empty", tmp_path / "again")
    assert caught.value.code == "T111"


@pytest.mark.parametrize("damage", ["architecture", "weights", "tokenizer"])
def test_a_base_that_cannot_be_continued_is_refused_before_anything_is_trained(damage, made, tmp_path):
    (other,) = folders(tmp_path, "other")
    for path in (made / "base").iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    if damage == "weights":
        (other / kind.WEIGHTS).write_bytes((other / kind.WEIGHTS).read_bytes()[:5000])
    elif damage == "tokenizer":
        text = (other / "tokenizer.json").read_text().replace("<|assistant|>", "<|helper|>")
        (other / "tokenizer.json").write_text(text)
    else:
        config = json.loads((other / kind.CONFIG).read_text())
        (other / kind.CONFIG).write_text(json.dumps({**config, "architectures": ["GPT2LMHeadModel"]}))
    with pytest.raises(OctavoError, match="cannot be continued") as caught:
        foundation_of(other, tmp_path / "run")
    assert (caught.value.code, caught.value.exit_code) == ("T112", 2)
    assert "octavo train" in caught.value.do
