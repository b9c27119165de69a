"""The state of a training as files: tensors as safetensors, everything else as JSON, and back again.

A state is made of dicts (keys of any plain kind), lists, tuples, numbers, texts, None, tensors and arrays. A tensor
that stands in it twice is written once and is one tensor again when it is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

_TENSORS, _REST = "tensors.safetensors", "state.json"


def write(state: Any, folder: Path) -> None:
    """Write a state into an empty folder.

    Raises:
        TypeError: there is something in it that cannot be written down.
    """
    tensors: dict[str, Tensor] = {}
    names: dict[Any, str] = {}
    rest = _plain(state, tensors, names)
    save_file(tensors, folder / _TENSORS)
    (folder / _REST).write_text(json.dumps(rest), encoding="utf-8")


def read(folder: Path) -> Any:
    """The state that `write` put into a folder; its tensors are on the CPU."""
    tensors = load_file(folder / _TENSORS)
    return _alive(json.loads((folder / _REST).read_text(encoding="utf-8")), tensors)


def _plain(value: Any, tensors: dict[str, Tensor], names: dict[Any, str]) -> Any:
    """A value as JSON: what is no plain value becomes [its kind, its parts]."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Tensor):
        return ["tensor", _keep(value.detach(), tensors, names)]
    if isinstance(value, np.ndarray):
        return ["array", _keep(torch.from_numpy(value), tensors, names)]
    if isinstance(value, dict):
        return ["dict", [[_plain(k, tensors, names), _plain(v, tensors, names)] for k, v in value.items()]]
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return [kind, [_plain(item, tensors, names) for item in value]]
    raise TypeError(
        f"A checkpoint cannot hold {type(value).__name__}: only tensors, arrays and plain values."
    )


def _keep(value: Tensor, tensors: dict[str, Tensor], names: dict[Any, str]) -> str:
    """The name under which a tensor is written. Equal memory seen in the same way has one name."""
    seen = (value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride())
    if value.numel() and seen in names:
        return names[seen]
    name = names[seen] = str(len(tensors))
    on_cpu = value.cpu().contiguous()
    whole = on_cpu.untyped_storage().nbytes() == on_cpu.numel() * on_cpu.element_size()
    tensors[name] = on_cpu if whole else on_cpu.clone()  # safetensors refuses views of shared memory
    return name


def _alive(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, list):
        return value
    kind, inner = value
    if kind == "tensor":
        return tensors[inner]
    if kind == "array":
        return tensors[inner].numpy()
    if kind == "dict":
        return {_alive(k, tensors): _alive(v, tensors) for k, v in inner}
    items = [_alive(item, tensors) for item in inner]
    return tuple(items) if kind == "tuple" else items
