"""A release's manifest for tests that ask for a few fields of it: the others are here, and count for nothing."""

from __future__ import annotations

from typing import Any

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.4-2-cpu-py3"
SERVING_IMAGE: dict[str, Any] = {
    "framework": "sklearn",
    "version": "1.4-2",
    "py_version": "py3",
    "processor": "cpu",
    "uris": {"us-east-1": IMAGE},
}


def manifest(**fields: Any) -> dict[str, Any]:
    """The fields of a release of the model `tumor` without files, those given put over them."""
    return {
        "name": "tumor",
        "version": "1.0.0",
        "files": (),
        "framework": {"name": "sklearn", "version": "1.5"},
        "signature": {
            "inputs": [{"name": "rows", "dtype": "float32", "shape": [None, 3]}],
            "outputs": [{"name": "score", "dtype": "float32", "shape": [None]}],
        },
        "metrics": {"roc_auc": 0.9},
        "serving_image": SERVING_IMAGE,
        "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        **fields,
    }
