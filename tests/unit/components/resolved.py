"""Resolved models for tests: one whole example, and what differs."""

from __future__ import annotations

from typing import Any

from components.specs.environment import ArtifactStoreSpec, Environment
from components.specs.model_spec import ModelSpec
from components.specs.resolved import ResolvedModel, resolve
from model_packaging.release import Release
from tests.unit.manifests import SERVING_IMAGE, manifest

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ARTIFACTS = ArtifactStoreSpec(
    account_id="123456789012", region="us-east-1", bucket="example-artifacts", kms_key_alias="alias/example-artifacts"
)
KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
MODEL: dict[str, Any] = {
    "name": "tumor",
    "owner": "ml-platform",
    "description": "Tells malignant from benign.",
    "serving": {"production_variants": [{"instance_type": "ml.m5.xlarge", "initial_instance_count": 2}]},
    "scaling": {"max_instance_count": 6, "target_invocations_per_instance_per_minute": 600.0},
    "data_capture": {"sampling_percentage": 50},
    "monitors": [{"kind": "data_quality"}],
    "alarms": {"model_latency_p99_ms": {"threshold": 250.0}, "notify_emails": ["oncall@example.com"]},
    "rollout": {"kind": "canary"},
}
ENVIRONMENT: dict[str, Any] = {
    "name": "dev",
    "account_id": "111122223333",
    "region": "us-east-1",
    "endpoint_name_prefix": "dev-",
}


def release(digit: str, *, baseline: bool = True) -> Release:
    """The release whose digest is `digit` 64 times."""
    paths = ["model/code/inference.py", "model/model.onnx"]
    if baseline:
        paths = ["baseline/constraints.json", "baseline/statistics.json", *paths]
    return Release.model_validate(
        manifest(
            digest=f"sha256:{digit * 64}",
            files=[{"path": path, "sha256": "0" * 64, "size_bytes": 1} for path in paths],
            serving_image={**SERVING_IMAGE, "uris": {"us-east-1": IMAGE}},
        )
    )


def resolved(
    *,
    environment: dict[str, Any] | None = None,
    current: Release | None = None,
    previous: tuple[Release, ...] = (),
    **model: Any,
) -> ResolvedModel:
    """The example model in the example environment, with `model` and `environment` put over what they are made of."""
    spec = {key: value for key, value in {**MODEL, **model}.items() if value is not ...}
    current = current or release("a")
    pin = {"digest": current.digest, "previous": [one.digest for one in previous]}
    return resolve(
        ModelSpec.model_validate(spec),
        Environment.model_validate({**ENVIRONMENT, "releases": {"tumor": pin}, **(environment or {})}),
        current,
        previous,
        ARTIFACTS,
    )
