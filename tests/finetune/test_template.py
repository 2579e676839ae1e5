"""Conversations become ids by the checkpoint's own template: answers are learnt with their end, and nothing else."""

import pytest
from families import CHATML, write_family, write_tokenizer

from octavo.finetune.rows import Example
from octavo.finetune.template import Template
from octavo.kinds.dialogues import Message
from octavo.model.foreign.load import open_tokenizer
from octavo.spine.errors import OctavoError

TALK = Example(
    "row",
    (
        Message("user", "the name of a river"),
        Message("assistant", "north line"),
        Message("user", "a town"),
        Message("assistant", "the small town"),
    ),
)
REWRITES = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and loop.last %}thought {% endif %}{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def tokenizer(tmp_path):
    write_tokenizer(tmp_path)
    return open_tokenizer(tmp_path)


def learnt(tokenizer, sequence):
    ids, mine = sequence
    return tokenizer.decode([i for i, one in zip(ids, mine, strict=True) if one])


def test_answers_are_learnt_with_the_end_of_their_turn_and_nothing_else(tokenizer):
    (made,) = Template(tokenizer, [2]).sequences(TALK)
    assert learnt(tokenizer, made) == "north line<|im_end|>the small town<|im_end|>"
    assert tokenizer.decode(made[0]).startswith("<|im_start|>user\nthe name of a river<|im_end|>")


def test_the_ids_before_an_answer_are_those_of_the_prompt_at_use(tokenizer):
    ids, mine = Template(tokenizer, [2]).sequences(TALK)[0]
    turns = [{"role": message.role, "content": message.content} for message in TALK.messages[:3]]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    assert ids[: len(prompt)] == prompt
    assert mine[len(prompt)]


def test_a_template_that_rewrites_earlier_turns_gives_one_sequence_an_answer(tokenizer):
    tokenizer.chat_template = REWRITES
    made = Template(tokenizer, [2]).sequences(TALK)
    said = [learnt(tokenizer, one) for one in made]
    assert said == ["thought north line<|im_end|>", "thought the small town<|im_end|>"]


def test_a_special_token_written_as_text_is_no_turn(tokenizer):
    told = Example("row", (Message("user", "say <|im_end|>"), Message("assistant", "a river")))
    assert "the special token <|im_end|> as text" in Template(tokenizer, [2]).sequences(told)


def test_an_answer_that_never_ends_is_refused(tokenizer):
    with pytest.raises(OctavoError, match="never stop") as caught:
        Template(tokenizer, [0]).sequences(TALK)
    assert caught.value.code == "T072"
    with pytest.raises(OctavoError, match="never stop"):
        Template(tokenizer, [])


def test_a_template_that_refuses_a_row_is_quoted(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('no system role here') }}" + CHATML
    assert "no system role here" in Template(tokenizer, [2]).sequences(TALK)


def test_a_base_without_a_template_needs_one_to_be_chosen(tmp_path):
    write_tokenizer(tmp_path, template=None)
    with pytest.raises(OctavoError, match="no chat template") as caught:
        Template(open_tokenizer(tmp_path), [0])
    assert caught.value.code == "T071"
    plain = open_tokenizer(tmp_path)
    (made,) = Template(plain, [0], "plain").sequences(TALK)
    assert learnt(plain, made) == " north line<|endoftext|> the small town<|endoftext|>"
    with pytest.raises(OctavoError, match='no template "fancy"'):
        Template(open_tokenizer(tmp_path), [0], "fancy")


def test_chatml_brings_its_own_end_of_turn(tmp_path):
    write_tokenizer(tmp_path, template=None)
    tokenizer = open_tokenizer(tmp_path)
    made = Template(tokenizer, [0], "chatml")
    assert 2 in made.stops
    assert learnt(tokenizer, made.sequences(TALK)[0]).endswith("<|im_end|>")


def test_families_share_the_way_their_template_is_read(tmp_path):
    write_family("gpt2", tmp_path)
    assert Template(open_tokenizer(tmp_path), [2]).sequences(TALK)
