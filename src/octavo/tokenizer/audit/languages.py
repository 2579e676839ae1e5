"""Languages: what the same content costs in each language, with intervals over the sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from octavo.measures import fairness
from octavo.tokenizer.audit.open import Examined, Opened, Plain
from octavo.tokenizer.audit.parallel import Parallel

UNSPACED = re.compile(
    r"(?i)(^|[_-])(hans|hant|jpan|thai|laoo|khmr|mymr|tibt|zh|zho|cmn|yue|ja|jpn|th|tha|lo|km|my)($|[_-])"
)
"""Languages that put no spaces between words: their words can't be counted this way."""
WORD_TYPES = 20_000
"""Distinct words of a language that are cut one by one at most, the most frequent first."""


@dataclass(frozen=True)
class LanguageCost:
    """What one language costs; ratios to the base language unless said otherwise."""

    language: str
    premium: float
    low: float | None
    high: float | None
    tokens_per_sentence: float
    bytes_per_token: float
    characters_per_token: float
    bytes_premium: float
    """What the same sentences cost a model of bytes; `characters_premium` one of characters."""
    characters_premium: float
    fertility: float | None
    """Tokens a word; None where words are not separated by spaces, as `continued` and `single_token_rate`."""
    continued: float | None
    single_token_rate: float | None
    unknown: float
    """Share of tokens that are unknown: from 10 % on the premium says nothing, and `premium` is not compared."""
    normalised_length: float | None
    """Over the reference tokenizer, where one is given."""
    price: float | None
    """For what costs one million tokens of the base language, at the given price."""
    context_sentences: float | None
    """Sentences that fit the given window."""

    @property
    def valid(self) -> bool:
        """Whether the premium can be compared."""
        return self.unknown <= fairness.UNKNOWN_LIMIT


@dataclass(frozen=True)
class LanguageReport:
    """All languages of one tokenizer on one parallel text, the dearest first."""

    parallel: str
    sentences: int
    base: str
    rows: list[LanguageCost]
    parity: float
    """Largest premium over smallest."""
    gini: float
    median: float
    p90: float
    left_out: list[str]

    def as_json(self) -> dict[str, Any]:
        """For `--json`, with the rows as objects."""
        return {**asdict(self), "rows": [{**asdict(row), "valid": row.valid} for row in self.rows]}


def score_languages(
    examined: Examined,
    parallel: Parallel,
    *,
    reference: Examined | None = None,
    price: float | None = None,
    context: int | None = None,
) -> LanguageReport:
    """Premium, fertility and the rest for each language of a parallel text."""
    base_tokens = examined.lengths(parallel.texts[parallel.base])
    rows = []
    for language, texts in parallel.texts.items():
        ids = examined.encode_all(texts)
        tokens = [len(one) for one in ids]
        total = max(sum(tokens), 1)
        unknown = sum(one.count(examined.unknown) for one in ids) / total if examined.unknown is not None else 0.0
        share = fairness.premium(tokens, base_tokens)
        interval = fairness.premium_interval(tokens, base_tokens, parallel.clusters)
        per_sentence = sum(tokens) / len(texts)
        rows.append(
            LanguageCost(
                language,
                share,
                interval.low if interval else None,
                interval.high if interval else None,
                per_sentence,
                sum(len(text.encode()) for text in texts) / total,
                sum(map(len, texts)) / total,
                **_plain_premiums(parallel, texts),
                **_words(examined, language, texts, tokens),
                unknown=unknown,
                normalised_length=fairness.normalised_length(tokens, reference.lengths(texts)) if reference else None,
                price=price * share if price is not None else None,
                context_sentences=context / per_sentence if context and per_sentence else None,
            )
        )
    rows.sort(key=lambda row: (not row.valid, -row.premium, row.language))
    return _report(parallel, rows)


def _report(parallel: Parallel, rows: list[LanguageCost]) -> LanguageReport:
    premiums = {row.language: row.premium for row in rows if row.valid}
    values = list(premiums.values()) or [float("nan")]
    left_out = [f"{row.language}: {row.unknown:.0%} of its tokens are unknown" for row in rows if not row.valid]
    return LanguageReport(
        parallel.name,
        len(parallel.texts[parallel.base]),
        parallel.base,
        rows,
        fairness.parity(premiums),
        fairness.gini(values),
        float(np.median(values)),
        float(np.quantile(values, 0.9)),
        [*parallel.left_out, *left_out],
    )


def _plain_premiums(parallel: Parallel, texts: Sequence[str]) -> dict[str, float]:
    base = parallel.texts[parallel.base]
    return {
        f"{form}_premium": fairness.premium(Plain(form).lengths(texts), Plain(form).lengths(base))
        for form in ("bytes", "characters")
    }


def _words(examined: Examined, language: str, texts: Sequence[str], tokens: Sequence[int]) -> dict[str, float | None]:
    """How words fare, each cut as it stands inside of a text: behind a space."""
    if UNSPACED.search(language) or isinstance(examined, Plain):
        return {"fertility": None, "continued": None, "single_token_rate": None}
    counts = Counter(word for text in texts for word in text.split())
    kinds = Counter({stripped: n for word, n in counts.items() if (stripped := word.strip("\"'.,;:!?()[]«»“”‘’…–—"))})
    chosen = sorted(kinds, key=lambda word: (-kinds[word], word))[:WORD_TYPES]
    if not chosen:
        return {"fertility": None, "continued": None, "single_token_rate": None}
    # behind a word, so that the space in between is part of it as it is in running text
    lead = "a"
    skipped = len(examined.encode(lead))
    lengths = [length - skipped for length in examined.lengths([f"{lead} {word}" for word in chosen])]
    return {
        "fertility": fairness.fertility(tokens, [counts.total()]),
        "continued": fairness.continued(lengths, [kinds[word] for word in chosen]),
        "single_token_rate": fairness.single_token_rate(lengths),
    }


def verdicts(report: LanguageReport, opened: Opened | None = None) -> list[str]:
    """What the numbers say, in a few sentences."""
    compared = [row for row in report.rows if row.valid and row.language != report.base]
    said = []
    for row in compared[:3]:
        if row.premium >= 1.05:
            likely = f" ({row.low:.2f} to {row.high:.2f})" if row.low is not None and row.high is not None else ""
            said.append(f"{row.language} costs {row.premium:.2f} × {report.base}{likely}")
    if compared and not said:
        said.append(f"no language costs 5 % more than {report.base}")
    worse = [row.language for row in compared if row.premium > row.bytes_premium * 1.2 and row.premium > 1.2]
    if worse:
        more = "" if len(worse) <= 5 else f" and {len(worse) - 5} more"
        said.append(f"relative to {report.base} plain bytes would be fairer to {', '.join(worse[:5])}{more}")
    if opened is not None and (bad := [row.language for row in report.rows if not row.valid]):
        said.append(f"can't be compared, too much is unknown: {', '.join(bad)}")
    return said
