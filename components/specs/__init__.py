"""Typed specs: the single source of what may be written in a model's and an environment's YAML.

Pure: no Pulumi, no AWS, no network; files are read by `load_project` alone.

- `ModelSpec`, `Environment`, `ArtifactStoreSpec`: what people write, each field described and checked.
- `load_project(root)`: all files of a project, or a `SpecError` with every `Violation` at once.
- `check(project, store)`: the pinned releases, too.
- `resolve(spec, environment, release, previous_releases, artifacts)`: the one frozen `ResolvedModel` components take.
- `schemas()`: the JSON Schemas that editors complete and check with.
- `slug`, `fit`, `with_suffix`, `content_hash`, `content_name`, `bucket_name`: every AWS name.
"""

from components.specs.alarms import Alarms, Threshold
from components.specs.checks import check
from components.specs.data_capture import DataCapture
from components.specs.environment import (
    ArtifactStoreSpec,
    CaptureStore,
    Encryption,
    Environment,
    Network,
    ReleasePin,
)
from components.specs.instance_types import INSTANCE_TYPES, InstanceType
from components.specs.model_spec import ModelSpec
from components.specs.monitors import DataQuality, Monitor
from components.specs.names import (
    MAX_NAME_LENGTH,
    bucket_name,
    content_hash,
    content_name,
    fit,
    slug,
    with_suffix,
)
from components.specs.project import ARTIFACTS_STACK, Project, load_project
from components.specs.resolved import ResolvedModel, effective_spec, resolve
from components.specs.rollout import AllAtOnce, Canary, Linear, Rolling, Rollout
from components.specs.scaling import TargetTrackingScaling
from components.specs.schema import schemas
from components.specs.security import Security
from components.specs.serving import ProductionVariant, RealtimeServing, Serving
from components.specs.violations import SpecError, UnknownStackError, Violation

__all__ = [
    "ARTIFACTS_STACK",
    "INSTANCE_TYPES",
    "MAX_NAME_LENGTH",
    "Alarms",
    "AllAtOnce",
    "ArtifactStoreSpec",
    "Canary",
    "CaptureStore",
    "DataCapture",
    "DataQuality",
    "Encryption",
    "Environment",
    "InstanceType",
    "Linear",
    "ModelSpec",
    "Monitor",
    "Network",
    "ProductionVariant",
    "Project",
    "RealtimeServing",
    "ReleasePin",
    "ResolvedModel",
    "Rolling",
    "Rollout",
    "Security",
    "Serving",
    "SpecError",
    "TargetTrackingScaling",
    "Threshold",
    "UnknownStackError",
    "Violation",
    "bucket_name",
    "check",
    "content_hash",
    "content_name",
    "effective_spec",
    "fit",
    "load_project",
    "resolve",
    "schemas",
    "slug",
    "with_suffix",
]
