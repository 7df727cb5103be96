"""The inference components of one account and region: what SageMaker's operations do with them, and refuse.

Wordings are guesses but for those that name where they were seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from greenroom.sandbox.cloud.autoscaling_targets import deregister_inference_component
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.sagemaker.inference_components import (
    FLEETS,
    ComponentDeployment,
    InferenceComponent,
    fleet_of,
)
from greenroom.sandbox.cloud.sagemaker.listing import select
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend


def create(backend: SageMakerBackend, params: Params) -> InferenceComponent:
    """CreateInferenceComponent.

    Raises:
        AWSValidationException: A name that is taken, an endpoint or variant that cannot host it, or too little said.
    """
    name = params["InferenceComponentName"]
    settle(backend)
    if name in backend.inference_components:
        arn = backend.arn("inference-component", name)
        raise refusals.invalid(f'Cannot create already existing inference component "{arn}".')
    specification: Params = params.get("Specification") or {}
    base = _base(backend, specification)
    variant_name = params.get("VariantName") or (None if base is None else base.variant_name)
    broken = [*_violations(backend, params, specification, variant_name)]
    if broken:
        raise refusals.invalid(" ".join(broken))
    component = InferenceComponent(
        name,
        backend.account_id,
        backend.region_name,
        params["EndpointName"],
        str(variant_name),
        list(params.get("Tags") or []),
        int((params.get("RuntimeConfig") or {}).get("CopyCount", 1)),
        None,
    )
    backend.inference_components[name] = component
    component.begin(_deployment(backend, component, specification))
    return component


def find(backend: SageMakerBackend, name: str) -> InferenceComponent:
    """The component of that name.

    Raises:
        AWSValidationException: There is none.
    """
    settle(backend)
    if name not in backend.inference_components:
        arn = backend.arn("inference-component", name)
        raise refusals.invalid(f'Could not find inference component "{arn}".')
    return backend.inference_components[name]


def update(backend: SageMakerBackend, params: Params) -> InferenceComponent:
    """UpdateInferenceComponent: another specification, another number of copies, or both."""
    component = _changeable(backend, params["InferenceComponentName"])
    copies = (params.get("RuntimeConfig") or {}).get("CopyCount")
    specification = params.get("Specification")
    if params.get("DeploymentConfig") is not None:
        component.last_deployment_config = params["DeploymentConfig"]
    if copies is not None:
        component.change_copies(int(copies))
    if specification is not None:
        merged = {**component.shown.specification, **specification}
        component.begin(_deployment(backend, component, merged))
    return component


def update_runtime_config(backend: SageMakerBackend, params: Params) -> InferenceComponent:
    """UpdateInferenceComponentRuntimeConfig: another number of copies; none is allowed (scale to zero)."""
    component = _changeable(backend, params["InferenceComponentName"])
    component.change_copies(int(params["DesiredRuntimeConfig"]["CopyCount"]))
    return component


def delete(backend: SageMakerBackend, name: str) -> None:
    """DeleteInferenceComponent; its scalable target goes with it, and adapters of it must be gone."""
    component = find(backend, name)
    if component.status in {"Creating", "Updating", "Deleting"}:
        raise refusals.invalid(f'Cannot delete inference component "{component.arn}" in status {component.status}.')
    adapters = [
        one.inference_component_name
        for one in backend.inference_components.values()
        if one.shown.specification.get("BaseInferenceComponentName") == name
    ]
    if adapters:
        raise refusals.invalid(f"Inference component {name} has adapter inference components: {', '.join(adapters)}.")
    deregister_inference_component(backend.account_id, backend.region_name, name)
    component.delete()
    settle(backend)


def settle(backend: SageMakerBackend) -> None:
    """Forget those whose deletion is over."""
    for name in [name for name, one in backend.inference_components.items() if one.is_gone]:
        del backend.inference_components[name]


def hosted_by(backend: SageMakerBackend, endpoint_name: str) -> list[InferenceComponent]:
    """The components of an endpoint."""
    settle(backend)
    return [one for one in backend.inference_components.values() if one.endpoint_name == endpoint_name]


def _changeable(backend: SageMakerBackend, name: str) -> InferenceComponent:
    component = find(backend, name)
    if component.status not in {"InService", "Failed"}:
        raise refusals.invalid(f'Cannot update in-progress inference component "{component.arn}".')
    return component


def _base(backend: SageMakerBackend, specification: Params) -> InferenceComponent | None:
    name = specification.get("BaseInferenceComponentName")
    return None if name is None else find(backend, name)


def _violations(
    backend: SageMakerBackend, params: Params, specification: Params, variant_name: str | None
) -> Iterator[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentSpecification.html."""
    endpoint = backend.endpoint(params["EndpointName"])
    if endpoint.endpoint_status != "InService":
        yield f'Endpoint "{endpoint.arn}" is not in service (status {endpoint.endpoint_status}).'
    variants = {one.name: one for one in endpoint.shown.variants}
    if variant_name not in variants:
        yield f"Variant {variant_name} is none of endpoint {endpoint.endpoint_name}: {', '.join(variants)}."
    elif variants[variant_name].config.get("ModelName") is not None:
        yield f"Variant {variant_name} names a model in its configuration; inference components need one without."
    copies = (params.get("RuntimeConfig") or {}).get("CopyCount", 1)
    if copies < 1:
        # trap 13: hashicorp/terraform-provider-aws PR#45926
        yield "CopyCount must be at least 1 when an inference component is created."
    if not specification.get("BaseInferenceComponentName"):
        if (specification.get("ModelName") is None) == (specification.get("Container") is None):
            yield "A Specification needs either ModelName or Container, and not both."
        if specification.get("ComputeResourceRequirements") is None:
            yield "A Specification needs ComputeResourceRequirements, unless it names a BaseInferenceComponentName."
    name = specification.get("ModelName")
    if name is not None and name not in backend._models:  # noqa: SLF001  moto has no interface
        yield f'Could not find model "{backend.arn("model", name)}".'


def _deployment(backend: SageMakerBackend, component: InferenceComponent, specification: Params) -> ComponentDeployment:
    key = backend.new_fleet_key(f"{FLEETS}/{component.inference_component_name}")
    base = _base(backend, specification)
    # an adapter's requests are served by its base's container, with the adapter's own data beside it
    served = specification if base is None else {**base.shown.specification, **specification}
    endpoint = backend.endpoint(component.endpoint_name)
    role_arn = endpoint.shown.config.get("ExecutionRoleArn")
    return ComponentDeployment(specification, fleet_of(served, backend._models, key, role_arn))  # noqa: SLF001


def listed(backend: SageMakerBackend, request: Params) -> list[dict[str, Any]]:
    """ListInferenceComponents's entries, filtered and sorted as asked."""
    settle(backend)
    return select(
        (component.summary() for component in backend.inference_components.values()),
        request,
        equals={
            "EndpointNameEquals": "EndpointName",
            "VariantNameEquals": "VariantName",
            "StatusEquals": "InferenceComponentStatus",
        },
        sort_by={"Name": "InferenceComponentName", "Status": "InferenceComponentStatus"},
        name="InferenceComponentName",
    )
