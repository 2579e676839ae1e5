"""Tune: a base, examples and a method become a tuned model: everything between reading the files and writing the
result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from octavo.finetune.adaptation import Adaptation, Reach
from octavo.finetune.corpus import Corpus, encode, pack_alone, replay
from octavo.finetune.methods import method_named
from octavo.finetune.room import check_room
from octavo.finetune.rows import Example, refuse
from octavo.finetune.settings import FinetuneSettings
from octavo.finetune.template import OwnTemplate, Template
from octavo.finetune.tuning import Tuning, base_digest, by_rule
from octavo.kinds.checkpoint import SUMMARY
from octavo.kinds.records import Bad
from octavo.kinds.tokenizer import CHAT_TEMPLATE
from octavo.model.foreign.folder import check_folder
from octavo.model.foreign.load import check_vocabulary, context, open_tokenizer, stop_tokens
from octavo.model.machine import Machine, choose_machine
from octavo.model.network.shape import Course
from octavo.model.training.loop import Trained, Training
from octavo.model.training.method import Method
from octavo.model.training.packing import Rows, join, pack
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import reading

FEWEST_STEPS = 100
"""A small set is learnt in smaller batches, so that there are steps to learn in."""
MOST_TOKENS = 4096
"""Computed at once."""


@dataclass
class Base:
    """A local checkpoint as training needs to know it, without its weights."""

    folder: Path
    width: int
    room: int
    """Tokens in the longest row."""
    own: bool
    """Whether Octavo's fast decoder can train it whole."""
    tokenizer: Any
    stops: tuple[int, ...]
    windowed: bool = False
    """Whether some layers see only so far back, as every other one of GPT-Neo."""

    def document(self, text: str) -> list[int]:
        """Ids of a text between the tokens that begin and end one."""
        if self.own:
            ids: list[int] = self.tokenizer.document(self.tokenizer.encode(text))
            return ids
        inner = self.tokenizer(text, add_special_tokens=False).input_ids
        end = self.tokenizer.eos_token_id
        begin = self.tokenizer.bos_token_id if self.tokenizer.bos_token_id is not None else end
        return [*([begin] if begin is not None else []), *inner, *([end] if end is not None else [])]

    @cached_property
    def digest(self) -> str:
        """Of configuration and weights."""
        return base_digest(self.folder)


def open_base(folder: Path) -> Base:
    """Look at a base by its configuration and tokenizer; its weights are read by what trains it."""
    check_folder(folder)
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM

    from octavo.model.foreign.load import offline

    with offline(), init_empty_weights():
        try:
            config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
            hollow = AutoModelForCausalLM.from_config(config)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise OctavoError(
                "T067",
                "The model can't be opened as a causal language model",
                where=str(folder),
                likely=str(error).strip().splitlines()[0],
                do="use a checkpoint of GPT-2, GPT-Neo, GPT-J, GPT-NeoX, Llama, Qwen, Mistral, Mixtral or their like",
            ) from error
    tokenizer = open_tokenizer(folder)
    check_vocabulary(hollow, tokenizer, folder)
    hollow.generation_config = _generation(folder, hollow)
    own = _is_own(folder, tokenizer)
    width = hollow.config.get_text_config().hidden_size
    windowed = "local" in getattr(hollow.config, "attention_layers", ())
    base = Base(folder, width, context(hollow), own, tokenizer, stop_tokens(hollow, tokenizer), windowed)
    if own:
        from octavo.model.tokenizer import Tokenizer

        base.tokenizer = Tokenizer(folder)
    return base


def _generation(folder: Path, model: Any) -> Any:
    from transformers import GenerationConfig

    if (folder / "generation_config.json").is_file():
        return GenerationConfig.from_pretrained(str(folder), local_files_only=True)
    return model.generation_config


def _is_own(folder: Path, tokenizer: Any) -> bool:
    """Whether Octavo wrote it: its decoder reads the architecture, and its tokenizer and template are there."""
    from octavo.model.checkpoint import read_shape

    if tokenizer.chat_template != CHAT_TEMPLATE or not (folder / SUMMARY).is_file():
        return False
    try:
        read_shape(folder)
    except OctavoError:
        return False
    return True


@dataclass
class Outcome:
    """What a training came to."""

    base: Base
    adaptation: Adaptation
    template: str
    trained: Trained
    corpus: Corpus
    facts: dict[str, Any] = field(default_factory=dict)
    """For `training.json`: nothing in it depends on the clock."""

    @cached_property
    def model(self) -> Any:
        """The tuned model in float32."""
        return self.trained.model


def tune(
    folder: Path,
    examples: Iterable[Example],
    settings: FinetuneSettings,
    scratch: Path,
    *,
    bad: list[Bad] | None = None,
    replayed: Iterable[str] = (),
    general: Sequence[str] = (),
) -> Outcome:
    """Train as the settings say; after a kill it goes on from `scratch` and ends in the same bytes.

    `bad` holds what was no example (filled while `examples` are read). `replayed` are texts mixed in against
    forgetting, `general` texts on which forgetting is measured. Refused before the first step: bad rows (T069),
    over-long ones (T070), no template (T071), answers that never end (T072), no memory (T074).
    """
    machine = choose_machine(settings.precision)
    adaptation = method_named(settings.method)
    reach = Reach(
        settings.rank, settings.alpha or 2.0 * settings.rank, settings.virtual, settings.targets, settings.seed
    )
    reach.check()
    base = open_base(folder)
    room = base.room - (reach.virtual if adaptation.virtual else 0)
    room = min(room, settings.length) if settings.length else room
    corpus, template = _corpus(base, examples, settings, room, [] if bad is None else bad)
    if settings.replay_share:
        replay(corpus, replayed, base, settings.replay_share)
    length = (settings.length and room) or corpus.length(room)
    plainly, course = _method(base, adaptation, reach, corpus, settings, machine, length)
    number_bytes = 2 if machine.precision == "bfloat16" else 4
    check_room(folder, adaptation, number_bytes, _activations(base, length, plainly, number_bytes))
    held = pack(corpus.held.tokens(), length) if corpus.held.count else None
    plain = pack(join([base.document(text) for text in general]), length) if general else None
    sizes = (corpus.held.bytes, sum(len(text.encode("utf-8", "replace")) for text in general))
    before = _measured(plainly, None, (held, plain), sizes, base, machine)
    learnt = sum(int(learnt.sum()) for learnt in corpus.learn.learnt)
    method = by_rule(plainly, adaptation, settings.seed)
    trained = Training(method, course, machine, scratch / "training", corpus.learn.bytes / max(1, learnt)).run()
    after = _measured(plainly, trained.model, (held, plain), sizes, base, machine)
    facts = {
        **trained.facts,
        "method": adaptation.name,
        "base": {"name": folder.resolve().name, "digest": base.digest},
        "template": template,
        "stops": list(base.stops),
        "steps": course.steps,
        "learning_rate": course.learning_rate,
        "batch": plainly.batch,
        "length": length,
        "rows": len(plainly.rows),
        "filled": round(plainly.rows.filled, 4),
        **corpus.facts(),
        "before": before,
        "after": after,
        "settings": settings.as_json(),
    }
    return Outcome(base, adaptation, template, trained, corpus, facts)


def _corpus(
    base: Base, examples: Iterable[Example], settings: FinetuneSettings, room: int, bad: list[Bad]
) -> tuple[Corpus, str]:
    """The examples as ids, everything that can be wrong with them told at once; and the template's text."""
    speaker = _Lazy(base, settings.template)
    corpus = encode(examples, speaker, base, room=room, share=settings.held_out, seed=settings.seed)
    rows = corpus.conversations + corpus.texts + len(bad) + len(corpus.refused) + len(corpus.too_long)
    if settings.bad == "refuse":
        refuse([*bad, *corpus.refused], rows)
    corpus.refused += bad
    if corpus.too_long and settings.too_long == "refuse":
        listed = "\n             ".join(f"row {one.row} of {one.source}: {one.reason}" for one in corpus.too_long[:20])
        raise OctavoError(
            "T070",
            f"{len(corpus.too_long):,} of {rows:,} rows are longer than the model reads at once",
            where=listed,
            likely="a cut row would teach answers without their questions",
            do="shorten these rows, use a base with more positions, or leave them out with --too-long drop",
            exit_code=WRONG_USE,
        )
    if not corpus.learn.count:
        raise OctavoError(
            "T078",
            "There is nothing to learn from",
            likely="the files are empty, or every row was left out",
            do="give rows with messages, conversations, instruction/output, prompt/completion or text",
            exit_code=WRONG_USE,
        )
    reading(conversations=corpus.conversations, texts=corpus.texts, too_long=len(corpus.too_long))
    return corpus, speaker.written


class _Lazy:
    """A template that is only looked for when there is a conversation: plain text needs none."""

    def __init__(self, base: Base, chosen: str) -> None:
        self.base, self.chosen = base, chosen
        self.made: Template | OwnTemplate | None = None

    @property
    def written(self) -> str:
        """The template's text."""
        if self.made is None:
            return ""
        return CHAT_TEMPLATE if self.base.own else str(self.base.tokenizer.chat_template)

    def sequences(self, example: Example) -> Any:
        """See `Template`."""
        if self.made is None:
            if self.base.own:
                self.made = OwnTemplate(self.base.tokenizer)
            else:
                self.made = Template(self.base.tokenizer, self.base.stops, self.chosen)
                self.base.stops = tuple(sorted(self.made.stops))
        return self.made.sequences(example)


def _method(
    base: Base,
    adaptation: Adaptation,
    reach: Reach,
    corpus: Corpus,
    settings: FinetuneSettings,
    machine: Machine,
    length: int,
) -> tuple[Any, Course]:
    apart = base.windowed and adaptation.virtual
    rows = pack_alone(corpus.learn, length) if apart else pack(corpus.learn.tokens(), length)
    wanted = max(1, round(settings.epochs * len(rows)))
    batch = settings.batch or max(1, min(8, wanted // FEWEST_STEPS))
    batch = min(batch, len(rows))
    steps = settings.steps or max(1, round(wanted / batch))
    micro = max(1, min(batch, MOST_TOKENS // length))
    fast = base.own and adaptation.whole
    own_rate = fast and adaptation.rule == "gradients"
    rate = settings.learning_rate or (_own_rate(base.width) if own_rate else adaptation.learning_rate(base.width))
    warmup = max(1, steps // 20)
    course = Course(
        steps=steps,
        learning_rate=rate,
        warmup=warmup,
        decay=steps // 2 if fast else steps - warmup,
        weight_decay=0.1 if fast else 0.0,
        optimizer="muon" if fast else "adamw",
    )
    if fast:
        from octavo.model.checkpoint import read_checkpoint
        from octavo.model.training.method import NextToken

        own = NextToken(
            lambda: read_checkpoint(base.folder)[0],
            rows,
            batch=batch,
            micro=micro,
            seed=settings.seed,
            device=machine.device,
        )
        return own, course
    tuning = Tuning(adaptation, base.folder, rows, machine, reach=reach, batch=batch, micro=micro, seed=settings.seed)
    return tuning, course


def _own_rate(width: int) -> float:
    from octavo.model.network.dial import learning_rate

    return learning_rate(width) / 4


def _activations(base: Base, length: int, method: Any, number_bytes: int) -> int:
    """A guess from below: what the layers keep of one micro-batch for the way back."""
    config = json.loads((base.folder / "config.json").read_text(encoding="utf-8"))
    depth = config.get("num_hidden_layers") or config.get("n_layer") or config.get("num_layers") or 1
    return int(method.micro * length * base.width * depth * 12 * number_bytes)


@torch.no_grad()
def _measured(
    method: Any,
    model: Any,
    rows: tuple[Rows | None, Rows | None],
    sizes: tuple[int, int],
    base: Base,
    machine: Machine,
) -> dict[str, float]:
    """Loss a token and bits per byte of the held-out examples and of the general texts, in float32. With no model: of
    the base itself."""
    if rows == (None, None):
        return {}
    probe: Method = method
    if model is None and isinstance(method, Tuning):
        probe = Tuning(
            replace(method_named("full"), bits=method.adaptation.bits),
            base.folder,
            method.rows,
            replace(machine, precision="float32"),
        )
        model = probe.finish({})
    elif model is None:
        model = method.prepare().to(machine.device)
    found: dict[str, float] = {}
    for name, part, size in zip(("held_out", "general"), rows, sizes, strict=True):
        if part is not None:
            nats, tokens = _nats(probe, model, part, machine)
            found[f"{name}_loss"] = round(nats / max(1, tokens), 6)
            found[f"{name}_bits_per_byte"] = round(nats / (math.log(2) * max(1, size)), 6)
    return found


def _nats(method: Any, model: Any, rows: Rows, machine: Machine) -> tuple[float, int]:
    from octavo.model.training.method import Batch

    nats, tokens = 0.0, 0
    for at in range(len(rows)):
        made = [
            torch.from_numpy(array[at : at + 1]).long().to(machine.device)
            for array in (rows.tokens, rows.targets, rows.sequences)
        ]
        counted = int((made[1] >= 0).sum())
        nats += float(method.loss(model, Batch(*made, counted), 1.0))
        tokens += counted
    return nats, tokens
