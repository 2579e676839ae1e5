"""Vocabulary: a byte-level BPE `tokenizer.json` as the fields of a GGUF file, and a tokenizer rebuilt from them.

llama.cpp cuts texts into words by rules of its own, chosen by a name (`tokenizer.ggml.pre`): a tokenizer can only be
written when its rule is one of those.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.kinds.tokenizer import CONFIG, TOKENIZER
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    import gguf

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|")
GPT2 = "ByteLevel"
WORDS = {
    QWEN2: "qwen2",
    r"'(?i:[sdmt]|ll|ve|re)" + QWEN2[QWEN2.index("|[^") :]: "qwen2",
    LLAMA3: "llama-bpe",
    GPT2: "gpt-2",
}
"""Rules by which words are cut, and the name under which llama.cpp has the same rule. The second one is Octavo's own:
other letters, the same language."""

RULES = {"qwen2": QWEN2, "llama-bpe": LLAMA3, "gpt-2": GPT2}
WHOLE_WORDS = ("llama-bpe",)
"""Rules with which llama.cpp takes a word that is a token as it is, without merging."""

SAMPLES = (
    "The quick brown fox jumps over the lazy dog. It's we're I'll, DON'T they've?",
    "def f(x: int = 1_000) -> dict[str, float]:\n    return {'a': 3.14e-10}  # 12345\n\n\n\tpass\r\n",
    "Straße, naïve café, Ωμέγα, привет мир, 你好世界, こんにちは, שלום, مرحبا, हिन्दी, 🙂👩‍👩‍👧 e\u0301",
    "   leading, trailing   \n \n and\u00a0odd\u2003spaces\t\t1 22 333 4444 55555",
    "<|endoftext|> is text, <|user|> too; ### --- *** &&& \u0000\u0001\ufffd",
)


@dataclass(frozen=True)
class Vocabulary:
    """A byte-level BPE: the tokens by id with their kinds, the merges in order, and the name of the rule for words."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    words: str
    begins: bool
    """Whether a text begins with the token for the beginning."""
    special: dict[str, int]
    """Ids of the special tokens by their role: bos, eos, eot, unk, pad."""
    template: str
    note: str = ""
    """What GGUF can't say about this tokenizer; empty when it says all."""


def read_vocabulary(folder: Path, rows: int) -> Vocabulary:
    """The tokenizer in a Hugging Face folder, filled up to the `rows` of the model's embedding.

    Raises T049 for tokenizers that GGUF has no form for, by what they have.
    """
    path = folder / TOKENIZER
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        config = _optional(folder / CONFIG)
        words, note = _rule(data)
        model = data["model"]
        tokens = [f"[unused {place}]" for place in range(rows)]
        kinds = [UNUSED] * rows
        for token, place in model["vocab"].items():
            tokens[place], kinds[place] = token, NORMAL
        for added in data.get("added_tokens", ()):
            tokens[added["id"]] = added["content"]
            kinds[added["id"]] = CONTROL if added["special"] else USER_DEFINED
    except IndexError as error:
        raise _refused(path, f"it has tokens beyond the {rows:,} rows of the model") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refused(path, f"it can't be read: {error!r}") from error
    merges = tuple(merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"])
    special = _special(folder, config, {token: place for place, token in enumerate(tokens)})
    begins = _begins(path, special.get("bos"))
    return Vocabulary(tuple(tokens), tuple(kinds), merges, words, begins, special, _template(folder, config), note)


def _rule(data: dict[str, Any]) -> tuple[str, str]:
    """The name of the rule for words; refuses what llama.cpp does otherwise."""
    model = data["model"]
    before = data.get("pre_tokenizer") or {}
    steps = before.get("pretokenizers", [before])
    rules = [step["pattern"].get("Regex", "") for step in steps if step.get("type") == "Split"]
    level = [step for step in steps if step.get("type") == "ByteLevel"]
    unusual = [
        what
        for what, found in (
            (f"a {model.get('type')} and no BPE", model.get("type") != "BPE"),
            ("characters in place of bytes", len(level) != 1 or len(steps) != len(rules) + 1),
            ("a space put before the text", bool(level) and level[0].get("add_prefix_space", False)),
            ("dropout", bool(model.get("dropout"))),
            ("a mark inside or at the end of words", _marked(model)),
            ("bytes as tokens of their own", bool(model.get("byte_fallback"))),
            ("a normalizer", (data.get("normalizer") or {}).get("type") not in (None, "NFC")),
        )
        if found
    ]
    if unusual:
        raise OctavoError("T049", f"The tokenizer has {', '.join(unusual)}, which is not written as GGUF", do=_DO)
    rule = rules[0] if len(rules) == 1 else GPT2 if not rules and level[0].get("use_regex", True) else ""
    words = WORDS.get(rule)
    if words is None or model.get("ignore_merges", False) != (words in WHOLE_WORDS):
        raise OctavoError("T049", "llama.cpp has no name for the way in which this tokenizer cuts words", do=_DO)
    note = (
        "texts must be in the normal form NFC: llama.cpp does not bring them into it" if data.get("normalizer") else ""
    )
    return words, note


def _marked(model: dict[str, Any]) -> bool:
    return bool(model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"))


_DO = "export it as a Hugging Face folder: --format hf"


def _refused(path: Path, why: str) -> OctavoError:
    return OctavoError("T049", "The tokenizer can't be written as GGUF", where=str(path), likely=why, do=_DO)


def _optional(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _special(folder: Path, config: dict[str, Any], ids: dict[str, int]) -> dict[str, int]:
    """By the generation configuration, else the model's, else the tokenizer's names."""
    found: dict[str, int] = {}
    for role, field in (("bos", "bos_token"), ("eos", "eos_token"), ("unk", "unk_token"), ("pad", "pad_token")):
        for said in (_optional(folder / "generation_config.json"), _optional(folder / "config.json")):
            value = said.get(f"{field}_id")
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, int) and role not in found:
                found[role] = value
        name = config.get(field)
        name = name.get("content") if isinstance(name, dict) else name
        if role not in found and name in ids:
            found[role] = ids[name]
    if "eos" in found:
        found["eot"] = found["eos"]
    return found


def _begins(path: Path, begin: int | None) -> bool:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    plain, whole = (tokenizer.encode("a b", add_special_tokens=add).ids for add in (False, True))
    if whole == plain:
        return False
    if whole == [begin, *plain]:
        return True
    raise _refused(path, "it puts other tokens around a text than the one for its beginning")


def _template(folder: Path, config: dict[str, Any]) -> str:
    beside = folder / "chat_template.jinja"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    said = config.get("chat_template")
    return said if isinstance(said, str) else ""


def add_vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """The fields of a tokenizer."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.words)
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_types(list(vocabulary.kinds))
    writer.add_token_merges(list(vocabulary.merges))
    add = {
        "bos": writer.add_bos_token_id,
        "eos": writer.add_eos_token_id,
        "eot": writer.add_eot_token_id,
        "unk": writer.add_unk_token_id,
        "pad": writer.add_pad_token_id,
    }
    for role, number in vocabulary.special.items():
        add[role](number)
    writer.add_add_bos_token(vocabulary.begins)
    if vocabulary.template:
        writer.add_chat_template(vocabulary.template)


def rebuilt(fields: dict[str, Any]) -> Any:
    """A `tokenizers.Tokenizer` from the fields of a GGUF file alone, by the rules that llama.cpp states."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    rule = fields["tokenizer.ggml.pre"]
    vocabulary = {token: place for place, (token, kind) in enumerate(zip(tokens, kinds, strict=True)) if kind != UNUSED}
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
    model = models.BPE(vocabulary, merges, ignore_merges=rule in WHOLE_WORDS)
    tokenizer = Tokenizer(model)
    if RULES[rule] == GPT2:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(RULES[rule]), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    for special in (True, False):
        kind = CONTROL if special else USER_DEFINED
        added = [token for token, own in zip(tokens, kinds, strict=True) if own == kind]
        tokenizer.add_tokens([AddedToken(token, normalized=False, special=special) for token in added])
    return tokenizer


def check_encodings(folder: Path, fields: dict[str, Any], texts: tuple[str, ...] = SAMPLES) -> int:
    """Encode the samples with the original and with the rebuilt tokenizer, special tokens read and not read; T049 for
    any difference. Returns how many encodings were compared."""
    from unicodedata import normalize

    from tokenizers import Tokenizer

    original, again = Tokenizer.from_file(str(folder / TOKENIZER)), rebuilt(fields)
    compared = 0
    for as_text in (True, False):
        original.encode_special_tokens = again.encode_special_tokens = as_text
        for text in texts:
            text = normalize("NFC", text)
            if original.encode(text, add_special_tokens=False).ids != again.encode(text, add_special_tokens=False).ids:
                raise _refused(folder / TOKENIZER, f"read back it encodes otherwise: {text[:40]!r}")
            compared += 1
    return compared
