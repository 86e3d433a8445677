"""The reader that exports carry, against safetensors' own."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.exports._reader import read_safetensors

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
]
quiet = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def raw(path: Path, header: object, body: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


@quiet
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=4)),
        max_size=5,
    )
)
def test_it_reads_what_safetensors_writes(tmp_path: Path, forms: dict[str, tuple[torch.dtype, list[int]]]) -> None:
    tensors = {name: torch.randint(0, 100, shape).to(dtype) for name, (dtype, shape) in forms.items()}
    path = tmp_path / "tensors"
    path.write_bytes(safetensors.torch.save(tensors, metadata={"format": "pt"}))
    found = read_safetensors(path)
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(found[name], tensor)


def entry(shape: object = (2,), offsets: object = (0, 8), dtype: object = "F32") -> dict[str, object]:
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    "header",
    [
        entry(offsets=(0, 16)),
        entry(offsets=(0, 4)),
        entry(offsets=(8, 0)),
        entry(offsets=(-8, 0)),
        entry(offsets=(0, 8, 16)),
        entry(offsets=(0.0, 8.0)),
        entry(offsets=(2**70, 2**70 + 8)),
        entry(shape=(-2,)),
        entry(shape=(-1, -2)),
        entry(shape=(2.0,)),
        entry(shape=(True, 2)),
        entry(shape=None),
        entry(shape=(2**40, 2**40)),
        entry(shape=(0, 2**80), offsets=(0, 0)),
        entry(dtype="F12"),
        entry(dtype=["F32"]),
        {"w": None},
        {"w": {}},
        [],
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_damaged_headers_are_a_value_error(tmp_path: Path, header: object) -> None:
    with pytest.raises(ValueError, match="tensors is damaged"):
        read_safetensors(raw(tmp_path / "tensors", header, bytes(8)))


@pytest.mark.parametrize("length", [3, 2**40, 2**64 - 1])
def test_truncated_files_are_a_value_error(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match=r"tensors is (truncated|damaged)"):
        read_safetensors(raw(tmp_path / "tensors", {}, length=length))
    (tmp_path / "tensors").write_bytes(b"123")
    with pytest.raises(ValueError, match="tensors is truncated"):
        read_safetensors(tmp_path / "tensors")


@quiet
@given(st.data())
def test_noise_gives_tensors_or_a_value_error(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(safetensors.torch.save({"a": torch.arange(4.0), "b": torch.ones(2, 3, dtype=torch.int64)}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "tensors").write_bytes(content)
    try:
        found = read_safetensors(tmp_path / "tensors")
    except ValueError:
        return
    assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())
