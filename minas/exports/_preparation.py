"""What an export's `model.py` says of its samples: the preprocessing, and how texts and signals become samples."""

from __future__ import annotations

import ast
import inspect
import json
import pprint
from collections.abc import Mapping
from typing import Any

from minas.data import words
from minas.exports import _signals

LONGEST = 20_000
"""Characters of preprocessing that are written out; more are read from `architecture.json` when needed."""

TEXT_IMPORTS = """\
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
"""
_SAMPLES = '''\
def samples(texts: Iterable[str]) -> Tensor:
    """Return texts as the network takes them, int64: (texts, words), 0 behind a text's last word."""
    if isinstance(texts, str):
        raise TypeError("one text was given; samples takes several: samples([text])")
    length, buckets = PREPROCESSING["length"], PREPROCESSING["buckets"]
    known = {word: 1 + buckets + place for place, word in enumerate(PREPROCESSING["words"])}
    rows = []
    for text in texts:
        row = [known.get(word) or 1 + bucket(word, buckets) for word in islice(words(text), length)]
        row = row or [1 + bucket("", buckets)]
        rows.append(row + [0] * (length - len(row)))
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), length)
'''
_READ = 'json.loads((Path(__file__).parent / "architecture.json").read_text(encoding="utf-8"))["preprocessing"]'


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values as Python's own types, so that their `repr` is a literal."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values), allow_nan=False))
    return found


def is_long(preprocessing: Mapping[str, Any]) -> bool:
    """Tell whether it is too long to be written out, as a vocabulary is."""
    return len(repr(plain(preprocessing))) > LONGEST


def constant(preprocessing: Mapping[str, Any]) -> str:
    """Return the value of `PREPROCESSING` as Python's source: a literal, or where it is long what reads it."""
    return _READ if is_long(preprocessing) else pprint.pformat(plain(preprocessing), width=120, sort_dicts=False)


def in_words(preprocessing: Mapping[str, Any]) -> str:
    """Return the docstring's line."""
    if of_texts(preprocessing):
        return "From texts to samples: samples = model.samples(texts), by the vocabulary in PREPROCESSING."
    if of_signals(preprocessing):
        return "From raw signals to samples: samples = model.samples(signals), as PREPROCESSING says."
    if is_long(preprocessing):
        return "Preprocessing, before a sample goes in: what PREPROCESSING says."
    return f"Preprocessing, before a sample goes in: {plain(preprocessing)!r}."


def of_texts(preprocessing: Mapping[str, Any]) -> bool:
    """Tell whether samples are texts, by what `minas.data.texts.fit` says of itself."""
    return preprocessing.get("kind") == "text"


def of_signals(preprocessing: Mapping[str, Any]) -> bool:
    """Tell whether samples are signals, by what `minas.data.signals.fit` says of itself."""
    return preprocessing.get("kind") == "signal"


def functions(preprocessing: Mapping[str, Any]) -> list[str]:
    """Return the source of `samples` and of what it needs, where raw data become samples by more than scaling."""
    if of_texts(preprocessing):
        return [from_texts()]
    return [_signals.SAMPLES] if of_signals(preprocessing) else []


def from_texts() -> str:
    """Return the source of `samples`, which turns texts into samples, and of what it needs, `minas.data.words`."""
    text = inspect.getsource(words)
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    last = imports[-1].end_lineno
    return "\n".join(text.split("\n")[last:]).strip() + "\n\n\n" + _SAMPLES
