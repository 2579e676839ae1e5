"""The stage `mix`: how often each document is read in training, by the weight of its domain."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class MixSettings(Settings):
    """What is read more often, and what less. As it stands, everything is read once."""

    by: str = "package"
    """The field of a document that names its domain: package, domain, language, kind, licence."""
    temperature: float = Field(1.0, gt=0)
    """Shares become p ∝ n^(1/T): 1 leaves them as they are, a higher one brings large and small domains closer."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Weights of domains, as `octavo data mix --search` finds them; they need not add up to 1, and a domain that is not
    named gets nothing. Empty: by temperature."""
    most_epochs: float = Field(4.0, gt=0)
    """No domain is read more often than this."""
    seed: int = 0
    """Decides which documents are read when a domain is read in part."""


def run(settings: MixSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the documents as often as the mixture says, in their order; those held out from training once."""
    from octavo.data.mixture.draw import NONE, epochs_of, times
    from octavo.data.mixture.weights import by_temperature, given_weights
    from octavo.kinds.documents import Document, held_out, read_documents, read_removed, write_documents
    from octavo.spine.progress import reading

    def domain(document: Document) -> str:
        return str(getattr(document, settings.by)) or NONE

    sizes: dict[str, int] = {}
    for document in read_documents(inputs["documents"]):
        if not held_out(document.id):
            name = domain(document)
            sizes[name] = sizes.get(name, 0) + len(document.text.encode("utf-8", "replace"))
    if settings.temperature == 1 and not settings.weights:
        epochs = dict.fromkeys(sizes, 1.0)
    else:
        mixture = (
            given_weights(sizes, settings.weights, most=settings.most_epochs)
            if settings.weights
            else by_temperature(sizes, settings.temperature, most=settings.most_epochs)
        )
        epochs = epochs_of(mixture)
    written = (
        document
        for document in read_documents(inputs["documents"])
        for _ in range(
            1 if held_out(document.id) else times(document.id, epochs.get(domain(document), 0.0), settings.seed)
        )
    )
    counts = write_documents(out, written, read_removed(inputs["documents"]))
    reading(domains=len(sizes), **counts)


STAGE = Stage(
    name="mix",
    module=__name__,
    settings=MixSettings,
    inputs={"documents": "documents"},
    output="documents",
)
