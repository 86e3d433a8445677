"""Several tests at once: corrected so that the chance of any false alarm among them stays what one test's is."""

from __future__ import annotations

from collections.abc import Sequence


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values corrected by Holm's step-down method, in the order given.

    The smallest of m is multiplied by m, the next by m - 1 and so on, none below the one before it, none above 1 (Holm 1979,
    Scandinavian Journal of Statistics 6: 65).
    """
    corrected = [1.0] * len(chances)
    least = 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda place: chances[place])):
        least = max(least, min(1.0, chances[place] * (len(chances) - rank)))
        corrected[place] = least
    return corrected
