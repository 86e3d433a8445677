"""From a text to its words: of any language, by a regular expression alone.

It imports Python's own modules and nothing else, so that an export can carry its source.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator

LONGEST_TEXT = 1 << 20
"""Characters of a text that are looked at; what lies behind is left out."""
LONGEST_WORD = 64
"""Characters of a word that tell it from others."""

# What Python's \w leaves out of words: marks that belong to the letter before them, and joiners inside words.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0900-\u0903\u093a-\u094f\u0951-\u0957"
    "\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u09d7\u0a01-\u0a03\u0a3c-\u0a4d\u0a70-\u0a71\u0a81-\u0a83\u0abc-\u0acd"
    "\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bd7\u0c00-\u0c04\u0c3c-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03"
    "\u0d3b-\u0d57\u0d81-\u0d83\u0dca-\u0df3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u200c\u200d"
)
# Scripts without spaces between words: a token is a letter with its marks, and pairs of them are what bigrams see.
_SINGLES = "\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2-\u0eb3\u0ebd-\u0ec6\u1000-\u102a\u1780-\u17b3"
_SINGLES += "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SINGLE_MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u3099\u309a\u30fc"
_LETTER = f"[^\\W{_SINGLES}{_SINGLE_MARKS}]"
_WORD = f"{_LETTER}(?:{_LETTER}++|[{_MARKS}]++)*+"
_TOKEN = re.compile(
    f"{_WORD}(?:'(?:t|s|re|ve|ll|d|m)(?!{_LETTER}|[{_MARKS}]))?"
    f"|[{_SINGLES}][{_SINGLE_MARKS}{_MARKS}]*+"
    "|[!?\u2600-\u27bf\U0001f000-\U0001faff]"
)


def words(text: str) -> Iterator[str]:
    """Yield a text's words in lower case, in their order.

    "n't", "'s" and the like are words of their own ("don't" is "do" and "n't"), as are exclamation and question marks and
    pictures (emoji). Where a script sets no spaces between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer), each letter
    is one. What else stands between words is left out.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).lower().replace("\u2019", "'")
    for found in _TOKEN.finditer(plain):
        word = found[0]
        if "'" in word:
            yield from _halves(*word.split("'"))
        else:
            yield word[:LONGEST_WORD]


def _halves(stem: str, ending: str) -> Iterator[str]:
    """Yield the parts of a word that has an apostrophe before its ending."""
    if ending == "t" and stem.endswith("n"):
        stem, ending = stem[:-1], "n't"
    elif ending != "t":
        ending = "'" + ending
    if stem:
        yield stem[:LONGEST_WORD]
    yield ending


def bucket(word: str, buckets: int) -> int:
    """Return the bucket of a word, from 0 to `buckets` - 1: the same on every machine."""
    return zlib.crc32(word.encode("utf-8", "replace")) % buckets


def bigram_bucket(first: int, second: int, buckets: int) -> int:
    """Return the bucket of a pair of whole numbers below 2**31, from 0 to `buckets` - 1.

    x * (x + 48,271) mod p mod `buckets`, where x = first * 92,821 + second mod p and p = 2**31 - 1. The square spreads pairs
    as evenly as chance would (a linear formula left 34% of 8,192 buckets empty for 10,000 pairs; chance leaves 30%). No value
    on the way exceeds 2**63, so that tensors of 64-bit whole numbers give the same.
    """
    prime = (1 << 31) - 1
    mixed = (first * 92821 + second) % prime
    return mixed * (mixed + 48271) % prime % buckets
