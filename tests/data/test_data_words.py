"""Words of texts in any language, and their hashes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.data.words import LONGEST_TEXT, LONGEST_WORD, bigram_bucket, bucket, words

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't think it's GREAT", ["i", "do", "n't", "think", "it", "'s", "great"]),
        ("can\u2019t we? ISN'T it!", ["ca", "n't", "we", "?", "is", "n't", "it", "!"]),
        ("isn'tx 'quoted' n't", ["isn", "tx", "quoted", "n't"]),
        ("well-made, 3.5 of 5 (naïve)", ["well", "made", "3", "5", "of", "5", "naïve"]),
        ("L'amour j't'aime", ["l", "amour", "j", "t", "aime"]),
        ("Привет, мир!", ["привет", "мир", "!"]),
        ("हिन्दी में लिखा है।", ["हिन्दी", "में", "लिखा", "है"]),
        ("مرحبا بالعالم كَتَبَ", ["مرحبا", "بالعالم", "كَتَبَ"]),
        ("한국어 문장입니다", ["한국어", "문장입니다"]),
        ("日本語のテスト", ["日", "本", "語", "の", "テ", "ス", "ト"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("good😀👍", ["good", "😀", "👍"]),
        ("\uff46ull \ufb01ne", ["full", "fine"]),
        ("cafe\u0301", ["café"]),
        ("... -- \n\t", []),
        ("", []),
    ],
)
def test_words(text, expected):
    assert list(words(text)) == expected


@given(st.text())
def test_any_text_has_words_without_spaces(text):
    for word in words(text):
        assert word
        assert not any(letter.isspace() for letter in word)
        assert len(word) <= LONGEST_WORD


@given(st.lists(st.sampled_from(["don't", "it's", "film", "naïve", "!", "Привет", "日本"]), max_size=8))
def test_words_of_joined_texts_are_the_joined_words(texts):
    assert list(words(" ".join(texts))) == [word for text in texts for word in words(text)]


@pytest.mark.parametrize("unit", ["a", "a'", "n't", "n", "\u0301", "日", "a\u0301", "'"])
def test_hostile_texts_take_no_longer_than_others(unit):
    began = time.process_time()
    for _ in words(unit * (LONGEST_TEXT // len(unit))):
        pass
    assert time.process_time() - began < 3


def test_what_is_behind_the_longest_text_is_left_out():
    assert list(words(" " * LONGEST_TEXT + "word")) == []


def test_buckets_are_the_same_on_every_machine():
    assert [bucket(word, 1024) for word in ("film", "naïve", "")] == [_crc(b"film"), _crc("naïve".encode()), 0]
    assert bigram_bucket(3, 5, 1000) == (3 * 92821 + 5) * (3 * 92821 + 5 + 48271) % (2**31 - 1) % 1000


def _crc(data: bytes) -> int:
    """CRC-32 by its definition, a bit at a time."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
    return (value ^ 0xFFFFFFFF) % 1024


def test_the_module_needs_python_alone():
    """An export may carry its source."""
    code = (
        "import sys, runpy; before = set(sys.modules)\n"
        "runpy.run_path('minas/data/words.py')\n"
        "print({name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"
