"""Which endpoint variants are registered to be scaled: what SageMaker asks Application Auto Scaling."""

from __future__ import annotations

from moto.applicationautoscaling.models import applicationautoscaling_backends

SAGEMAKER_INSTANCE_COUNT = "sagemaker:variant:DesiredInstanceCount"


def resource_id_of(endpoint_name: str, variant_name: str) -> str:
    """`endpoint/NAME/variant/NAME`, as RegisterScalableTarget wants it."""
    return f"endpoint/{endpoint_name}/variant/{variant_name}"


def scaled_variants(account_id: str, region: str, endpoint_name: str) -> frozenset[str]:
    """The names of the endpoint's variants that have a scalable target."""
    prefix = resource_id_of(endpoint_name, "")
    backend = applicationautoscaling_backends[account_id][region]
    ids = {r_id for targets in backend.targets.values() for r_id in targets if r_id.startswith(prefix)}
    return frozenset(r_id.removeprefix(prefix) for r_id in ids)


def deregister_endpoint(account_id: str, region: str, endpoint_name: str) -> None:
    """Deregister every scalable target of the endpoint, with its policies."""
    _deregister(account_id, region, resource_id_of(endpoint_name, ""))


def deregister_inference_component(account_id: str, region: str, name: str) -> None:
    """Deregister the scalable target of an inference component, with its policies."""
    _deregister(account_id, region, f"inference-component/{name}")


def _deregister(account_id: str, region: str, prefix: str) -> None:
    backend = applicationautoscaling_backends[account_id][region]
    found = [(dimension, r_id) for dimension, ids in backend.targets.items() for r_id in ids if r_id.startswith(prefix)]
    for dimension, r_id in found:
        backend.deregister_scalable_target("sagemaker", r_id, dimension)
