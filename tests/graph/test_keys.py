"""Keys are equal for isomorphic architectures, and for no others."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import graph_strategies as shared
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from minas.errors import ArchitectureError
from minas.graph.canonical import _Search, canonical, canonical_stage, key
from minas.graph.structure import Edge, Node, Stage, dead, depths
from minas.graph.validation import validate
from minas.graph.variation import sample

CONV, POOL = "conv3x3", "maxpool3x3"


def random_stage(rng: np.random.Generator, inner: int, *, kinds: int = 2, probability: float = 0.4) -> Stage:
    """Return a random valid stage, its nodes numbered at random."""
    operators = [CONV, POOL, "sep3x3"][:kinds]
    nodes = (Node(CONV), *(Node(operators[int(rng.integers(kinds))]) for _ in range(inner)))
    pairs = itertools.combinations(range(1, inner + 1), 2)
    edges = {pair for pair in pairs if rng.random() < probability}
    edges |= {(0, node) for node in range(1, inner + 1) if rng.random() < 0.3 or all(target != node for _, target in edges)}
    edges |= {(node, inner + 1) for node in range(inner + 1) if rng.random() < 0.3}
    edges |= {(node, inner + 1) for node in range(inner + 1) if all(source != node for source, _ in edges)}
    stage = Stage(8, 2, nodes, tuple(sorted(edges)))
    return shared._renumbered_stage(stage, rng)


def with_one_edge_moved(stage: Stage, rng: np.random.Generator) -> Stage:
    """Return a near miss: the same nodes, one edge elsewhere, where one can be moved; else the stage itself."""
    for _ in range(20):
        gone = stage.edges[int(rng.integers(len(stage.edges)))]
        new = (int(rng.integers(stage.output)), 1 + int(rng.integers(stage.output)))
        edges = {*stage.edges, new} - {gone}
        fits = len(edges) == len(stage.edges) and new[0] != new[1]
        if fits and depths(stage.output + 1, edges) is not None and dead(stage.output, edges) is None:
            return replace(stage, edges=tuple(sorted(edges)))
    return stage


def test_keys_agree_with_isomorphism_on_thousands_of_pairs() -> None:
    rng = np.random.default_rng(1)
    same = 0
    for number in range(2400):
        first = random_stage(rng, 1 + number % 9, kinds=1 + number % 3)
        second = shared._renumbered_stage(with_one_edge_moved(first, rng) if number % 4 else first, rng)
        expected = shared.isomorphic(first, second)
        assert (canonical_stage(first) == canonical_stage(second)) == expected, (first, second)
        same += expected
    assert 500 < same < 1600  # both outcomes are met often


def brute_force(stage: Stage) -> tuple[object, ...]:
    """Return the smallest description of a stage over all orders of its inner nodes."""
    names = [node.operator for node in stage.nodes]

    def described(order: tuple[int, ...]) -> tuple[object, ...]:
        place = {old: new for new, old in enumerate((0, *order, stage.output))}
        edges = sorted((place[source], place[target]) for source, target in stage.edges)
        return tuple(names[old] for old in order), tuple(edges)

    return min(described(order) for order in itertools.permutations(range(1, stage.output)))


def all_stages(inner: int) -> Iterator[Stage]:
    pairs: list[Edge] = [(i, j) for i in range(inner + 1) for j in range(max(i, 0) + 1, inner + 2)]
    for chosen in itertools.product((False, True), repeat=len(pairs)):
        edges = tuple(pair for pair, taken in zip(pairs, chosen, strict=True) if taken)
        if dead(inner + 1, edges) is None:
            for names in itertools.product((CONV, POOL), repeat=inner):
                yield Stage(8, 2, (Node(CONV), *map(Node, names)), edges)


@pytest.mark.parametrize("inner", [0, 1, 2, 3])
def test_classes_are_those_of_brute_force_on_all_small_stages(inner: int) -> None:
    found: dict[tuple[object, ...], set[Stage]] = {}
    for stage in all_stages(inner):
        found.setdefault(brute_force(stage), set()).add(canonical_stage(stage))
    assert all(len(forms) == 1 for forms in found.values())
    assert len(set().union(*found.values())) == len(found)


def test_classes_are_those_of_brute_force_on_random_larger_stages() -> None:
    rng = np.random.default_rng(2)
    stages = [random_stage(rng, 5, kinds=1, probability=0.5) for _ in range(300)]
    forms = {brute_force(stage): canonical_stage(stage) for stage in stages}
    assert all(canonical_stage(stage) == forms[brute_force(stage)] for stage in stages)
    assert len(set(forms.values())) == len(forms)


def incidence(graph: nx.Graph) -> Stage:
    """Wire a layer of a regular graph's vertices to a layer of its edges: no node is told apart by its surroundings."""
    graph = nx.convert_node_labels_to_integers(graph)
    count, ends = len(graph), list(graph.edges)
    edges = [(0, 1 + node) for node in range(count)] + [
        (1 + count + index, 1 + count + len(ends)) for index in range(len(ends))
    ]
    edges += [(1 + vertex, 1 + count + index) for index, pair in enumerate(ends) for vertex in pair]
    return Stage(8, 2, (Node(CONV),) * (1 + count + len(ends)), tuple(sorted(edges)))


def layered(graph: nx.Graph) -> Stage:
    """Wire two layers, each a copy of a regular graph's vertices, along its edges."""
    graph = nx.convert_node_labels_to_integers(graph)
    count = len(graph)
    between = [(u + 1, v + 1 + count) for edge in graph.edges for u, v in (edge, edge[::-1])]
    edges = [(0, node + 1) for node in range(count)] + between + [(node + 1 + count, 2 * count + 1) for node in range(count)]
    return Stage(8, 2, (Node(CONV),) * (2 * count + 1), tuple(sorted(edges)))


def between_layers(pairs: list[Edge], size: int) -> Stage:
    edges = [(0, 1 + node) for node in range(size)] + [(1 + size + node, 1 + 2 * size) for node in range(size)]
    edges += [(1 + source, 1 + size + target) for source, target in pairs]
    return Stage(8, 2, (Node(CONV),) * (2 * size + 1), tuple(sorted(edges)))


def ring(nodes: range) -> list[Edge]:
    """Join node i of one layer to nodes i and i + 1 of the other: one cycle of twice the length."""
    size = len(nodes)
    return [(nodes[index], nodes[(index + step) % size]) for index in range(size) for step in (0, 1)]


REGULAR_PAIRS = {
    "one eight-cycle, two four-cycles": (
        between_layers(ring(range(4)), 4),
        between_layers(ring(range(2)) + ring(range(2, 4)), 4),
    ),
    "one twelve-cycle, two six-cycles": (
        between_layers(ring(range(6)), 6),
        between_layers(ring(range(3)) + ring(range(3, 6)), 6),
    ),
    "a cube, two tetrahedra": (incidence(nx.hypercube_graph(3)), incidence(nx.disjoint_union(*[nx.complete_graph(4)] * 2))),
    "a prism, a complete bipartite graph": (
        incidence(nx.circular_ladder_graph(3)),
        incidence(nx.complete_bipartite_graph(3, 3)),
    ),
    "two graphs of the same strong regularity": (
        incidence(nx.line_graph(nx.complete_bipartite_graph(4, 4))),
        incidence(
            nx.from_edgelist(
                ((i, j), ((i + a) % 4, (j + b) % 4))
                for i, j in itertools.product(range(4), repeat=2)
                for a, b in ((0, 1), (1, 0), (1, 1))
            )
        ),
    ),
}


@pytest.mark.parametrize("name", REGULAR_PAIRS)
def test_regular_stages_that_refinement_alone_takes_for_equal(name: str) -> None:
    first, second = REGULAR_PAIRS[name]
    traces = [
        _Search(stage.output + 1, set(stage.edges)).refine(tuple(depths(stage.output + 1, stage.edges) or ()))[1]
        for stage in (first, second)
    ]
    assert traces[0] == traces[1]
    assert not shared.isomorphic(first, second)
    assert canonical_stage(first) != canonical_stage(second)
    rng = np.random.default_rng(3)
    for stage in (first, second):
        for _ in range(10):
            assert canonical_stage(shared._renumbered_stage(stage, rng)) == canonical_stage(stage)


@pytest.mark.parametrize(
    "stage",
    [
        Stage(
            8, 2, (Node(CONV),) * 61, tuple((0, node) for node in range(1, 61)) + tuple((node, 61) for node in range(1, 61))
        ),
        between_layers([(node, node) for node in range(30)], 30),
        layered(nx.disjoint_union_all([nx.cycle_graph(3)] * 10)),
        layered(nx.disjoint_union_all([nx.petersen_graph()] * 3)),
        layered(nx.random_regular_graph(3, 30, seed=1)),
        layered(nx.hypercube_graph(4)),
    ],
    ids=["60 twins", "30 chains", "10 triangles", "3 Petersen graphs", "random regular", "hypercube"],
)
def test_symmetric_stages_take_no_factorial_time(stage: Stage) -> None:
    start = time.process_time()
    form = canonical_stage(stage)
    assert time.process_time() - start < 10
    assert canonical_stage(shared._renumbered_stage(stage, np.random.default_rng(4))) == form


def branches(sizes: list[int]) -> Stage:
    """Join entry and output by branches, each of so many equal nodes side by side, and one that takes their mean."""
    edges, node = [], 1
    count = sum(sizes) + len(sizes)
    for size in sizes:
        join = node + size
        edges += [edge for twin in range(node, join) for edge in ((0, twin), (twin, join))] + [(join, count + 1)]
        node = join + 1
    return Stage(8, 2, (Node(CONV),) * (count + 1), tuple(sorted(edges)))


def test_equal_nodes_side_by_side_are_counted() -> None:
    rng = np.random.default_rng(7)
    stages = {sizes: branches(list(sizes)) for sizes in itertools.combinations_with_replacement((1, 2, 3), 3)}
    forms = {sizes: canonical_stage(stage) for sizes, stage in stages.items()}
    assert len(set(forms.values())) == len(forms)
    for sizes, stage in stages.items():
        assert all(canonical_stage(shared._renumbered_stage(stage, rng)) == forms[sizes] for _ in range(6))


def mixtures(rng: np.random.Generator) -> Iterator[Stage]:
    """Yield stages that join several regular graphs: parts with symmetries of their own, equal to each other or not."""
    sizes = list(itertools.combinations_with_replacement(range(3, 6), 3))
    yield from (layered(nx.disjoint_union_all([nx.cycle_graph(size) for size in chosen])) for chosen in sizes)
    for _ in range(15):
        seeds = rng.integers(0, 4, size=3).tolist()
        yield layered(nx.disjoint_union_all([nx.random_regular_graph(3, 8, seed=seed) for seed in seeds]))


def test_mixtures_of_regular_graphs_keep_their_keys_when_renumbered() -> None:
    rng = np.random.default_rng(8)
    for stage in mixtures(rng):
        form = canonical_stage(stage)
        assert all(canonical_stage(shared._renumbered_stage(stage, rng)) == form for _ in range(3))


@settings(deadline=None)
@given(shared.seeds)
def test_keys_do_not_depend_on_the_numbering(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = sample(shared.VISION, rng)
    other = shared.renumbered(found, rng)
    assert key(other) == key(found)
    assert canonical(other) == found
    validate(canonical(other))


def test_everything_that_changes_a_network_changes_the_key() -> None:
    base = shared.architecture([CONV, POOL], [(0, 1), (1, 2)])
    stage = base.stages[0]
    others = [
        replace(base, head=(("grid", 2),)),
        replace(base, stages=(stage, stage)),
        *(
            replace(base, stages=(changed,))
            for changed in (
                replace(stage, width=9),
                replace(stage, stride=1),
                replace(stage, edges=((0, 1), (0, 2), (1, 2))),
                replace(stage, nodes=(Node(CONV), Node(CONV))),
                replace(stage, nodes=(Node("conv5x5"), Node(POOL))),
                replace(stage, nodes=(Node(CONV), Node(POOL, (("size", 1),)))),
                replace(stage, nodes=(Node(CONV), Node(POOL, (("size", "1"),)))),
                replace(stage, nodes=(Node(CONV), Node(POOL, (("size", True),)))),
            )
        ),
    ]
    assert len({key(value) for value in (base, *others)}) == 1 + len(others)


def test_identities_are_contracted() -> None:
    plain = shared.architecture([CONV, CONV], [(0, 1), (0, 2), (1, 2)])
    through_two = shared.architecture(
        [CONV, "identity", CONV, "identity", "identity"], [(0, 1), (1, 2), (2, 5), (0, 3), (3, 4), (4, 5)]
    )
    doubled = shared.architecture([CONV, "identity", CONV], [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)])
    assert canonical(through_two) == canonical(doubled) == plain
    assert canonical(shared.architecture([CONV, "identity"], [(0, 1), (1, 2)])) == shared.architecture([CONV], [(0, 1)])


def test_only_symmetries_that_keep_what_was_chosen_spare_a_branch() -> None:
    search = _Search(5, {(0, 4), (1, 4), (2, 4), (3, 4)})
    search.symmetries.append([1, 0, 3, 2, 4])
    assert search.is_copy(3, [2], [])
    assert search.is_copy(3, [2], [4])
    assert not search.is_copy(3, [2], [0])
    assert not search.is_copy(3, [1], [])


def test_edges_lead_to_higher_indices() -> None:
    backwards = shared.architecture([CONV, POOL, CONV], [(0, 2), (2, 1), (1, 3)])
    assert canonical(backwards) == shared.architecture([CONV, CONV, POOL], [(0, 1), (1, 2), (2, 3)])


def test_a_cycle_has_no_canonical_form() -> None:
    with pytest.raises(ArchitectureError, match="cycle"):
        canonical(shared.architecture([CONV, CONV, CONV], [(0, 1), (1, 2), (2, 1), (2, 3)]))


def test_the_key_of_a_stored_run_stays() -> None:
    stored = shared.architecture([CONV, "sep3x3", POOL], [(0, 1), (0, 2), (1, 2), (2, 3)])
    assert key(stored) == "aa8841ccb21ba4fa35cc28844a7581982b0926148cb80ce74b2d46c9d63471f7"


def test_processes_agree() -> None:
    program = (
        "import numpy as np, graph_strategies as s; from minas.graph.variation import *; from minas.graph.canonical import key\n"
        "rng = np.random.default_rng(5)\n"
        "a, b = sample(s.VISION, rng), sample(s.VISION, rng)\n"
        "print(key(a), key(mutate(s.VISION, b, rng)), key(cross(s.VISION, a, b, rng)))"
    )
    root = Path(__file__).parents[2]
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{root}:{Path(__file__).parent}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_light_code_imports_no_torch_and_no_networkx() -> None:
    program = (
        "import sys, minas.graph.architecture, minas.graph.variation, minas.graph.prediction, minas.graph.changes\n"
        "print([name for name in ('torch', 'networkx', 'pymoo', 'numpy') if name in sys.modules])"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_typical_key_takes_under_a_millisecond() -> None:
    rng = np.random.default_rng(6)
    found = [sample(shared.VISION, rng) for _ in range(200)]
    start = time.process_time()
    for value in found:
        key(value)
    assert (time.process_time() - start) / len(found) < 0.002
