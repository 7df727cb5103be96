"""The capacities of SageMaker that scale: what each is now, and what changes it.

A change goes the way that SageMaker's own operations go (UpdateEndpointWeightsAndCapacities,
UpdateInferenceComponentRuntimeConfig), so that an endpoint is Updating until it is fulfilled, and refuses another.

https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-sagemaker.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from moto.sagemaker.models import sagemaker_backends

from greenroom.sandbox.cloud.clock import seconds_of

INSTANCE_COUNT: Final = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED_CONCURRENCY: Final = "sagemaker:variant:DesiredProvisionedConcurrency"
COPY_COUNT: Final = "sagemaker:inference-component:DesiredCopyCount"
UNDER_WAY: Final = frozenset({"Creating", "Updating", "RollingBack", "Deleting"})
"""Statuses of what is between two states."""


@dataclass(frozen=True)
class TargetKey:
    """A scalable target of SageMaker: whose, where, which resource, which of its capacities."""

    account_id: str
    region: str
    resource_id: str
    dimension: str

    @property
    def sagemaker(self) -> Any:
        """The SageMaker of its account and region."""
        return sagemaker_backends[self.account_id][self.region]

    @property
    def parts(self) -> dict[str, str]:
        """`endpoint/NAME/variant/NAME` or `inference-component/NAME`, by kind."""
        words = self.resource_id.split("/")
        return dict(zip(words[::2], words[1::2], strict=False))

    @property
    def dimensions(self) -> list[dict[str, str]]:
        """Those of the resource's metrics."""
        names = {"endpoint": "EndpointName", "variant": "VariantName", "inference-component": "InferenceComponentName"}
        return [{"Name": names[kind], "Value": name} for kind, name in self.parts.items() if kind in names]


@dataclass(frozen=True)
class Capacity:
    """One of the three capacities.

    Attributes:
        noun: as activities call it.
        read: its value now; None where there is no such resource.
        change: set it; raises what SageMaker refuses with.
    """

    noun: str
    read: Callable[[TargetKey], int | None]
    change: Callable[[TargetKey, int], None]


def endpoint_of(key: TargetKey) -> Any:
    """The endpoint of a variant; None where there is none."""
    return key.sagemaker.endpoints.get(key.parts.get("endpoint", ""))


def variant_of(key: TargetKey) -> Any:
    """The variant; None where there is none."""
    endpoint = endpoint_of(key)
    variants = () if endpoint is None else endpoint.shown.variants
    return next((one for one in variants if one.name == key.parts.get("variant")), None)


def inference_component_of(key: TargetKey) -> Any:
    """The inference component; None where there is none, or where this SageMaker has none at all."""
    components = getattr(key.sagemaker, "inference_components", {})
    return components.get(key.parts.get("inference-component", ""))


def _instance_count(key: TargetKey) -> int | None:
    variant = variant_of(key)
    return None if variant is None else variant.instance_count


def _set_instance_count(key: TargetKey, count: int) -> None:
    _change_variant(key, {"DesiredInstanceCount": count})


def _provisioned_concurrency(key: TargetKey) -> int | None:
    variant = variant_of(key)
    serverless = None if variant is None else variant.serverless
    return None if serverless is None else serverless.get("ProvisionedConcurrency")


def _set_provisioned_concurrency(key: TargetKey, concurrency: int) -> None:
    variant = variant_of(key)
    serverless = {} if variant is None or variant.serverless is None else variant.serverless
    # "MaxConcurrency … ProvisionedConcurrency": ServerlessUpdateConfig changes each by itself
    most = max(concurrency, int(serverless.get("MaxConcurrency", concurrency)))
    _change_variant(key, {"ServerlessUpdateConfig": {"ProvisionedConcurrency": concurrency, "MaxConcurrency": most}})


def _change_variant(key: TargetKey, change: dict[str, Any]) -> None:
    request = {
        "EndpointName": key.parts["endpoint"],
        "DesiredWeightsAndCapacities": [{"VariantName": key.parts["variant"]} | change],
    }
    key.sagemaker.update_endpoint_weights_and_capacities(request)


def _copy_count(key: TargetKey) -> int | None:
    component = inference_component_of(key)
    return None if component is None else component.desired_copy_count


def _set_copy_count(key: TargetKey, count: int) -> None:
    name = key.parts["inference-component"]
    request = {"InferenceComponentName": name, "DesiredRuntimeConfig": {"CopyCount": count}}
    key.sagemaker.update_inference_component_runtime_config(request)


CAPACITIES: Final = {
    INSTANCE_COUNT: Capacity("desired instance count", _instance_count, _set_instance_count),
    # Activities of these two were not seen: their nouns are guesses.
    PROVISIONED_CONCURRENCY: Capacity(
        "desired provisioned concurrency", _provisioned_concurrency, _set_provisioned_concurrency
    ),
    COPY_COUNT: Capacity("desired copy count", _copy_count, _set_copy_count),
}


@dataclass(frozen=True)
class Fulfilment:
    """How a change came out: since when, and why it failed where it did."""

    at_seconds: float
    failure_reason: str | None


def fulfilment_of(key: TargetKey) -> Fulfilment | None:
    """How the last change came out; None while it is under way, or its resource is gone."""
    if key.dimension == COPY_COUNT:
        component = inference_component_of(key)
        if component is None or component.status in UNDER_WAY:
            return None
        # Its status is a function of the clock: what changed is modified when it begins, and settles later.
        at = max(component.settles_at_seconds, seconds_of(component.last_modified_time))
        return Fulfilment(at, component.failure_reason)
    endpoint = endpoint_of(key)
    if endpoint is None or endpoint.endpoint_status in UNDER_WAY:
        return None
    return Fulfilment(seconds_of(endpoint.last_modified_time), endpoint.failure_reason)


def is_gone(key: TargetKey) -> bool:
    """Whether there is nothing any more that could be scaled."""
    return CAPACITIES[key.dimension].read(key) is None
