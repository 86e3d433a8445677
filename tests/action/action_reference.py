"""The action, slow and obvious: every linear map is a dense matrix, built by applying it to basis vectors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from minas.action.meter import ActionMeter, Row


def dense(function: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> Tensor:
    """Return the matrix (outputs, inputs) of a linear function of one sample of `shape`."""
    size = 1
    for side in shape:
        size *= side
    columns = [function(torch.eye(size, dtype=torch.float64)[i].reshape(1, *shape)).reshape(-1) for i in range(size)]
    return torch.stack(columns, 1)


def half_square(tensor: Tensor) -> float:
    return float(tensor.detach().double().square().sum()) / 2


def conv_matrix(conv: torch.nn.Module, shape: tuple[int, ...]) -> Tensor:
    """The dense map of a convolution without its bias, on the padded input."""
    padded = (shape[0], *[side + 2 * pad for side, pad in zip(shape[1:], conv.padding, strict=True)])
    functions = {1: torch.conv1d, 2: torch.conv2d, 3: torch.conv3d}
    function = functions[len(shape) - 1]
    return dense(lambda x: function(x, conv.weight, None, conv.stride, 0, conv.dilation, conv.groups), padded)


def pool_plane(plane: Tensor, height: int, width: int) -> Tensor:
    """Adaptive average pooling of one (h, w) plane, by loops over the windows of the definition."""
    h, w = plane.shape
    out = plane.new_zeros(height, width)
    for i in range(height):
        for j in range(width):
            top, bottom = (i * h) // height, -((-(i + 1) * h) // height)
            left, right = (j * w) // width, -((-(j + 1) * w) // width)
            out[i, j] = plane[top:bottom, left:right].mean()
    return out


def carried_image(u: Tensor, shape: tuple[int, ...]) -> Tensor:
    """P u for one image (channels, h, w)."""
    out = u.new_zeros(shape)
    for channel in range(min(u.shape[0], shape[0])):
        out[channel] = pool_plane(u[channel], shape[1], shape[2])
    return out


def carried_last(u: Tensor, size: int) -> Tensor:
    """P u for (..., channels)."""
    out = u.new_zeros(*u.shape[:-1], size)
    keep = min(size, u.shape[-1])
    out[..., :keep] = u[..., :keep]
    return out


def kinetic_images(u: Tensor, q: Tensor) -> float:
    return sum(half_square(q[i] - carried_image(u[i], tuple(q.shape[1:]))) for i in range(len(q))) / len(q)


def kinetic_last(u: Tensor, q: Tensor) -> float:
    return half_square(q - carried_last(u, q.shape[-1])) / len(q)


def measure(model: torch.nn.Module, *inputs: Tensor, **options: object) -> ActionMeter:
    with ActionMeter(model, **options) as meter:  # type: ignore[arg-type]
        model(*inputs)
    return meter


def rows(model: torch.nn.Module, *inputs: Tensor, **options: object) -> list[Row]:
    return measure(model, *inputs, **options).table()


def action(model: torch.nn.Module, *inputs: Tensor, **options: object) -> float:
    return float(measure(model, *inputs, **options).action().detach())


class Written(nn.Module):
    """A network written out as a function of itself and its inputs, with its layers and parameters by name."""

    def __init__(self, function: Callable[..., object], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs: Tensor) -> object:
        return self.function(self, *inputs)


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 3))
