"""What UpdateEndpoint and UpdateEndpointWeightsAndCapacities make of an endpoint: the next deployment, or a refusal.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.sagemaker.deployment_rules import NewUpdate, violations
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment
from greenroom.sandbox.cloud.sagemaker.endpoint_configs import EndpointConfig
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.sagemaker.models import SageMakerModel
from greenroom.sandbox.cloud.sagemaker.rollouts import ALL_AT_ONCE, RolloutPlan, plan_rollout
from greenroom.sandbox.cloud.sagemaker.variants import EndpointVariant, new_variant
from greenroom.sandbox.cloud.stage import Fleet, FleetKey, FleetVariant, Params


def new_deployment(
    config: EndpointConfig, models: dict[str, Any], key: FleetKey, deployment_config: Params | None
) -> Deployment:
    """The deployment of `config` on a new fleet."""
    production, shadow = config.params["ProductionVariants"], config.params.get("ShadowProductionVariants") or []
    variants = tuple(_variant(one, models) for one in production)
    return Deployment(
        endpoint_config_name=config.endpoint_config_name,
        config=config.params,
        variants=variants,
        shadow_variants=tuple(_variant(one, models) for one in shadow),
        data_capture_config=config.params.get("DataCaptureConfig"),
        deployment_config=deployment_config,
        rollout=_rollout(deployment_config, variants),
        fleet=Fleet(key, tuple(_fleet_variant(one, models, key) for one in (*production, *shadow))),
        is_new_fleet=True,
        started_at_seconds=CLOCK.time(),
        wait_factor=stage.current().rollout_waits.factor,
    )


def _rollout(deployment_config: Params | None, variants: tuple[EndpointVariant, ...]) -> RolloutPlan:
    return plan_rollout(
        deployment_config, [one.config for one in variants], [one.instance_count or 1 for one in variants]
    )


def _variant(config: Params, models: dict[str, Any]) -> EndpointVariant:
    model = models.get(str(config.get("ModelName")))
    containers = model.containers() if isinstance(model, SageMakerModel) else []
    return new_variant(config, containers[0].get("Image") if containers else None, CLOCK.utcnow())


def _fleet_variant(config: Params, models: dict[str, Any], key: FleetKey) -> FleetVariant:
    name, timeout = config["VariantName"], config.get("ContainerStartupHealthCheckTimeoutInSeconds")
    if config.get("ModelName") is None:
        return FleetVariant(name, (), timeout)  # what it serves are inference components
    model = models.get(str(config.get("ModelName")))
    if not isinstance(model, SageMakerModel):
        arn = f"arn:aws:sagemaker:{key.region}:{key.account_id}:model/{config.get('ModelName')}"
        return FleetVariant(name, (), problem=f'Could not find model "{arn}".')
    serverless = config.get("ServerlessConfig")
    return FleetVariant(
        name,
        model.definitions(),
        timeout,
        problem=None if model.containers() else f'Model "{model.arn}" has no container.',
        is_invoked_directly=model.is_invoked_directly,
        starts_cold=serverless is not None and serverless.get("ProvisionedConcurrency") is None,
    )


def check_can_change(endpoint: Endpoint) -> None:
    """Refuse an endpoint that is between two states, or Failed.

    "DeleteEndpoint is the only operation that can be performed on a failed endpoint":
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
    """
    if endpoint.endpoint_status == "Failed":
        raise refusals.invalid(  # a guess at the wording
            f'Cannot update endpoint "{endpoint.arn}" in status Failed: DeleteEndpoint is the only operation that can '
            "be performed on a failed endpoint."
        )
    if endpoint.endpoint_status not in {"InService", "UpdateRollbackFailed"}:
        raise refusals.in_progress(endpoint.arn)


def check_deployment_config(deployment_config: Params | None) -> None:
    """Refuse what no update could be rolled out with; CreateEndpoint keeps it for later."""
    _refuse([] if deployment_config is None else violations(NewUpdate(deployment_config)))


def check_rollout(endpoint: Endpoint, deployment: Deployment) -> None:
    """Refuse an update that its deployment configuration excludes, and another kind of hosting.

    "If you try to update your endpoint to Serverless after specifying an instance type, you receive a ValidationError":
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update-delete.html ; the other way is a guess.
    """
    before = tuple(one.config for one in endpoint.shown.variants)
    after = tuple(one.config for one in deployment.variants)
    broken = []
    if any(one.get("ServerlessConfig") for one in before) != any(one.get("ServerlessConfig") for one in after):
        broken.append("An endpoint cannot change between instances and serverless inference.")
    if deployment.deployment_config is not None:
        counts = tuple(one.instance_count or 1 for one in deployment.variants)
        broken += violations(NewUpdate(deployment.deployment_config, before, after, counts))
    _refuse(broken)


def _refuse(broken: list[str]) -> None:
    if broken:
        raise refusals.invalid(" ".join(broken))


def check_scaled_variants(endpoint: Endpoint, config: EndpointConfig, scaled: Collection[str]) -> None:
    """Refuse to remove a variant, or to change its instance type, while a scalable target is registered for it.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-policy.html and
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling.html; the wording is as reported in
    hashicorp/terraform-provider-aws#14337.
    """
    wanted = {one["VariantName"]: one.get("InstanceType") for one in config.params["ProductionVariants"]}
    blocked = [
        one.name
        for one in endpoint.shown.variants
        if one.name in scaled and (one.name not in wanted or wanted[one.name] != one.instance_type)
    ]
    if blocked:
        raise refusals.invalid(
            f'The variant(s) "[{", ".join(blocked)}]" must be deregistered as scalable targets with AutoScaling '
            "before they can be removed or have their instance type updated."
        )


def retain_properties(deployment: Deployment, endpoint: Endpoint, params: Params) -> Deployment:
    """The deployment with what RetainAllVariantProperties keeps of the endpoint as it is.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html
    """
    if not params.get("RetainAllVariantProperties"):
        return deployment
    excluded = {one["VariantPropertyType"] for one in params.get("ExcludeRetainedVariantProperties") or []}
    now = {one.name: one for one in endpoint.shown.variants}
    variants = tuple(
        one.with_capacity(
            weight=None if "DesiredWeight" in excluded else now[one.name].weight,
            instance_count=None if "DesiredInstanceCount" in excluded else now[one.name].instance_count,
        )
        if one.name in now
        else one
        for one in deployment.variants
    )
    capture = deployment.data_capture_config
    if "DataCaptureConfig" not in excluded:
        capture = endpoint.shown.data_capture_config
    return dataclasses.replace(
        deployment,
        variants=variants,
        data_capture_config=capture,
        rollout=_rollout(deployment.deployment_config, variants),
    )


def change_capacities(endpoint: Endpoint, wanted: list[Params], models: dict[str, Any]) -> Deployment:
    """The deployment that only moves weights, instance counts and serverless concurrency.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html

    Raises:
        AWSValidationException: A variant named twice, or not on the endpoint (moto's wordings).
    """
    known = {one.name for one in endpoint.shown.variants}
    changes: dict[str, Params] = {}
    for one in wanted:
        name = one["VariantName"]
        if name in changes:
            raise refusals.invalid(f'The variant name "{name}" was non-unique within the request.')
        if name not in known:
            raise refusals.invalid(
                f'The variant name(s) "{name}" is/are not present within endpoint configuration '
                f'"{endpoint.endpoint_config_name}".'
            )
        changes[name] = one
    _refuse(_without_instances(endpoint, changes))
    before = endpoint.shown.variants
    variants = tuple(_changed(one, changes[one.name]) if one.name in changes else one for one in before)
    return dataclasses.replace(
        endpoint.shown,
        variants=variants,
        is_new_fleet=False,
        deployment_config=None,
        rollout=ALL_AT_ONCE,
        started_at_seconds=CLOCK.time(),
        problem=_scale_out_problem(endpoint, variants, models),
    )


def _without_instances(endpoint: Endpoint, changes: dict[str, Params]) -> list[str]:
    """Refusals of real-time variants that would have no instance; those of asynchronous endpoints may have none.

    Of the others those of inference components scale to zero, by
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html ; that SageMaker refuses
    the count is a guess.
    """
    if endpoint.shown.config.get("AsyncInferenceConfig") is not None:
        return []
    return [
        f"DesiredInstanceCount of variant {one.name} must be at least 1."
        for one in endpoint.shown.variants
        if changes.get(one.name, {}).get("DesiredInstanceCount") == 0 and one.config.get("ModelName") is not None
    ]


def _changed(variant: EndpointVariant, change: Params) -> EndpointVariant:
    serverless = None
    if change.get("ServerlessUpdateConfig") is not None and variant.serverless is not None:
        serverless = variant.serverless | change["ServerlessUpdateConfig"]
    return variant.with_capacity(
        weight=change.get("DesiredWeight"),
        instance_count=change.get("DesiredInstanceCount"),
        serverless=serverless,
    )


def _scale_out_problem(endpoint: Endpoint, variants: tuple[EndpointVariant, ...], models: dict[str, Any]) -> str | None:
    """Why new instances cannot come up: their model was deleted since.

    "You must not delete … the model that the endpoint uses": instances that run go on, new ones find nothing to load.
    https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-delete-resources.html ; the wording is a guess.
    """
    before = {one.name: one.instance_count or 0 for one in endpoint.shown.variants}
    for one in variants:
        model = one.config.get("ModelName")
        if (one.instance_count or 0) > before[one.name] and model is not None and model not in models:
            arn = f"arn:aws:sagemaker:{endpoint.region}:{endpoint.account_id}:model/{model}"
            return f'Could not find model "{arn}".'
    return None
