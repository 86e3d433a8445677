"""What the action costs in training: time of a step with CE + lambda * S over a step with CE alone.

Both kinds of step are interleaved in one process on one thread, and compared by their medians, network by network:

    python benchmarks/action_cost.py --steps 60
    python benchmarks/action_cost.py --run results/reference/vision    # the networks of that run's front
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import minas
from minas import network
from minas.action.meter import ActionMeter
from minas.graph.architecture import Architecture, Node, Stage, load
from minas.training.settings import TrainingSettings

DEFAULT = TrainingSettings()
BATCH, SIDE, CLASSES, WEIGHT = DEFAULT.batch_size, 28, 10, DEFAULT.lambda_


def stage(width: int, stride: int, operators: str, edges: tuple[tuple[int, int], ...] | None = None) -> Stage:
    """Return a stage of operators; without edges a chain."""
    names = operators.split()
    wires = edges or tuple((place, place + 1) for place in range(len(names)))
    return Stage(width, stride, tuple(Node(name) for name in names), wires)


def architecture(*stages: Stage) -> Architecture:
    """Return an image architecture."""
    return Architecture("image", stages, (("grid", 3),))


DIAMOND = ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (3, 4))
NETWORKS = {
    "chain w 8, no inner": architecture(stage(8, 2, "conv3x3"), stage(16, 2, "conv3x3")),
    "chain w 8": architecture(stage(8, 2, "conv3x3 conv3x3"), stage(16, 2, "conv3x3 conv3x3")),
    "chain w 16": architecture(stage(16, 2, "conv3x3 conv3x3"), stage(32, 2, "conv3x3 conv3x3")),
    "wired w 4": architecture(
        stage(4, 2, "conv3x3 conv3x3 conv1x1 conv3x3", DIAMOND), stage(8, 2, "conv3x3 conv3x3 conv1x1 conv3x3", DIAMOND)
    ),
    "wired w 8, pools": architecture(
        stage(8, 2, "conv5x5 maxpool3x3 conv1x1 conv3x3", DIAMOND),
        stage(16, 2, "conv3x3 conv1x1 avgpool3x3 conv3x3", DIAMOND),
    ),
    "separable w 12": architecture(stage(12, 2, "conv3x3 sep3x3"), stage(24, 2, "sep3x3 sep3x3 sep5x5")),
    "gated w 8": architecture(stage(8, 2, "conv3x3 squeeze_excitation"), stage(16, 2, "conv3x3 conv3x3 squeeze_excitation")),
}


def steppers(
    model: nn.Module, twin: nn.Module, fraction: float, **options: bool
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return a bare training step of one network, and a step with the action of its twin."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(BATCH, 1, SIDE, SIDE, generator=generator)
    targets = torch.randint(CLASSES, (BATCH,), generator=generator)
    meter = ActionMeter(twin, fraction=fraction, steps=False, **options)

    def optimiser(net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.AdamW(net.parameters(), 1e-3, fused=True)

    first, second = optimiser(model.train()), optimiser(twin.train())

    def finish(loss: Tensor, chosen: torch.optim.Optimizer) -> None:
        loss.backward()
        chosen.step()
        chosen.zero_grad(set_to_none=True)

    def bare() -> None:
        finish(F.cross_entropy(model(inputs), targets), first)

    def acting() -> None:
        with meter:
            logits = twin(inputs)
        finish(F.cross_entropy(logits, targets) + WEIGHT * meter.action(), second)

    return bare, acting


def compare(bare: Callable[[], None], acting: Callable[[], None], steps: int) -> tuple[float, float]:
    """Return the median milliseconds of both, interleaved."""
    times: tuple[list[float], list[float]] = ([], [])
    for step in range(steps + 5):
        for kept, function in zip(times, (bare, acting), strict=True):
            started = time.process_time()
            function()
            if step >= 5:
                kept.append(1e3 * (time.process_time() - started))
    return statistics.median(times[0]), statistics.median(times[1])


def of_a_front(path: str) -> dict[str, Architecture]:
    """Return the architectures of a run's front, by id; the run's samples must be those of the default task."""
    run = minas.open_run(path)
    assert run.configuration.task.shape == (1, SIDE, SIDE), "another shape of samples"
    return {member.id: load(dict(member.architecture)) for member in run.front}


def main() -> None:
    """Print a line a network, and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--fraction", type=float, default=DEFAULT.fraction)
    parser.add_argument("--run", help="take the networks of this run's front instead of hand-made ones")
    parser.add_argument("--fused", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--profile", metavar="NETWORK", help="print the profile of one network's step with the action")
    options = parser.parse_args()
    torch.set_num_threads(1)
    extra = {"fused": options.fused}
    ratios = []
    for name, built in (NETWORKS if options.run is None else of_a_front(options.run)).items():
        pair = [network.build(built, shape=(1, SIDE, SIDE), classes=CLASSES, seed=0) for _ in range(2)]
        bare, acting = steppers(*pair, options.fraction, **extra)
        if options.profile not in (None, name):
            continue
        before, after = compare(bare, acting, options.steps)
        ratios.append(after / before)
        print(f"{name:22s} bare {before:6.2f} ms   with action {after:6.2f} ms   ratio {after / before:.3f}")
        if options.profile == name:
            with torch.profiler.profile() as profile:
                acting()
            print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=40))
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
