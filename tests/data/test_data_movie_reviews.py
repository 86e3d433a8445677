"""Text's default data: what is made of the rated snippets, and that it is what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from minas.data import fetch, movie_reviews, split
from minas.errors import DataError, MinasError


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Put lines where the snippets would be kept; their number and hash are not those of the real ones."""

    def keep(lines: list[str]) -> None:
        place = tmp_path / movie_reviews.RESOURCE.members[0].file_name
        place.write_bytes("\r\n".join(lines).encode())
        monkeypatch.setattr(fetch, "fetched", lambda resource: tmp_path)
        monkeypatch.setattr(movie_reviews, "_SNIPPETS", len(lines))

    return keep


def test_neutral_snippets_and_repeated_ones_are_left_out(kept):
    kept(
        [
            "1\t2.25\tFine &amp; good",
            "2\t-0.5\tSo so",
            "3\t0.51\t it's 1/2 \u2013 well ",
            "4\t-3\tBad",
            "5\t-2\tBad",
            "6\t0\tHm",
        ]
    )
    found = movie_reviews.read()
    assert found.train.inputs.tolist() == ["Fine & good", "it's 1/2 \u2013 well", "Bad"]
    assert [found.classes[target] for target in found.train.targets] == ["positive", "positive", "negative"]


@pytest.mark.parametrize("lines", [["1\t2.5"], ["1\t2.5\ta\tb"], ["1\tmuch\ta"], ["1\tnan\ta"]])
def test_other_lines_are_refused(kept, lines):
    kept(lines)
    with pytest.raises(DataError, match="each with a number, a mean rating from -4 to 4 and a text"):
        movie_reviews.read()


@pytest.mark.slow
def test_the_real_snippets_are_as_many_as_is_said():
    """Needs a network: the files are fetched as a user's would be."""
    try:
        found = movie_reviews.read()
    except MinasError as error:
        pytest.skip(f"no network: {error}")
    assert len(found.train) == 10041
    assert np.bincount(found.train.targets).tolist() == [5060, 4981]
    assert len(set(found.train.inputs)) == 10041
    assert [len(part) for part in split.parts(found, seed=0)] == [6025, 2008, 2008]
