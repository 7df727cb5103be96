"""`ResolvedModel`: spec + environment + release, the one frozen object that components take."""

from components.specs.alarms import Alarms
from components.specs.base import Spec
from components.specs.data_capture import DataCapture
from components.specs.environment import ArtifactStoreSpec, CaptureStore, Encryption, Network
from components.specs.monitors import Monitor
from components.specs.rollout import Rollout
from components.specs.scaling import TargetTrackingScaling
from components.specs.security import Security
from components.specs.serving import Serving
from model_packaging.release import Release


class ResolvedModel(Spec):
    """Everything a component needs to know of one model in one environment."""

    name: str
    owner: str
    description: str
    environment: str
    account_id: str
    region: str
    endpoint_name: str
    tags: dict[str, str]
    release: Release
    previous_releases: tuple[Release, ...]
    artifacts: ArtifactStoreSpec
    model_data_uri: str
    """`s3://BUCKET/releases/NAME/HEX/model/` of `release`."""
    capture_bucket: str
    capture_prefix: str
    serving: Serving
    scaling: TargetTrackingScaling | None
    data_capture: DataCapture | None
    monitors: tuple[Monitor, ...]
    alarms: Alarms
    rollout: Rollout
    security: Security
    network: Network | None
    encryption: Encryption | None
    capture_store: CaptureStore
    log_retention_days: int
