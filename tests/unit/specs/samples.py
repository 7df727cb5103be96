"""Small specs for tests."""

from __future__ import annotations

import copy
from typing import Any

from components.specs import (
    ArtifactStoreSpec,
    Environment,
    ModelSpec,
    ResolvedModel,
    SpecError,
    Violation,
    resolve,
)
from components.specs.merging import Layer
from components.specs.reading import validate
from model_packaging.release import Release

REGION = "us-east-1"


def minimal() -> dict[str, Any]:
    return {
        "name": "tumor",
        "owner": "ml-platform",
        "serving": {"kind": "realtime", "production_variants": [{"instance_type": "ml.m5.large"}]},
    }


def merged(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**minimal(), **changes})


def violations(data: dict[str, Any]) -> tuple[Violation, ...]:
    try:
        validate(ModelSpec, Layer(data))
    except SpecError as error:
        return error.violations
    return ()


def release(
    name: str = "tumor",
    *,
    digit: str = "a",
    repository: str = "sagemaker-inference",
    regions: tuple[str, ...] = (REGION,),
    baseline: bool = False,
) -> Release:
    paths = ("baseline/constraints.json", "baseline/statistics.json") if baseline else ()
    tensor = {"name": "x", "dtype": "float32", "shape": (None, 30)}
    return Release.model_validate(
        {
            "name": name,
            "version": "1.0.0",
            "digest": f"sha256:{digit * 64}",
            "files": [{"path": path, "sha256": "0" * 64, "size_bytes": 1} for path in (*paths, "model/model.onnx")],
            "framework": {"name": "onnx", "version": "1.16"},
            "signature": {"inputs": [tensor], "outputs": [tensor]},
            "metrics": {"accuracy": 0.97},
            "serving_image": {
                "framework": "sklearn",
                "version": "1.2-1",
                "py_version": "py3",
                "processor": "cpu",
                "uris": {region: f"123456789012.dkr.ecr.{region}.amazonaws.com/{repository}:1" for region in regions},
            },
            "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
    )


def environment(**changes: Any) -> Environment:
    return Environment.model_validate(
        {
            "name": "dev",
            "account_id": "111122223333",
            "region": REGION,
            "endpoint_name_prefix": "dev-",
            "releases": {"tumor": release().digest},
            **changes,
        }
    )


def artifacts(**changes: Any) -> ArtifactStoreSpec:
    return ArtifactStoreSpec.model_validate(
        {"account_id": "123456789012", "region": REGION, "bucket": "greenroom-artifacts", **changes}
    )


def resolved(
    spec: ModelSpec, here: Environment, given: Release | None = None, previous: tuple[Release, ...] = ()
) -> ResolvedModel:
    return resolve(spec, here, release() if given is None else given, previous, artifacts())
