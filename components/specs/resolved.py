"""`ResolvedModel`: spec + environment + release, the one frozen object that components take.

`effective_spec` merges what three people wrote, in this order, later wins: the environment's `defaults`, the model's
`model.yaml`, the environment's `overrides` for the model. Only what is written counts: a field left to its default
never hides what the environment says. `resolve` joins the result with the environment and the pinned release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, ValidationError

from components.specs.alarms import Alarms
from components.specs.base import Spec
from components.specs.data_capture import DataCapture
from components.specs.deployment_rules import deployment_rules, endpoint_name, release_rules
from components.specs.environment import ArtifactStoreSpec, CaptureStore, Encryption, Environment, Network
from components.specs.merging import Layer, explicit, merge
from components.specs.model_spec import ModelSpec
from components.specs.monitors import Monitor
from components.specs.names import bucket_name
from components.specs.reading import spec_error, violation_of
from components.specs.rollout import Rollout
from components.specs.scaling import TargetTrackingScaling
from components.specs.security import Security
from components.specs.serving import Serving
from components.specs.violations import SpecError
from model_packaging.release import Release

CAPTURE_PREFIX = "data-capture"


class ResolvedModel(Spec):
    """Everything a component needs to know of one model in one environment."""

    # Checking specs makes none: its validator is built at the first.
    model_config = ConfigDict(defer_build=True)

    name: str
    """The model's name."""
    owner: str
    """The team or person to ask."""
    description: str
    """What the model does, for people."""
    environment: str
    """The environment's name."""
    stack: str
    """The stack that deploys the model: the environment, or one of its groups (`prod.fraud`)."""
    account_id: str
    """The AWS account."""
    region: str
    """The AWS region."""
    endpoint_name: str
    """The endpoint's stable name: prefix and model."""
    tags: dict[str, str]
    """The model's own tags and ours (`greenroom:…`); the environment's default tags are set by the provider."""
    release: Release
    """The release that answers requests."""
    previous_releases: tuple[Release, ...]
    """Releases kept deployed to roll back to, as pinned."""
    artifacts: ArtifactStoreSpec
    """Where releases live."""
    model_data_uri: str
    """`s3://BUCKET/releases/NAME/HEX/model/` of `release`."""
    capture_bucket: str
    """The bucket of captured data: one a stack."""
    capture_prefix: str
    """The key prefix under which SageMaker puts ENDPOINT/VARIANT/yyyy/mm/dd/hh/…jsonl; no slash at either end."""
    serving: Serving
    """How the model is served."""
    scaling: TargetTrackingScaling | None
    """How the fleets grow and shrink, with a load to hold that is a number; `None`: they do not."""
    data_capture: DataCapture | None
    """What of the traffic is kept; `None`: nothing."""
    monitors: tuple[Monitor, ...]
    """What watches the captured data."""
    alarms: Alarms
    """When the model is unwell."""
    rollout: Rollout
    """How a new release takes over."""
    security: Security
    """What the containers may reach."""
    network: Network | None
    """Where the containers run; `None`: SageMaker's own network."""
    encryption: Encryption | None
    """The environment's key; `None`: AWS's own."""
    capture_store: CaptureStore
    """How long captured data are kept."""
    log_retention_days: int
    """How long logs are kept."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """The release, and those to roll back to."""
        return (self.release, *self.previous_releases)

    @property
    def image_uri(self) -> str:
        """The serving image of the release in this region."""
        return self.release.image_uri(self.region)

    @property
    def capture_uri(self) -> str:
        """`s3://BUCKET/PREFIX`, as DataCaptureConfig.DestinationS3Uri takes it."""
        return f"s3://{self.capture_bucket}/{self.capture_prefix}"

    @property
    def volume_kms_key_arn(self) -> str | None:
        """The key for the fleet's EBS volumes, or `None`: AWS's own, or disks that their hardware encrypts."""
        if self.encryption is None or not self.security.encrypt_volumes_with_environment_key:
            return None
        return self.encryption.kms_key_arn

    def model_data_uri_of(self, release: Release) -> str:
        """`s3://BUCKET/releases/NAME/HEX/model/` of any release in the store."""
        return model_data_uri(self.artifacts, release)


def model_data_uri(artifacts: ArtifactStoreSpec, release: Release) -> str:
    """Where the uncompressed model data of `release` lie, with the trailing slash that an S3Prefix needs."""
    return f"s3://{artifacts.bucket}/{release.s3_prefix}model/"


def capture_bucket(environment: Environment, stack: str) -> str:
    """The bucket for the captured data of `stack`, which is `environment`'s or one of its groups'.

    `prod.fraud` is `prod--fraud` here: no environment is named so, and groups never share a bucket.
    """
    return bucket_name("capture", stack.replace(".", "--"), environment.account_id, environment.region)


def effective_spec(spec: ModelSpec, environment: Environment, layers: tuple[Layer, ...] = ()) -> ModelSpec:
    """`spec` as `environment` has it, checked as a whole.

    Args:
        spec: as in `model.yaml`.
        environment: whose defaults and overrides apply.
        layers: the same three fragments as they were read, so that errors point into the files; made from the
            arguments where they are not given.

    Raises:
        SpecError: what was merged is not a valid spec.
    """
    layers = layers or _layers(spec, environment)
    merged: Any = {}
    for layer in layers:
        merged = merge(merged, layer.value)
    try:
        return ModelSpec.model_validate(merged)
    except ValidationError as error:
        raise spec_error(error, ModelSpec, merged, layers) from None


def _layers(spec: ModelSpec, environment: Environment) -> tuple[Layer, ...]:
    overrides: Mapping[str, Any] = environment.overrides.get(spec.name, {})
    return Layer(environment.defaults), Layer(explicit(spec)), Layer(overrides)


def resolve(
    spec: ModelSpec,
    environment: Environment,
    release: Release,
    previous_releases: tuple[Release, ...],
    artifacts: ArtifactStoreSpec,
) -> ResolvedModel:
    """The one frozen object that components take.

    Args:
        spec: the model's spec, as written or already effective: merging twice changes nothing.
        environment: where it is deployed.
        release: the release its pin names.
        previous_releases: the releases its pin keeps.
        artifacts: the store the releases are read from.

    Raises:
        SpecError: the spec, the environment and the release do not fit one another.
    """
    effective = effective_spec(spec, environment)
    rules = [
        *deployment_rules(effective, environment, artifacts),
        *release_rules(effective, environment, release, previous_releases),
    ]
    if rules:
        raise SpecError(violation_of(rule) for rule in rules)
    stack = environment.stack_of(spec.name)
    parts = {name: getattr(effective, name) for name in ModelSpec.model_fields if name in ResolvedModel.model_fields}
    if effective.scaling is not None:
        parts["scaling"] = effective.scaling.held_by(release)
    return ResolvedModel(
        **{
            **parts,
            "environment": environment.name,
            "stack": stack,
            "account_id": environment.account_id,
            "region": environment.region,
            "endpoint_name": endpoint_name(environment, spec.name),
            "tags": {**effective.tags, **our_tags(effective, environment)},
            "release": release,
            "previous_releases": previous_releases,
            "artifacts": artifacts,
            "model_data_uri": model_data_uri(artifacts, release),
            "capture_bucket": capture_bucket(environment, stack),
            "capture_prefix": CAPTURE_PREFIX,
            "network": environment.network,
            "encryption": environment.encryption,
            "capture_store": environment.capture_store,
        }
    )


def our_tags(spec: ModelSpec, environment: Environment) -> dict[str, str]:
    """The tags by which every resource tells whose it is. Not the release: it would change every resource each time."""
    return {
        "greenroom:environment": environment.name,
        "greenroom:model": spec.name,
        "greenroom:owner": spec.owner,
    }
