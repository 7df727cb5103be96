"""Where a request to an endpoint goes: which fleet, which variant, and whether a shadow gets a copy.

While a rollout shifts traffic, a variant's requests are divided between the old fleet and the new one by the part of
the new one that is turned on. A shadow variant gets copies in proportion of its weight to the production variant's:
https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html (that it is this ratio is how the guide's
`InitialVariantWeight` of shadow variants reads; a guess).
"""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.sandbox.cloud.hosting import DataCaptureConfig
from greenroom.sandbox.cloud.hosting.endpoint_host import Random, choose_variant
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.sagemaker.inference_components import FLEETS, InferenceComponent
from greenroom.sandbox.cloud.sagemaker.variants import EndpointVariant
from greenroom.sandbox.cloud.stage import Fleet


class NoTargetError(Exception):
    """The endpoint has no such variant, or none with a weight."""


class NoCapacityError(NoTargetError):
    """The inference component is scaled to zero."""


@dataclass(frozen=True)
class Target:
    """A deployment's variant, and how its requests are captured."""

    deployment: Deployment
    variant: EndpointVariant
    capture: DataCaptureConfig | None
    component: InferenceComponent | None = None
    """The inference component that answers in the variant's place."""

    @property
    def fleet(self) -> Fleet:
        """Where the container is that answers."""
        live = None if self.component is None else self.component.live
        return self.deployment.fleet if live is None else live.fleet

    @property
    def fleet_variant_name(self) -> str:
        """Which of the fleet's variants it is."""
        return self.variant.name if self.component is None else FLEETS

    @property
    def instance_count(self) -> int:
        """How many instances divide the variant's requests."""
        return self.variant.instance_count or 1


def choose_target(endpoint: Endpoint, target_variant: str | None, rng: Random) -> Target:
    """Where one request goes.

    Raises:
        NoTargetError: Nowhere.
    """
    deployment = _serving(endpoint)
    if all(one.config.get("ModelName") is None for one in deployment.variants):
        raise NoTargetError(
            "InferenceComponentName header is required for endpoints to which you plan to deploy inference components. "
            "Please include InferenceComponentName header or consider using SageMaker models."
        )
    weights = {one.name: one.weight for one in deployment.variants}
    name = target_variant or choose_variant(weights, rng)
    chosen = None if name is None else deployment.variant(name)
    if chosen is None:
        raise NoTargetError(f"Variant {name} not found for Request.")
    pending, progress = endpoint.pending, endpoint.progress
    if pending is not None and progress is not None and pending is not deployment:
        new = pending.variant(chosen.name)
        if new is not None and rng.random() < progress.share_of(pending.rollout, new):
            deployment, chosen = pending, new
    return Target(deployment, chosen, DataCaptureConfig.from_request(deployment.data_capture_config))


def component_target(endpoint: Endpoint, component: InferenceComponent) -> Target:
    """Where a request to an inference component goes.

    Raises:
        NoTargetError: It is another endpoint's, has not come up, or has no copy.
    """
    deployment = endpoint.shown
    variant = deployment.variant(component.variant_name)
    if component.endpoint_name != endpoint.endpoint_name or variant is None:
        raise NoTargetError(f"Endpoint {endpoint.endpoint_name} hosts no {component.inference_component_name}.")
    if component.live is None:
        raise NoTargetError(f"Inference Component {component.inference_component_name} is not in service.")
    if component.desired_copy_count == 0:
        # as seen in aws/amazon-sagemaker-examples, on scaling an inference component to zero
        raise NoCapacityError(
            "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress "
            "(if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
        )
    return Target(deployment, variant, DataCaptureConfig.from_request(deployment.data_capture_config), component)


def _serving(endpoint: Endpoint) -> Deployment:
    """The live deployment, or the pending one once it has all traffic."""
    pending, progress = endpoint.pending, endpoint.progress
    if pending is None or progress is None or progress.stage != "shifting":
        return endpoint.shown
    has_all = all(progress.share_of(pending.rollout, one) == 1 for one in pending.variants)
    return pending if has_all else endpoint.shown


def shadow_of(target: Target, rng: Random) -> Target | None:
    """The shadow variant that gets a copy of the request."""
    for shadow in target.deployment.shadow_variants:
        share = shadow.weight / target.variant.weight if target.variant.weight > 0 else 0.0
        if rng.random() < share:
            return Target(target.deployment, shadow, target.capture)
    return None
