"""Any candidate and any trial, for property tests of what keeps them."""

from __future__ import annotations

from hypothesis import strategies as st

from minas.trial import Candidate, Cost, Status, Trial

numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(0, 1e300)
words = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


roles = st.sampled_from(["initial", "search", "control", "baseline", "confirmation", "study"])
plain = st.dictionaries(words, numbers | words | st.integers(-(2**53), 2**53), max_size=3)
places = st.integers(0, 10**6)


def candidates(*, role=roles, number=places):
    return st.builds(
        Candidate,
        role=role,
        number=number,
        key=words,
        architecture=st.none() | st.dictionaries(words, values, max_size=3),
        baseline=st.none() | words,
        seed=st.integers(0, 2**63 - 1),
        epochs=st.integers(0, 1000),
        part=st.sampled_from(["validation", "test"]),
        parents=st.lists(words, max_size=2).map(tuple),
        training=plain,
        levels=plain,
    )


costs = st.builds(
    Cost,
    seconds=positive,
    training_seconds=positive,
    measuring_seconds=positive,
    cpu_seconds=positive,
    training_macs=positive,
    joules=st.none() | positive,
)


def trials(**candidate):
    return st.builds(
        Trial,
        candidate=candidates(**candidate),
        status=st.sampled_from(Status),
        reason=st.none() | words,
        measures=st.dictionaries(words, st.none() | numbers, max_size=4),
        reasons=st.dictionaries(words, words, max_size=2),
        cost=costs,
        late=st.booleans(),
        attempts=st.integers(1, 5),
    )
