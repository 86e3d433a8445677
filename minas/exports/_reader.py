"""A reader of safetensors files that needs torch alone; exports carry its source.

The format: 8 bytes with the header's length, little-endian; the header, JSON that gives each tensor's dtype, shape and place;
the tensors' bytes, little-endian, row by row (huggingface/safetensors, README).
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch import Tensor


def read_safetensors(path: str | Path) -> dict[str, Tensor]:
    """Return a safetensors file's tensors by name; ValueError if it is damaged."""
    dtypes = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    dtypes |= {"I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8}
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise ValueError(f"{path} is truncated")
    body = bytearray(content[8 + length :])
    tensors = {}
    try:
        for name, entry in json.loads(content[8 : 8 + length]).items():
            if name == "__metadata__":
                continue
            dtype, shape, (start, end) = dtypes[entry["dtype"]], entry["shape"], entry["data_offsets"]
            if not all(type(number) is int and number >= 0 for number in (*shape, start, end)):
                raise ValueError(f"shape or place of {name!r}")
            count = math.prod(shape)
            if end > len(body) or end - start != count * dtype.itemsize:
                raise ValueError(f"place of {name!r}")
            flat = torch.frombuffer(body, dtype=dtype, count=count, offset=start) if count else torch.empty(0, dtype=dtype)
            tensors[name] = flat.reshape(shape).clone()
    except (AttributeError, KeyError, RecursionError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return tensors
