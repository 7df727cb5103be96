"""`Environment`: one AWS account and region a model is deployed to (`environments/ENV.yaml`)."""

from typing import Any

from components.specs.base import Spec


class ReleasePin(Spec):
    """The release an environment runs, by digest; short form: the digest alone."""

    digest: str
    previous: tuple[str, ...] = ()


class Network(Spec):
    """Subnets and security groups of the model's containers; absent: SageMaker's own network."""

    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


class Encryption(Spec):
    """Customer-managed keys; absent: AWS-owned keys."""

    kms_key_arn: str


class CaptureStore(Spec):
    """Where captured data of this environment's models lives."""

    retention_days: int = 30
    force_destroy: bool = False


class Environment(Spec):
    """One environment."""

    name: str
    account_id: str
    region: str
    endpoint_name_prefix: str
    default_tags: dict[str, str] = {}
    network: Network | None = None
    encryption: Encryption | None = None
    capture_store: CaptureStore = CaptureStore()
    defaults: dict[str, Any] = {}
    overrides: dict[str, dict[str, Any]] = {}
    releases: dict[str, ReleasePin] = {}
    groups: dict[str, tuple[str, ...]] = {}


class ArtifactStoreSpec(Spec):
    """The artifact store (`environments/artifacts.yaml`): where releases live, for every environment to read."""

    account_id: str
    region: str
    bucket: str
    kms_key_alias: str = "alias/greenroom-artifacts"
    default_tags: dict[str, str] = {}
