"""FineWeb: the rules that Penedo et al. 2024 (arXiv:2406.17557) found by comparing good and bad collections."""

from __future__ import annotations

import numpy as np

from octavo.data.quality.columns import Columns
from octavo.data.quality.repetition import repeats
from octavo.data.quality.verdicts import Rule, Verdict, judge

LINE_PUNCTUATION = 0.12
SHORT_LINES, SHORT_LINE = 0.67, 30
REPEATED_CHARACTERS = 0.01
LINE_BREAKS_PER_WORD = 0.3

TERMINAL = tuple(
    ".?!。？！．｡؟۔।॥։።፧፨܀܁܂؞؝᙮᠃᠉᥄᥅᪨᪩᪪᪫᭚᭛᭞᭟᭽᭾᰻᰼᱾᱿‼‽⁇⁈⁉⸮⸼⹓⹔꓿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫﹒﹖﹗។៕៖៙៚᜵᜶၊။߹࠷࠹࠽࠾"
    "\U00010a56\U00010a57\U00010f55\U00010f56\U00010f57\U00010f58\U00010f59\U00010f86\U00010f87\U00010f88\U00010f89"
    "\U00011047\U00011048\U000110be\U000110bf\U000110c0\U000110c1\U00011141\U00011142\U00011143\U000111c5\U000111c6"
    "\U000111cd\U000111de\U000111df\U00011238\U00011239\U0001123b\U0001123c\U000112a9\U0001144b\U0001144c\U000115c2"
    "\U000115c3\U000115c9\U000115ca\U000115cb\U000115cc\U000115cd\U000115ce\U000115cf\U000115d0\U000115d1\U000115d2"
    "\U000115d3\U000115d4\U000115d5\U000115d6\U000115d7\U00011641\U00011642\U0001173c\U0001173d\U0001173e\U00011944"
    "\U00011946\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00011ef7\U00011ef8\U00011f43\U00011f44"
    "\U00016a6e\U00016a6f\U00016af5\U00016b37\U00016b38\U00016b44\U00016e98\U0001bc9f\U0001da88"
)
"""Characters that end a sentence in the scripts of the world (Unicode property Sentence_Terminal)."""


def fineweb(columns: Columns) -> list[Verdict | None]:
    """The verdict on each text of a batch."""
    return judge("fineweb", rules(columns), columns.count)


def rules(columns: Columns) -> list[Rule]:
    """Shares of lines and characters, by lines that are not blank."""
    lines = np.array([_lines(text) for text in columns.texts], float).reshape(-1, 4).T
    return [
        Rule("lines with text", lines[0], 1),
        Rule("lines ending in punctuation", lines[1], LINE_PUNCTUATION),
        Rule("short lines", lines[2], SHORT_LINES, above=True),
        Rule("characters in repeated lines", lines[3], REPEATED_CHARACTERS, above=True),
        Rule("line breaks per word", _breaks(columns), LINE_BREAKS_PER_WORD, above=True),
    ]


def _breaks(columns: Columns) -> np.ndarray:
    breaks = np.array([text.count("\n") for text in columns.texts], float)
    return breaks / np.maximum(columns.words, 1)


def _lines(text: str) -> tuple[float, float, float, float]:
    """Lines with text, share of them ending in punctuation, share of short ones, share of repeated characters."""
    written = text.split("\n")
    lines = [line for line in written if line and not line.isspace()]
    count = len(lines)
    if not count:
        return 0, 0, 0, 0
    ended = sum(line.endswith(TERMINAL) for line in lines)
    short = sum(len(line) <= SHORT_LINE for line in lines)
    _, again = repeats(lines)
    return count, ended / count, short / count, again / (len(text) - len(written) + 1)
