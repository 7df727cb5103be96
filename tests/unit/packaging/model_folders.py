"""A small model's folder to package: its signature is written down, so that no test needs a real model."""

from __future__ import annotations

import json
from pathlib import Path

PACKAGE = """\
version: 1.0.0
framework: {name: sklearn, version: "1.5"}
files:
  model.bin: model.bin
  code/inference.py: inference.py
entry_point: code/inference.py
signature:
  inputs: [{name: rows, dtype: float32, shape: [null, 3]}]
  outputs: [{name: score, dtype: float32, shape: [null]}]
metrics: metrics.json
serving_image: {framework: sklearn, version: 1.4-2-py312, py_version: py3, processor: cpu}
"""

LOCK = {
    "schema_version": 1,
    "request": {"framework": "sklearn", "version": "1.4-2-py312", "py_version": "py3", "processor": "cpu"},
    "resolved_with": "sagemaker-core 2.27.0",
    "uris": {"us-east-1": "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.4-2-py312-cpu-py3"},
}


def write_model_folder(parent: Path, name: str = "fraud", package: str = PACKAGE) -> Path:
    folder = parent / name
    folder.mkdir(parents=True)
    (folder / "package.yaml").write_text(package)
    (folder / "model.bin").write_bytes(b"\x00weights\r\n")
    (folder / "inference.py").write_text("def model_fn(model_dir):\n    return model_dir\n")
    (folder / "metrics.json").write_text('{"roc_auc": 0.9, "accuracy": 1}')
    (folder / "image.lock.json").write_text(json.dumps(LOCK))
    return folder
