"""Texts as JSON lines."""

from __future__ import annotations

import gzip
import json

import pytest

from minas.data import formats
from minas.errors import DataError


def _read(path):
    return formats.read(path, "text", formats.Options())


@pytest.fixture
def lines(tmp_path):
    def write(*entries, name: str = "reviews.jsonl"):
        path = tmp_path / name
        shown = [entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False) for entry in entries]
        path.write_text("\n".join(shown), encoding="utf-8")
        return path

    return write


def _entries(*labels):
    return [{"text": f"text {place}", "label": label} for place, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("good", "bad"), ("bad", "good")),
        ((10, 9), ("9", "10")),
        ((True, False), ("False", "True")),
        ((0.0, 1.0), ("0", "1")),
        ((-1, 1), ("-1", "1")),
        ((3, "x"), ("3", "x")),
    ],
)
def test_labels_are_names_or_numbers(lines, labels, classes):
    found = _read(lines(*_entries(*labels)))
    assert found.classes == classes
    assert found.train.inputs.tolist() == ["text 0", "text 1"]


def test_texts_of_any_language_blank_lines_and_other_keys_are_read(lines):
    said = ["日本\u2028語", "a\nb", "half \ud83d"]
    path = lines({"text": said[0], "label": 0, "more": [1]}, "", {"label": 1, "text": said[1]}, "  ")
    with path.open("a", encoding="utf-8") as file:
        file.write('\n{"text": "half \\ud83d", "label": 1}\n')
    assert _read(path).train.inputs.tolist() == [said[0], said[1], "half \ufffd"]


def test_parts_lie_in_a_folder(lines, tmp_path):
    lines(*_entries("x", "y"), name="train.jsonl")
    (tmp_path / "test.ndjson.gz").write_bytes(gzip.compress(json.dumps({"text": "t", "label": "y"}).encode()))
    found = _read(tmp_path)
    assert (len(found.train), found.validation, found.test.inputs.tolist()) == (2, None, ["t"])


def test_a_group_key_says_whose_a_text_is(lines):
    found = _read(lines(*[{"text": "a", "label": place, "speaker": place + 7} for place in range(2)]))
    assert found.train.groups.tolist() == ["7", "8"]


def test_lines_are_known_by_their_content_whatever_their_name(lines):
    assert len(_read(lines(*_entries("x", "y"), name="data.txt")).train) == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{", r"line 2: no JSON, .*; expected one object a line"),
        ("[" * 100_000, r"line 2: no JSON"),
        ("[1]", r'line 2: a list; expected an object, {"text": ..., "label": ...}'),
        ({"label": 1}, r"line 2: 'text' is missing; expected a text"),
        ({"text": 5, "label": 1}, r"line 2: 'text' is 5; expected a text"),
        ({"text": "a"}, r"line 2: 'label' is missing; expected a name or a whole number"),
        ({"text": "a", "label": " "}, r"line 2: 'label' is ' '; expected a name"),
        ({"text": "a", "label": 0.5}, r"line 2: 'label' is 0.5; expected a name or a whole number"),
        ('{"text": "a", "label": NaN}', r"line 2: 'label' is nan; expected"),
        ('{"text": "a", "label": 1e999}', r"line 2: 'label' is inf; expected"),
        ({"text": "a", "label": ["x"]}, r"line 2: 'label' is \['x'\]; expected"),
        ('{"text": "a", "label": 1' + "0" * 5000 + "}", r"line 2: no JSON, Exceeds the limit"),
        ({"text": "a", "label": "x" * 300}, r"a label of 300 characters"),
    ],
)
def test_what_is_wrong_is_named(lines, entry, message):
    path = lines({"text": "a", "label": 0}, entry)
    with pytest.raises(DataError, match=message) as caught:
        _read(path)
    assert str(path) in str(caught.value)


def test_keys_that_are_not_understood_are_shown(lines):
    with pytest.raises(DataError, match=r"line 1: has 'a', 'b', 'c'; expected a text column \(text, "):
        _read(lines({"a": 1, "b": 2, "c": 3}))


def test_an_empty_file_is_refused(lines):
    with pytest.raises(DataError, match="no texts in the train part"):
        _read(lines("\n"))
