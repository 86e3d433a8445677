"""From bytes to text, in whatever encoding: Unicode where it is, else the code page in which it looks most like words."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path

from minas.data import files
from minas.errors import DataError

LARGEST = 1 << 29
"""Bytes of text in a data set, unzipped: 512 MiB."""

_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LATIN = ("cp1252", "cp1254", "cp1250")
_OTHERS = ("cp1255", "cp1251", "koi8-r", "cp1253", "cp1256")  # small Russian letters without ы, ь and я would be Hebrew ones
# Leading bytes of the common letters: rare ones are what text in another encoding turns into.
_COMMON = {
    "cp932": (0x81, 0x97), "euc-jp": (0xA1, 0xCF), "cp949": (0xB0, 0xC8), "gb18030": (0xA1, 0xD7), "big5": (0xA1, 0xC6),
}  # fmt: skip
_SAMPLE = 1 << 16
_KANA = re.compile("[\u3041-\u30fe]")
_ICELANDIC = re.compile("[\u00fe\u00f0]")


def read(path: Path) -> bytes:
    """Return a file's bytes, unzipped where it is a gzip file.

    Raises:
        DataError: there are more than `LARGEST`, or they can't be unzipped.
    """
    try:
        with files.opened(path) as file:
            content = file.read(LARGEST + 1)
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path}: can't be unzipped, {error}; expected a whole file") from error
    if len(content) > LARGEST:
        raise DataError(f"{path}: more than {LARGEST:,} bytes of text; expected no more: give fewer samples")
    return content


def decoded(contents: Sequence[bytes], where: str) -> list[str]:
    """Return the texts of one data set's files.

    UTF-8, and UTF-16 and UTF-32 with a byte order mark or without, are recognised for certain. All other files are taken to
    be in one code page, that in which they look most like text: a Western, Central European, Turkish, Cyrillic, Greek, Hebrew,
    Arabic, Japanese, Chinese or Korean one. A wrong guess gives other letters, but the same ones for the same bytes.

    Raises:
        DataError: they are in none of these, or no text at all.
    """
    found = [_unicode(content) for content in contents]
    others = [content for content, text in zip(contents, found, strict=True) if text is None]
    if not others:
        return [text for text in found if text is not None]
    if any(b"\0" in content for content in others):
        raise DataError(f"{where}: bytes that are no text; expected text, in UTF-8 at best")
    joined = b"\n".join(others)
    for encoding in _by_likeness(joined[:_SAMPLE]):
        if _strictly(joined, encoding) is not None:
            return [content.decode(encoding) if text is None else text for content, text in zip(contents, found, strict=True)]
    raise DataError(f"{where}: text in an encoding that isn't known; expected UTF-8: save it as UTF-8")


def _unicode(content: bytes) -> str | None:
    """Return a file's text where it is Unicode for certain."""
    marked = [name for mark, name in _MARKS.items() if content.startswith(mark)][:1]
    if marked or b"\0" not in content:
        return _strictly(content, marked[0] if marked else "utf-8")
    # UTF-16 without a mark: read with the wrong byte first, it has no spaces and line ends.
    read = [text for name in ("utf-16-le", "utf-16-be") if (text := _strictly(content, name)) is not None]
    best = max(read, key=_spaces, default="")
    return best if _spaces(best) else None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except ValueError:
        return None


def _spaces(text: str) -> int:
    return text.count(" ") + text.count("\n")


def _by_likeness(sample: bytes) -> list[str]:
    """Return the code pages, that in which a sample looks most like text first."""
    names = (*_LATIN, *_OTHERS, *_COMMON)
    return sorted(names, key=lambda name: -_likeness(sample, name))


def _likeness(sample: bytes, encoding: str) -> float:
    """Return the share of a sample's bytes outside of ASCII that stand in what looks like a word."""
    text = sample.decode(encoding, "replace")
    if encoding in ("cp932", "euc-jp") and not _KANA.search(text):
        return 0.0
    if encoding == "cp1252" and _ICELANDIC.search(text):  # in Turkish these bytes are among the most frequent letters
        return 0.5
    good = bad = 0
    for word in text.split():
        odd = [letter for letter in word if letter > "\x7f"]
        if odd:
            fine = sum(_is_common(letter, encoding) for letter in odd) if encoding in _COMMON else _fine(word, odd)
            good, bad = good + fine, bad + len(odd) - fine
    return good / max(1, good + bad)


def _is_common(letter: str, encoding: str) -> bool:
    low, high = _COMMON[encoding]
    lead = letter.encode(encoding, "replace")
    return len(lead) == 2 and low <= lead[0] <= high and unicodedata.category(letter) != "Co"


def _fine(word: str, odd: Sequence[str]) -> int:
    """Return how many of a word's letters outside of ASCII are where they would be: of one script, capitals in front."""
    letters = [letter for letter in word if letter.isalpha()]
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
    core = "".join(letters)
    shouted = any(letter > "\x7f" and letter.isupper() for letter in core[1:])
    regular = not shouted or core == core.upper()
    marks = sum(unicodedata.category(letter) in ("Pi", "Pf", "Pd", "Po", "Sc") for letter in odd)
    plain = sum(letter.isalpha() for letter in odd)
    return marks + (plain if len(scripts) == 1 and regular else 0)
