"""Text's default data: snippets of movie reviews, rated by people.

C. J. Hutto and E. Gilbert, VADER: A parsimonious rule-based model for sentiment analysis of social media text, ICWSM 2014;
the snippets are from B. Pang and L. Lee's reviews of 2004.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.data.resource import Member, Resource
from minas.errors import DataError

if TYPE_CHECKING:
    from minas.data.raw import Raw

RESOURCE = Resource(
    name="movie-reviews",
    package="vaderSentiment",
    version="3.3.2",
    archive="vaderSentiment-3.3.2.tar.gz",
    size=2466783,
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    members=(
        Member(
            path=(
                "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
                "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
            ),
            size=1383098,
            sha256="c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
        ),
    ),
    source=(
        "10,605 snippets of movie reviews from rotten.tomatoes.com (B. Pang, L. Lee 2004), rated by 20 people each "
        "(C. J. Hutto, E. Gilbert 2014), as shipped in vaderSentiment's source archive"
    ),
    licence="vaderSentiment: MIT; the snippets' own authors are those of the reviews",
)

CLASSES = ("negative", "positive")
NEUTRAL = 0.5
"""Snippets with a mean rating up to this far from 0, of -4 to 4, are left out."""

_SNIPPETS = 10605
_STRONGEST = 4
_EXPECTED = f"expected {_SNIPPETS:,} lines, each with a number, a mean rating from -4 to 4 and a text"


def read() -> Raw:
    """Return the snippets whose mean rating is more than 0.5 from 0, each text once, as negative and positive: 10,041.

    Of 10,605 snippets 10,043 are so; two texts are there twice, of one class both times. They are fetched if need be.

    Raises:
        MinasError: they are not in the cache and can't be fetched.
        DataError: the file is not as it should be.
    """
    import html

    import numpy as np

    from minas.data import fetch, texts
    from minas.data.raw import Pile, Raw

    path = fetch.fetched(RESOURCE) / RESOURCE.members[0].file_name
    try:
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        rows = [(float(rating), html.unescape(text).strip()) for _, rating, text in (line.split("\t") for line in lines)]
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read, {error}; {_EXPECTED}") from error
    if len(rows) != _SNIPPETS or not all(abs(rating) <= _STRONGEST for rating, _ in rows):
        raise DataError(f"{path}: {len(rows)} lines; {_EXPECTED}")
    ratings: dict[str, float] = {}
    for rating, text in rows:
        if abs(rating) > NEUTRAL:
            ratings.setdefault(text, rating)
    targets = np.array([int(rating > 0) for rating in ratings.values()], np.int64)
    return Raw(train=Pile(texts.values(ratings, str(path)), targets), classes=CLASSES, source=str(path))
