"""Does llama.cpp compute what an exported model computes? Small random models of each family, through the real library.

    python bench/export.py --llama PYTHON

PYTHON is an interpreter that has llama-cpp-python (with llama.cpp in it), in an environment of its own. For each
architecture and number format the GGUF file is opened by llama.cpp with a cache in float32, and its logits at 40 random
tokens are compared with those of octavo's decoder in float32; so are the tokens of sample texts, special tokens read as
text and as such. Writes `bench/results/export.md`.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import tempfile
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from octavo.kinds.documents import Document, write_documents
from octavo.model.checkpoint import write_checkpoint
from octavo.model.export.publish import publish
from octavo.model.export.vocabulary import SAMPLES
from octavo.model.export.weights import DTYPES
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer

HERE = Path(__file__).parent
TOKENS = 40
DENSE = DecoderShape(512, width=128, depth=3, heads=4, key_heads=2, head_size=32, hidden=352, positions=256)
FAMILIES = {
    "qwen3": DENSE,
    "llama": replace(DENSE, qk_norm=False, tied=False, rope_base=5e5, eps=1e-5),
    "qwen3moe": replace(DENSE, hidden=192, experts=6, active=2),
}

PEER = """
import json, sys
import numpy as np, llama_cpp
ids, texts, files = (json.load(open(sys.argv[1]))[name] for name in ("ids", "texts", "files"))
found = {"version": llama_cpp.__version__}
for name, path in files.items():
    model = llama_cpp.Llama(path, n_ctx=256, logits_all=True, verbose=False, n_threads=1, type_k=0, type_v=0)
    model.eval(ids)
    encoded = [model.tokenize(t.encode(), add_bos=False, special=s) for t in texts for s in (False, True)]
    found[name] = {"logits": np.array(model.scores[: len(ids)]).tolist(), "encoded": encoded}
json.dump(found, open(sys.argv[2], "w"))
"""


def main() -> None:
    """Make the models, have llama.cpp read them, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama", required=True, help="a Python that has llama-cpp-python")
    peer = parser.parse_args().llama
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        tokenizer = learn_tokenizer(place)
        ids = torch.randint(5, DENSE.vocabulary, (1, TOKENS), generator=torch.Generator().manual_seed(3))
        logits: dict[str, torch.Tensor] = {}
        own: dict[str, Any] = {}
        files = {}
        for name, shape in FAMILIES.items():
            model = decoder(shape)
            write_checkpoint(place / name, model, tokenizer, [], {})
            with torch.no_grad():
                logits[name] = model.logits(ids)[0]
            for dtype in DTYPES:
                made = publish(place / name, place / f"{name}-{dtype}.gguf", form="gguf", dtype=dtype)
                own[f"{name}-{dtype}"] = made.comparisons["gguf"]
                files[f"{name}-{dtype}"] = str(made.path)
        (place / "asked.json").write_text(json.dumps({"ids": ids[0].tolist(), "texts": SAMPLES, "files": files}))
        subprocess.run([peer, "-c", PEER, place / "asked.json", place / "found.json"], check=True)
        found = json.loads((place / "found.json").read_text())
        encodings = encoded(tokenizer)
    rows = [row(name, found[name], logits[name.split("-")[0]], own[name], encodings) for name in files]
    write(rows, found["version"])


def learn_tokenizer(place: Path) -> Path:
    """A tokenizer of octavo's own making, of a few sentences."""
    text = "Return an iterator of overlapping pairs taken from the input, and stop when the shortest one is used up: "
    documents, out = place / "documents", place / "tokenizer"
    documents.mkdir()
    out.mkdir()
    write_documents(documents, [Document(f"a.b{i}", text[i:] + text[:i], "function", uses=i) for i in range(90)])
    train_tokenizer(TokenizerSettings(vocabulary=400), {"documents": documents}, out, out)
    return out


def decoder(shape: DecoderShape) -> Decoder:
    """Random weights, far enough from their beginning that a wrong norm, order or sign shows."""
    model = Decoder(shape)
    model.initialise(0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(noise * (0.2 if parameter.ndim == 1 else 0.03))
    return model


def encoded(folder: Path) -> list[list[int]]:
    """The sample texts by the original tokenizer, special tokens as text and as such."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found = []
    for text in SAMPLES:
        for as_text in (True, False):
            tokenizer.encode_special_tokens = as_text
            found.append(tokenizer.encode(text, add_special_tokens=False).ids)
    return found


def row(name: str, found: dict[str, Any], wanted: torch.Tensor, own: Any, encodings: list[list[int]]) -> str:
    """One line of the table."""
    there = torch.tensor(found["logits"])
    scale = wanted.abs().max()
    apart = (there - wanted).abs().amax(-1) / scale
    best = int((there.argmax(-1) == wanted.argmax(-1)).sum())
    alike = sum(a == b for a, b in zip(found["encoded"], encodings, strict=True))
    arch, dtype = name.rsplit("-", 1)
    return (
        f"| {arch} | {dtype} | {own.relative:.1e} | {apart.max():.1e} | {apart.median():.1e} | {best} of {TOKENS} "
        f"| {alike} of {len(encodings)} |"
    )


def write(rows: list[str], peer: str) -> None:
    """The table with the date, the versions and the machine."""
    lines = [
        "# Exported models in llama.cpp",
        "",
        f"{date.today()}, llama-cpp-python {peer} (llama.cpp inside), gguf {version('gguf')}, "
        f"torch {torch.__version__}, {platform.system()} {platform.machine()}, one thread. "
        "`python bench/export.py --llama PYTHON`",
        "",
        "Random models of about half a million parameters. Differences are the largest of any logit at a "
        "position, as a share of the largest logit, from octavo's decoder in float32 with the weights as they "
        "were before the export: of the file read back by octavo (over all positions of its own check), and "
        "of llama.cpp (the worst and the median of the positions). llama.cpp also rounds the activations (to "
        "f16, bf16 or eight bits) before it multiplies them with such weights; octavo's check does not, so "
        "its differences are the smaller ones. Where a router is nearly undecided, rounding sends a token to "
        "another expert and its logits leap.",
        "",
        "| architecture | dtype | read back, worst | llama.cpp, worst | llama.cpp, median | best token equal "
        "| encodings equal |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    (HERE / "results" / "export.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
