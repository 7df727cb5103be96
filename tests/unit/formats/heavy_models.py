"""Small files of PyTorch's, TensorFlow's, Hugging Face's and MLflow's formats, made without their frameworks."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

OBJECT_PICKLE = b"\x80\x02c__torch__\nNet\nq\x00)\x81q\x01}q\x02b."
"""What TorchScript's `data.pkl` begins with: an object of the program's class."""

FORWARD = b"class Net(Module):\n  def forward(self: __torch__.Net,\n    left: Tensor,\n    right: Tensor) -> %s:\n    return x\n"

GRAPH = {
    "graph_module": {
        "graph": {
            "tensor_values": {
                "w": {"dtype": 7, "sizes": [{"as_int": 3}]},
                "x": {"dtype": 5, "sizes": [{"as_expr": {"expr_str": "s0"}}, {"as_int": 4}]},
                "y": {"dtype": 8, "sizes": [{"as_expr": {"expr_str": "s0"}}]},
            }
        },
        "signature": {
            "input_specs": [
                {"parameter": {"arg": {"name": "w"}, "parameter_name": "w"}},
                {"user_input": {"arg": {"as_tensor": {"name": "x"}}}},
            ],
            "output_specs": [{"user_output": {"arg": {"as_tensor": {"name": "y"}}}}],
        },
    },
    "torch_version": "2.15.0+cpu",
}


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def torchscript(path: Path, answer: bytes = b"Tensor") -> Path:
    return zipped(
        path,
        {
            "net/data/0": bytes(64),
            "net/data.pkl": OBJECT_PICKLE,
            "net/code/__torch__.py": FORWARD % answer,
            "net/constants.pkl": b"\x80\x02).",
            "net/version": b"3\n",
        },
    )


def message(number: int, content: bytes | int) -> bytes:
    """One field of a protobuf message."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def tensor_info(dtype: int, *sizes: int) -> bytes:
    shape = b"".join(message(2, message(1, size)) for size in sizes)
    return message(1, b"op:0") + message(2, dtype) + message(3, shape)


def saved_model(
    folder: Path, *, tag: bytes = b"serve", name: bytes = b"serving_default", version: bytes = b"2.18.1"
) -> Path:
    inputs = message(1, message(1, b"x") + message(2, tensor_info(1, -1, 4)))
    outputs = message(2, message(1, b"p") + message(2, tensor_info(9, -1)))
    signature = message(1, name) + message(2, inputs + outputs + message(3, b"tensorflow/serving/predict"))
    info = message(4, tag) + message(5, version)
    folder.mkdir(parents=True)
    graph = message(1, info) + message(2, bytes(300)) + message(5, signature)
    (folder / "saved_model.pb").write_bytes(message(1, 1) + message(2, graph))
    return folder


def safetensors(path: Path, *, missing_bytes: int = 0) -> Path:
    header = json.dumps(
        {"__metadata__": {"format": "pt"}, "weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(24 - missing_bytes))
    return path


def huggingface(folder: Path, **config: object) -> Path:
    folder.mkdir()
    written = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", **config}
    (folder / "config.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


def mlmodel(
    folder: Path, signature: str = "", flavors: str = "{python_function: {python_version: 3.12.1}, sklearn: {}}"
):
    folder.mkdir()
    text = f"mlflow_version: 3.1.0\nflavors: {flavors}\n{signature}"
    (folder / "MLmodel").write_text(text, encoding="utf-8")
    return folder
