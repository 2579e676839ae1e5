"""Classifier: logistic regression over hashed words and word pairs, which tells wanted texts from unwanted ones.

Small on purpose: it trains in seconds without torch, scores faster than the rule sets, and is one file of numbers. As
in Brown et al. 2020 (A) and Li et al. 2024, what counts as good is what the given examples show.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.data.quality.columns import Columns, batches
from octavo.spine.errors import WRONG_USE, OctavoError

Floats = NDArray[np.float64]
BITS = 18
LONGEST = 20_000
"""Characters of a text that are looked at."""
FEWEST = 20
FOLDS = 5
RIDGE = 1e-5
"""Weight of the squared coefficients, per example."""
_FORMAT = 1


@dataclass(frozen=True)
class Trained:
    """What cross-validation showed: each number is of texts that the model at hand had not seen."""

    good: int
    bad: int
    auc: float
    auc_interval: tuple[float, float]
    length_auc: float
    """What the length of the text alone reaches: how much of the above is no quality."""
    length_interval: tuple[float, float]
    threshold: float
    good_removed: float
    """Share of the good texts below the threshold."""
    good_removed_interval: tuple[float, float]
    bad_removed: float
    bad_removed_interval: tuple[float, float]
    calibration_error: float
    """Mean distance between the score and the share of good texts, over ten groups by score."""


@dataclass(frozen=True)
class Classifier:
    """A trained model: the score of a text is how likely it is a good one (at equal numbers of both)."""

    weights: NDArray[np.float32]
    bias: float
    trained: Trained

    @property
    def threshold(self) -> float:
        """Below it a text is removed, unless another limit is given."""
        return self.trained.threshold

    def scores(self, texts: Iterable[str]) -> list[float]:
        """0 … 1 for each text."""
        found: list[float] = []
        for batch in batches(text[:LONGEST] for text in texts):
            found += _sigmoid(features(batch) @ self.weights.astype(np.float64) + self.bias).tolist()
        return found


def features(texts: Sequence[str]) -> Any:
    """A sparse matrix [texts, 2**BITS] of hashed words and pairs of words: roots of counts, rows of length 1."""
    from scipy import sparse  # type: ignore[import-untyped]

    columns = Columns([text.lower() for text in texts])
    pairs = columns.places(2)
    owner = np.concatenate([columns.owner, columns.owner[pairs]])
    keys = np.concatenate([columns.hashes, columns.grams(2, pairs)])
    bucket = (keys >> np.uint64(64 - BITS)).astype(np.int64)
    places, counts = np.unique(owner << BITS | bucket, return_counts=True)
    rows, values = places >> BITS, np.sqrt(counts.astype(np.float64))
    length = np.sqrt(np.bincount(rows, weights=values**2, minlength=columns.count))
    shape = (columns.count, 1 << BITS)
    return sparse.csr_matrix((values / np.maximum(length[rows], 1e-12), (rows, places & (1 << BITS) - 1)), shape=shape)


def train(good: Sequence[str], bad: Sequence[str], keep: float = 0.95) -> Classifier:
    """Fit the model; its threshold keeps the share `keep` of good texts. Raises D043 for too few examples.

    Scores are calibrated on the held-out folds (Platt 1999), and the threshold is chosen there.
    """
    from scipy import sparse

    from octavo.measures.intervals import wilson

    if min(len(good), len(bad)) < FEWEST:
        raise OctavoError(
            "D043",
            f"There are {len(good)} good and {len(bad)} bad examples; at least {FEWEST} of each are needed",
            do="give more examples; some hundreds of each are a good begin",
            exit_code=WRONG_USE,
        )
    texts = [*good, *bad]
    label = np.r_[np.ones(len(good)), np.zeros(len(bad))]
    matrix = sparse.vstack([features([t[:LONGEST] for t in batch]) for batch in batches(texts)], format="csr")
    met = np.unique(matrix.indices)
    matrix = matrix[:, met]
    size = np.log1p([len(text) for text in texts])
    size = (size - size.mean()) / max(float(size.std()), 1e-9)
    lengths = sparse.csr_matrix(np.stack([size, size**2, size**3], axis=1))
    fold = _folds(texts, label)
    held_out, by_length = _cross_validated(matrix, label, fold), _cross_validated(lengths, label, fold)
    slope, shift = _fit(sparse.csr_matrix(held_out[:, None]), label, 0.0)
    calibrated = _sigmoid(held_out * slope[0] + shift)
    threshold = round(float(np.quantile(calibrated[label == 1], 1 - keep)), 6)
    below = calibrated < threshold
    auc, interval = area(held_out, label)
    length_auc, length_interval = area(by_length, label)
    lost, caught = int(below[label == 1].sum()), int(below[label == 0].sum())
    lost_within, caught_within = wilson(lost, len(good)), wilson(caught, len(bad))
    fitted, bias = _fit(matrix, label, RIDGE)
    weights = np.zeros(1 << BITS)
    weights[met] = fitted
    trained = Trained(
        good=len(good),
        bad=len(bad),
        auc=round(auc, 4),
        auc_interval=interval,
        length_auc=round(length_auc, 4),
        length_interval=length_interval,
        threshold=threshold,
        good_removed=round(lost / len(good), 4),
        good_removed_interval=(round(lost_within.low, 4), round(lost_within.high, 4)),
        bad_removed=round(caught / len(bad), 4),
        bad_removed_interval=(round(caught_within.low, 4), round(caught_within.high, 4)),
        calibration_error=round(_calibration_error(calibrated, label), 4),
    )
    return Classifier((weights * slope[0]).astype(np.float32), float(bias * slope[0] + shift), trained)


def _folds(texts: Sequence[str], label: Floats) -> NDArray[np.int64]:
    """A fold for each example: both sorts in equal shares, equal texts together."""
    digests = np.fromiter((xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace")) for text in texts), np.uint64)
    fold = np.zeros(len(label), np.int64)
    random = np.random.Generator(np.random.PCG64(7))
    for kind in (0, 1):
        mine = np.flatnonzero(label == kind)
        different, which = np.unique(digests[mine], return_inverse=True)
        fold[mine] = (random.permutation(len(different)) % FOLDS)[which]
    return fold


def _cross_validated(matrix: Any, label: Floats, fold: NDArray[np.int64]) -> Floats:
    """The score of each example by a model that was fitted without its fold."""
    scores = np.zeros(len(label))
    for number in range(FOLDS):
        out = fold == number
        weights, bias = _fit(matrix[~out], label[~out], RIDGE)
        scores[out] = matrix[out] @ weights + bias
    return scores


def _fit(matrix: Any, label: Floats, ridge: float) -> tuple[Floats, float]:
    """Weights and bias of a logistic regression in which both sorts count the same in sum."""
    share = np.where(label == 1, 0.5 / max(label.sum(), 1), 0.5 / max((1 - label).sum(), 1))
    sign = 2 * label - 1
    turned = matrix.T.tocsr()

    def loss(point: Floats) -> tuple[float, Floats]:
        margin = sign * (matrix @ point[:-1] + point[-1])
        pull = -sign * share * _sigmoid(-margin)
        value = float((share * np.logaddexp(0, -margin)).sum() + ridge * (point[:-1] ** 2).sum())
        return value, np.append(turned @ pull + 2 * ridge * point[:-1], pull.sum())

    found = _lowest(loss, np.zeros(matrix.shape[1] + 1))
    return found[:-1], float(found[-1])


def _lowest(
    loss: Callable[[Floats], tuple[float, Floats]], point: Floats, rounds: int = 200, memory: int = 8
) -> Floats:
    """Where a smooth convex function is lowest (L-BFGS, Nocedal 1980). Sums are taken without the threads of a linear
    algebra library, whose number would show in the last digits."""
    value, slope = loss(point)
    steps: list[tuple[Floats, Floats, float]] = []
    for _ in range(rounds):
        down, pulls = -slope, []
        for moved, turned, curve in reversed(steps):
            pulls.append((moved * down).sum() / curve)
            down = down - pulls[-1] * turned
        if steps:
            down = down * (steps[-1][2] / (steps[-1][1] ** 2).sum())
        for (moved, turned, curve), pull in zip(steps, reversed(pulls), strict=True):
            down = down + moved * (pull - (turned * down).sum() / curve)
        fall, length = float((slope * down).sum()), 1.0 if steps else 1 / max(1e-12, float(np.sqrt((slope**2).sum())))
        while True:
            ahead, slope_ahead = loss(point + length * down)
            if ahead <= value + 1e-4 * length * fall or length < 1e-12:
                break
            length /= 2
        moved, turned = length * down, slope_ahead - slope
        gain = value - ahead
        point, value, slope = point + moved, ahead, slope_ahead
        curve = float((moved * turned).sum())
        if gain <= 1e-9 * max(1.0, abs(value)):
            break
        if curve > 1e-16:
            steps = [*steps[1 - memory :], (moved, turned, curve)]
    return point


def area(scores: Floats, label: Floats) -> tuple[float, tuple[float, float]]:
    """Area under the ROC curve and its 95 % interval (DeLong et al. 1988)."""
    from scipy.stats import rankdata

    high, low = scores[label == 1], scores[label == 0]
    ranks = rankdata(np.r_[high, low])
    above = (ranks[: len(high)] - rankdata(high)) / len(low)
    below = 1 - (ranks[len(high) :] - rankdata(low)) / len(high)
    value = float(above.mean())
    spread = 1.96 * float(np.sqrt(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low)))
    return value, (round(max(0.0, value - spread), 4), round(min(1.0, value + spread), 4))


def _calibration_error(scores: Floats, label: Floats) -> float:
    weight = np.where(label == 1, 0.5 / label.sum(), 0.5 / (1 - label).sum())
    groups = np.array_split(np.argsort(scores, kind="stable"), 10)
    return float(sum(abs((weight[g] * (scores[g] - label[g])).sum()) for g in groups))


def _sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(values, -500, 500)))


def sample(rows: Iterable[dict[str, Any]], most: int) -> list[str]:
    """At most `most` texts, the same ones whenever the rows are the same: those whose ids and texts hash lowest."""
    import heapq

    def numbered() -> Iterable[tuple[int, int, str]]:
        for at, row in enumerate(rows):
            text = row["text"][:LONGEST]
            yield xxhash.xxh64_intdigest(f"{row['id']}\n{text}".encode("utf-8", "replace")), at, text

    return [text for _, _, text in sorted(heapq.nsmallest(most, numbered()), key=lambda one: one[1])]


def save(model: Classifier, path: Path) -> None:
    """Write one file: the weights that are not nothing and what is known of the training, the same bytes every time."""
    at = np.flatnonzero(model.weights)
    about = {"format": _FORMAT, "bits": BITS, "bias": model.bias, "trained": asdict(model.trained)}
    parts = {"places.npy": at.astype(np.int32), "weights.npy": model.weights[at]}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo("about.json"), json.dumps(about, indent=1))
        for name, values in parts.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, values, allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(name), buffer.getvalue(), zipfile.ZIP_DEFLATED)
    partial.replace(path)


@lru_cache(maxsize=2)
def load(path: str) -> Classifier:
    """Read a model; D042 when the file holds none."""
    try:
        with zipfile.ZipFile(path) as packed:
            about = json.loads(packed.read("about.json"))
            at, values = (
                np.lib.format.read_array(io.BytesIO(packed.read(name)), allow_pickle=False)
                for name in ("places.npy", "weights.npy")
            )
        if about["format"] != _FORMAT or about["bits"] != BITS:
            raise ValueError("made by another version")
        weights = np.zeros(1 << BITS, np.float32)
        weights[at] = values
        pairs = {name: tuple(value) if isinstance(value, list) else value for name, value in about["trained"].items()}
        return Classifier(weights, float(about["bias"]), Trained(**pairs))
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise OctavoError(
            "D042",
            "This is no quality model that can be read",
            where=path,
            likely=str(error),
            do="make one: octavo data quality train --good FILE --bad FILE -o MODEL",
            exit_code=WRONG_USE,
        ) from None
