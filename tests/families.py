"""Small random checkpoints of the Hugging Face families, each with a tokenizer, as somebody else would bring them."""

from functools import cache

TEXT = "the small model reads a line of text and answers with the name of a river or a town in the north"
WORDS = TEXT.split(" ")
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {"vocab_size": 320, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
LLAMA = {**SIZES, "num_key_value_heads": 1, "intermediate_size": 64, "max_position_embeddings": 128}
FAMILIES = ("gpt2", "gpt_neo", "gptj", "gpt_neox", "llama", "qwen3", "mixtral")


def config_of(family):
    from transformers import AutoConfig

    old = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128, "vocab_size": 320}
    given = {
        "gpt2": old,
        "gptj": {**old, "rotary_dim": 8},
        # A window shorter than the sequences, so that a mask that forgets it is seen.
        "gpt_neo": {
            "vocab_size": 320,
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
            "max_position_embeddings": 128,
            "window_size": 8,
            "intermediate_size": 64,
        },
        "gpt_neox": {**SIZES, "intermediate_size": 64, "max_position_embeddings": 128},
        "llama": LLAMA,
        "qwen3": {**LLAMA, "head_dim": 16},
        "mixtral": {**LLAMA, "num_local_experts": 4, "num_experts_per_tok": 2},
    }[family]
    return AutoConfig.for_model(family, **given, bos_token_id=0, eos_token_id=0, pad_token_id=0)


def write_family(family, folder, *, template=CHATML, stops=(0, 2)):
    """A random model of the family and a byte-level tokenizer with the tokens of ChatML."""
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config_of(family))
    model.generation_config = GenerationConfig(eos_token_id=list(stops), bos_token_id=0, pad_token_id=0)
    model.save_pretrained(folder)
    write_tokenizer(folder, template=template)
    return folder


def write_tokenizer(folder, *, template=CHATML):
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(),
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = template
    made.save_pretrained(folder)


@cache
def _tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 20, trainer)
    return tokenizer


def conversations(count=24):
    """Rows in the format `messages`; what is answered follows from what is asked."""
    rows = []
    for i in range(count):
        word = WORDS[i % len(WORDS)]
        rows.append(
            {
                "id": f"row{i}",
                "messages": [
                    {"role": "user", "content": f"{word} {WORDS[(3 * i) % len(WORDS)]}"},
                    {"role": "assistant", "content": f"{word} {word}"},
                ],
            }
        )
    return rows
