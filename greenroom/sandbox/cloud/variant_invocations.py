"""The way of one request through a variant.

That is through its one container, a pipeline of them, one of several, or one model of a multi-model container.

https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html ,
https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/invoke-multi-model-endpoint.html
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.hosting import Invocation
from greenroom.sandbox.cloud.stage import Fleet, FleetVariant

INVOCATION_TIMEOUT_SECONDS = 60.0


class WrongTargetError(Exception):
    """The request names no container or model where it must, or one where it must not. Wordings are guesses."""


@dataclass(frozen=True)
class Payload:
    """What a container is sent, and which of several it is for."""

    body: bytes
    content_type: str
    accept: str
    custom_attributes: str | None = None
    target_model: str | None = None
    target_container: str | None = None
    timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Answered:
    """What came of it: the answer, the container that gave it, and how long loading its model took.

    `model_loading_us` is None where the container hosts one model, and 0 where the model was loaded already.
    """

    invocation: Invocation
    container: str
    model_loading_us: int | None = None


def invoke_variant(fleets: Fleets, fleet: Fleet, variant_name: str, payload: Payload) -> Answered:
    """Send a request through a variant.

    Raises:
        ContainerStartError, ModelLoadError: Its container does not come up.
        WrongTargetError: The request does not say where it is to go.
    """
    fleets.ensure_hosted(fleet)
    variant = fleet.variant(variant_name)
    if any(one.is_multi_model for one in variant.containers):
        return _invoke_model(fleets, fleet, variant, payload)
    if payload.target_model is not None:
        raise WrongTargetError("TargetModel can only be given for a multi-model endpoint.")
    if variant.is_invoked_directly:
        return _invoke_one(fleets, fleet, variant, _position(variant, payload), payload)
    if payload.target_container is not None:
        raise WrongTargetError("TargetContainerHostname can only be given for an endpoint of execution mode Direct.")
    return _invoke_pipeline(fleets, fleet, variant, payload)


def _position(variant: FleetVariant, payload: Payload) -> int:
    hostnames = [one.hostname for one in variant.containers]
    if payload.target_container not in hostnames:
        raise WrongTargetError(
            f"TargetContainerHostname {payload.target_container} is none of the endpoint's containers: "
            f"{', '.join(str(one) for one in hostnames)}."
        )
    return hostnames.index(payload.target_container)


def _invoke_one(fleets: Fleets, fleet: Fleet, variant: FleetVariant, position: int, payload: Payload) -> Answered:
    invocation = fleets.host.invoke(
        fleet.key.path,
        payload.body,
        payload.content_type,
        payload.accept,
        variant.hosted_name(position),
        custom_attributes=payload.custom_attributes,
        timeout_seconds=payload.timeout_seconds,
    )
    return Answered(dataclasses.replace(invocation, variant=variant.name), variant.label(position))


def _invoke_pipeline(fleets: Fleets, fleet: Fleet, variant: FleetVariant, payload: Payload) -> Answered:
    """Each container's answer is the next one's request; the first error ends it."""
    last = len(variant.containers) - 1
    latency_us = overhead_us = setup_us = 0
    for position in range(len(variant.containers)):
        step = payload if position == last else dataclasses.replace(payload, accept="*/*")
        answered = _invoke_one(fleets, fleet, variant, position, step)
        one = answered.invocation
        latency_us += one.model_latency_us
        overhead_us += one.overhead_us
        setup_us += one.setup_us
        if one.status >= 400:
            break
        payload = dataclasses.replace(payload, body=one.body, content_type=one.content_type)
    whole = dataclasses.replace(one, model_latency_us=latency_us, overhead_us=overhead_us, setup_us=setup_us)
    return dataclasses.replace(answered, invocation=whole)


def _invoke_model(fleets: Fleets, fleet: Fleet, variant: FleetVariant, payload: Payload) -> Answered:
    if payload.target_model is None:
        raise WrongTargetError("A multi-model endpoint needs TargetModel, the key of the model under its prefix.")
    path, name, loading_us = fleets.ensure_target_model(fleet, variant, payload.target_model)
    invocation = fleets.host.invoke(
        path,
        payload.body,
        payload.content_type,
        payload.accept,
        name,
        custom_attributes=payload.custom_attributes,
        timeout_seconds=payload.timeout_seconds,
    )
    return Answered(dataclasses.replace(invocation, variant=variant.name), variant.label(0), loading_us)
