"""Vectors of words for a vocabulary; the files themselves are only looked at where they are in the cache already."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from minas.data import fetch, glove, texts
from minas.data.resource import Member
from minas.errors import DataError, MissingExtraError

VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)
KNOWN = {"good": 0, "bad": 1, "film": 2, "dull": 3}


def test_each_known_word_of_the_vocabulary_gets_its_vector() -> None:
    fitted = texts.fit(["good film", "bad film", "bad good plot plot"], "texts", buckets=5)
    found, there = glove.rows(fitted, KNOWN, VECTORS)
    assert found.shape == (fitted["ids"], 3)
    assert found.dtype == np.float32
    for word in ("good", "bad", "film"):
        number = int(texts.apply(fitted, [word])[0, 0])
        assert there[number]
        assert np.array_equal(found[number], VECTORS[KNOWN[word]])
    assert there.sum() == 3
    assert not found[~there].any()
    assert not there[texts.apply(fitted, ["plot"])[0, 0]]


def test_the_feature_that_varies_most_comes_first() -> None:
    random = np.random.default_rng(0)
    vectors = (random.normal(size=(30, 4)) * [0.1, 5, 0.2, 2] + 3).astype(np.float32)
    turned = glove.principal(vectors)
    assert turned.dtype == np.float32
    assert np.allclose(turned.mean(0), 0, atol=1e-5)
    assert np.all(np.diff(turned.std(0)) < 0)
    shares = [np.abs(np.corrcoef(turned[:, axis], vectors[:, origin])[0, 1]) for axis, origin in ((0, 1), (1, 3))]
    assert min(shares) > 0.95
    distances = [np.linalg.norm(some[:, None] - some[None], axis=2) for some in (vectors, turned)]
    assert np.allclose(*distances, atol=1e-4)
    assert glove.principal(vectors[:0]).shape == (0, 4)


def test_no_known_word_gives_rows_of_zeros() -> None:
    found, there = glove.rows({"words": ["a"], "buckets": 1, "ids": 3}, {}, VECTORS)
    assert found.shape == (3, 3)
    assert not found.any()
    assert not there.any()


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"GloVe's words needs the package pyarrow: pip install 'minas\[glove\]'"):
        glove.read()


def small(words: list[str]) -> tuple[object, bytes]:
    """A resource of four vectors in the shape of the real one, and its archive."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    index, vectors, archive = io.BytesIO(), io.BytesIO(), io.BytesIO()
    parquet.write_table(arrow.table({"index": words}), index)
    np.save(vectors, VECTORS)
    contents = {"data/vectors.npy": vectors.getvalue(), "data/index.parquet": index.getvalue()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in contents.items():
            file.writestr(name, content)
    members = tuple(
        Member(path=(name,), size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    whole = archive.getvalue()
    changed = {"name": "small-glove", "size": len(whole), "sha256": hashlib.sha256(whole).hexdigest(), "members": members}
    return replace(glove.RESOURCE, **changed), whole


@pytest.mark.parametrize("words", [list(KNOWN), ["good"]])
def test_words_and_vectors_are_read(words: list[str], tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource, archive = small(words)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path))
    monkeypatch.setattr(glove, "RESOURCE", resource)
    fetch.fetched(resource, download=lambda resource: archive)
    if len(words) < len(VECTORS):
        with pytest.raises(DataError, match=r"index\.parquet: 1 words; expected 4, one for each row of vectors\.npy"):
            glove.read()
        return
    known, vectors = glove.read()
    assert known == KNOWN
    assert np.array_equal(vectors, VECTORS)
