"""Values that plots are drawn from in the tests."""

from __future__ import annotations

import numpy as np

from minas.analysis.confirmation import Interval
from minas.analysis.layout import layered
from minas.analysis.pictures import Axis, FrontPicture, HypervolumePicture, Mark, Rung
from minas.analysis.topology import ArchitecturePicture, NodePicture, StagePicture

AXES = (
    Axis(measure="error", label="error", log=False, limits=(0.0, 0.2)),
    Axis(measure="action", label="action", log=True, limits=(10.0, 1e4)),
    Axis(measure="flops", label="FLOPs (multiply-accumulates)", log=True, limits=(1e3, 1e6)),
)


def mark(
    name: str, values: tuple[float, float, float], test: tuple[float, float, float] | None = None, *, named: bool = True
) -> Mark:
    intervals = (
        (None, None, None) if test is None else tuple(Interval(mean=t, low=t * 0.9, high=t * 1.1, seeds=3) for t in test)
    )
    return Mark(name=name, named=named, values=np.array(values), test=intervals)


def front(*, many: int = 40, control: bool = True, members: int = 4, baselines: bool = True, axes: int = 3) -> FrontPicture:
    generator = np.random.default_rng(3)

    def cloud(count: int) -> np.ndarray:
        rows = [
            generator.uniform(0.02, 0.3, count),
            10 ** generator.uniform(1.5, 4, count),
            10 ** generator.uniform(3.5, 6, count),
        ]
        return np.array(rows).T[:, :axes]

    line = [
        mark("accurate", (0.01, 2e3, 2e5), (0.009, 2.1e3, 2e5)),
        mark("knee", (0.03, 200, 3e4), (0.02, 210, 3e4)),
        mark("frugal", (0.1, 20, 2e3)),
        mark("0a1b2c3d", (0.06, 90, 9e3), named=False),
    ][:members]
    chains = (
        [mark("chain w 8", (0.03, 1500, 3e5), (0.023, 1500, 3e5)), mark("chain w 16", (0.02, 3000, 9e5))] if baselines else []
    )
    cut = lambda m: Mark(name=m.name, named=m.named, values=m.values[:axes], test=m.test[:axes])  # noqa: E731
    return FrontPicture(
        title="20250101-vision, mnist: 240 trials, 4 on the front, hypervolume 0.712",
        axes=AXES[:axes],
        dominated=cloud(many),
        control=cloud(many) if control else np.empty((0, axes)),
        members=tuple(cut(m) for m in line),
        baselines=tuple(cut(m) for m in chains),
    )


LINES = (
    Rung(name="logistic regression", value=0.0887, low=0.061, high=0.127),
    Rung(name="SVM", value=0.09, low=0.07, high=0.11),
    Rung(name="random kernels", value=0.1024, low=0.073, high=0.142),
    Rung(name="Riemannian", value=0.4642, low=0.408, high=0.521),
)


def hypervolume(*, trials: int = 60, control: bool = True) -> HypervolumePicture:
    generator = np.random.default_rng(4)
    search = np.maximum.accumulate(generator.uniform(0, 0.7, trials)) if trials else np.empty(0)
    return HypervolumePicture(title="a run", search=search, control=search * 0.9 if control else np.empty(0), population=20)


def architecture(*, action: bool = True, stages: int = 3) -> ArchitecturePicture:
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (3, 4), (3, 5), (4, 6), (5, 6), (1, 7), (6, 7)]
    names = ["conv3x3", "sep3x3", "squeeze excitation", "maxpool3x3", "dilated3x3", "conv1x1", "avgpool3x3"]
    nodes = tuple(
        NodePicture(
            operator=name,
            flops=0 if "pool" in name else 12_500 * (place + 1),
            action=10.0 * place if action else None,
            share=place / 60,
        )
        for place, name in enumerate(names)
    )
    stage = StagePicture(shape=(16, 14, 14), nodes=nodes, layout=layered(8, edges))
    return ArchitecturePicture(
        title="3f9ac01b (knee)",
        input_shape=(1, 28, 28),
        stages=(stage,) * stages,
        head=NodePicture(operator="linear", flops=1440, action=5.0 if action else None, share=0.02),
        classes=10,
        coloured="action" if action else "flops",
    )
