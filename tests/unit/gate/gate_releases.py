"""A manifest for tests in which nothing of it counts but what is given."""

from __future__ import annotations

from typing import Any

from model_packaging.release import Release, sealed


def a_release(**fields: Any) -> Release:
    """A sealed release of a model `tumor` with these fields."""
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/greenroom-tests:1"
    tensor = {"name": "x", "dtype": "float64", "shape": [None]}
    return sealed(
        {
            "name": "tumor",
            "version": "1.0.0",
            "files": (),
            "framework": {"name": "sklearn", "version": "1.5"},
            "signature": {"inputs": [tensor], "outputs": [tensor]},
            "metrics": {},
            "serving_image": {
                "framework": "sklearn",
                "version": "1",
                "py_version": "py3",
                "processor": "cpu",
                "uris": {"us-east-1": image},
            },
            "environment": {},
            **fields,
        }
    )
