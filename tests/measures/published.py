"""Published networks, written for the tests from the tables and figures of their papers, as counted at 224 px.

Shapes are those of the ImageNet versions; initialisation is torch's default, since only shapes matter here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

CLASSES = 1000


class Sum(nn.Module):
    """A residual block: the branch plus a shortcut, then what follows."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None, after: nn.Module | None = None) -> None:
        super().__init__()
        self.branch, self.shortcut, self.after = branch, shortcut or nn.Identity(), after or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.shortcut(x) + self.branch(x))


class Permute(nn.Module):
    """Another order of dimensions."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(*self.order)


def _conv(
    inputs: int, outputs: int, side: int, *, stride: int = 1, groups: int = 1, act: Callable[[], nn.Module] | None = nn.ReLU
) -> nn.Sequential:
    """Convolution without bias, batch normalisation, and a non-linearity unless act is None."""
    layers = [
        nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


def _pooled_head(width: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, CLASSES)]


def _resnet(depths: Sequence[int], *, expansion: int) -> nn.Sequential:
    """He et al. 2016; the stride of a bottleneck sits in its 3x3 convolution, as in torchvision."""
    layers: list[nn.Module] = [_conv(3, 64, 7, stride=2), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        outputs = width * expansion
        for block in range(depth):
            stride = 2 if stage and not block else 1
            if expansion == 1:
                branch = nn.Sequential(_conv(inputs, width, 3, stride=stride), _conv(width, width, 3, act=None))
            else:
                branch = nn.Sequential(
                    _conv(inputs, width, 1), _conv(width, width, 3, stride=stride), _conv(width, outputs, 1, act=None)
                )
            shortcut = None if stride == 1 and inputs == outputs else _conv(inputs, outputs, 1, stride=stride, act=None)
            layers.append(Sum(branch, shortcut, nn.ReLU()))
            inputs = outputs
    return nn.Sequential(*layers, *_pooled_head(inputs))


def resnet18() -> nn.Module:
    return _resnet((2, 2, 2, 2), expansion=1)


def resnet50() -> nn.Module:
    return _resnet((3, 4, 6, 3), expansion=4)


class Squeeze(nn.Module):
    """Squeeze and excitation with a given number of squeezed channels."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.up(functional.silu(self.down(pooled))))


def _inverted(
    inputs: int, outputs: int, *, expand: int, side: int, stride: int, act: Callable[[], nn.Module], squeeze: bool
) -> nn.Module:
    """Inverted residual: expand by 1x1, depthwise, squeeze and excite where asked, project by 1x1."""
    width = inputs * expand
    layers: list[nn.Module] = [_conv(inputs, width, 1, act=act)] if expand > 1 else []
    layers.append(_conv(width, width, side, stride=stride, groups=width, act=act))
    if squeeze:
        layers.append(Squeeze(width, inputs // 4))
    branch = nn.Sequential(*layers, _conv(width, outputs, 1, act=None))
    return Sum(branch) if stride == 1 and inputs == outputs else branch


def _inverted_stack(
    rows: Sequence[tuple[int, int, int, int, int]], *, act: Callable[[], nn.Module], squeeze: bool
) -> nn.Sequential:
    """Rows are (expansion, side, outputs, repeats, stride of the first)."""
    layers: list[nn.Module] = [_conv(3, 32, 3, stride=2, act=act)]
    inputs = 32
    for expand, side, outputs, repeats, stride in rows:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            layers.append(_inverted(inputs, outputs, expand=expand, side=side, stride=step, act=act, squeeze=squeeze))
            inputs = outputs
    return nn.Sequential(*layers, _conv(inputs, 1280, 1, act=act), *_pooled_head(1280))


def mobilenet_v2() -> nn.Module:
    """Sandler et al. 2018, table 2."""
    rows = [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 3, 32, 3, 2), (6, 3, 64, 4, 2), (6, 3, 96, 3, 1), (6, 3, 160, 3, 2)]
    return _inverted_stack([*rows, (6, 3, 320, 1, 1)], act=nn.ReLU6, squeeze=False)


def efficientnet_b0() -> nn.Module:
    """Tan and Le 2019, table 1."""
    rows = [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1), (6, 5, 192, 4, 2)]
    return _inverted_stack([*rows, (6, 3, 320, 1, 1)], act=nn.SiLU, squeeze=True)


def _preactivated(inputs: int, outputs: int, side: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    return [nn.BatchNorm2d(inputs), nn.ReLU(), convolution]


class Dense(nn.Module):
    """A branch whose output is put beside its input."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.branch(x)], dim=1)


def densenet121() -> nn.Module:
    """Huang et al. 2017, table 1, growth 32."""
    layers: list[nn.Module] = [_conv(3, 64, 7, stride=2), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for stage, depth in enumerate((6, 12, 24, 16)):
        for _ in range(depth):
            layers.append(Dense(nn.Sequential(*_preactivated(width, 128, 1), *_preactivated(128, 32, 3))))
            width += 32
        if stage < 3:
            layers += [*_preactivated(width, width // 2, 1), nn.AvgPool2d(2)]
            width //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), *_pooled_head(width))


def vgg16() -> nn.Module:
    """Simonyan and Zisserman 2015, configuration D."""
    layers: list[nn.Module] = []
    inputs = 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
            inputs = width
        layers.append(nn.MaxPool2d(2))
    dense = [nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(7), nn.Flatten(), *dense, nn.Linear(4096, CLASSES))


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of images."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scale(nn.Module):
    """A learnt factor a channel, the last dimension."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((channels,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def convnext_tiny() -> nn.Module:
    """Liu et al. 2022: 7x7 depthwise, then two linear maps over the channels."""
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), ChannelNorm(96)]
    inputs = 96
    for width, depth in ((96, 3), (192, 3), (384, 9), (768, 3)):
        if width != inputs:
            layers += [ChannelNorm(inputs), nn.Conv2d(inputs, width, 2, 2)]
        for _ in range(depth):
            dense = [nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), Scale(width)]
            depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
            norm = nn.LayerNorm(width)
            layers.append(Sum(nn.Sequential(depthwise, Permute(0, 2, 3, 1), norm, *dense, Permute(0, 3, 1, 2))))
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), ChannelNorm(768), nn.Flatten(), nn.Linear(768, CLASSES))


def _heads(qkv: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Split a packed projection, shape (batch, tokens, 3 * width), into three of (batch, heads, tokens, width / heads)."""
    batch, tokens, packed = qkv.shape
    query, key, value = qkv.reshape(batch, tokens, 3, heads, packed // (3 * heads)).permute(2, 0, 3, 1, 4)
    return query, key, value


class Attention(nn.Module):
    """Self-attention over tokens, shape (batch, tokens, width), by torch's fused operator or spelled out."""

    def __init__(self, width: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = _heads(self.qkv(x), self.heads)
        if self.fused:
            mixed = functional.scaled_dot_product_attention(query, key, value)
        else:
            mixed = (query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5).softmax(-1) @ value
        return self.out(mixed.transpose(1, 2).flatten(2))


class WindowAttention(nn.Module):
    """Swin's attention in windows of 7x7 on images of shape (batch, height, width, channels), rolled by half a window."""

    def __init__(self, width: int, heads: int, *, shift: int) -> None:
        super().__init__()
        self.heads, self.shift = heads, shift
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(13 * 13, heads))

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        rolled = x.roll((-self.shift, -self.shift), (1, 2)) if self.shift else x
        split = rolled.reshape(batch, height // 7, 7, width // 7, 7, channels)
        query, key, value = _heads(self.qkv(split.transpose(2, 3).reshape(-1, 49, channels)), self.heads)
        scores = query @ key.transpose(-2, -1) + self._relative(x.device)
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        joined = self.out(mixed).reshape(batch, height // 7, width // 7, 7, 7, channels).transpose(2, 3)
        whole = joined.reshape(batch, height, width, channels)
        return whole.roll((self.shift, self.shift), (1, 2)) if self.shift else whole

    def _relative(self, device: torch.device) -> Tensor:
        place = torch.stack(torch.meshgrid(torch.arange(7), torch.arange(7), indexing="ij")).flatten(1)
        apart = place[:, :, None] - place[:, None, :] + 6
        index = (apart[0] * 13 + apart[1]).flatten().to(device)
        return self.bias[index].reshape(49, 49, self.heads).permute(2, 0, 1)


class Merge(nn.Module):
    """Swin's patch merging: four neighbours to one of twice the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduce(self.norm(torch.cat(parts, -1)))


def _mlp(width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


def swin_tiny() -> nn.Module:
    """Liu et al. 2021. At the last stage the image is one window, and nothing is rolled."""
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), Permute(0, 2, 3, 1), nn.LayerNorm(96)]
    for stage, depth in enumerate((2, 2, 6, 2)):
        width = 96 * 2**stage
        if stage:
            layers.append(Merge(width // 2))
        for block in range(depth):
            attention = WindowAttention(width, 3 * 2**stage, shift=3 * (block % 2) if stage < 3 else 0)
            layers += [Sum(nn.Sequential(nn.LayerNorm(width), attention)), Sum(_mlp(width))]
    return nn.Sequential(*layers, nn.LayerNorm(768), Permute(0, 3, 1, 2), *_pooled_head(768))


class VisionTransformer(nn.Module):
    """Dosovitskiy et al. 2021, size S as DeiT has it, patches of 16 px, read at the class token."""

    def __init__(self, *, fused: bool, width: int = 384, heads: int = 6, depth: int = 12) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 197, width))
        blocks: list[nn.Module] = []
        for _ in range(depth):
            attention = nn.Sequential(nn.LayerNorm(width), Attention(width, heads, fused=fused))
            blocks += [Sum(attention), Sum(_mlp(width))]
        self.blocks, self.norm, self.head = nn.Sequential(*blocks), nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], dim=1) + self.positions
        return self.head(self.norm(self.blocks(tokens))[:, 0])


def vit_small_fused() -> nn.Module:
    return VisionTransformer(fused=True)


def vit_small_spelled_out() -> nn.Module:
    return VisionTransformer(fused=False)
