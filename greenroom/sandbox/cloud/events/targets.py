"""Where a rule's targets are, and how each kind gets its payload.

A target that has no way to be told fails there and then, with EventBridge's error code; who calls decides what
becomes of the event. Resource policies are looked at as EventBridge does: a topic, a queue or a function that does not
let `events.amazonaws.com` in gets nothing, in silence.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from greenroom.sandbox.cloud.arns import Arn, function_at
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.stage import current

PRINCIPAL: Final = "events.amazonaws.com"


class DeliveryError(Exception):
    """A target that could not be told: `code` is EventBridge's, as it stands in a dead-letter message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def kind_of(arn: Arn) -> str:
    """What `SENDERS` calls a target: the service, and for some what it is of it."""
    first = arn.resource.replace(":", "/").partition("/")[0]
    return f"{arn.service}:{first}" if arn.service in {"events", "sagemaker", "logs", "states"} else arn.service


def _to_queue(arn: Arn, target: dict[str, Any], payload: str) -> None:
    from moto.sqs.exceptions import QueueDoesNotExist
    from moto.sqs.models import sqs_backends

    backend = sqs_backends[arn.account_id][arn.region]
    try:
        queue = backend.get_queue(arn.resource)
    except QueueDoesNotExist as error:
        raise DeliveryError("NO_RESOURCE", f"there is no queue {arn.text}") from error
    _check_policy(getattr(queue, "policy", None), "sqs:SendMessage", arn)
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    backend.send_message(arn.resource, payload, group_id=group, validate_group_id=False)


def _to_topic(arn: Arn, target: dict[str, Any], payload: str) -> None:
    del target
    from moto.sns.models import sns_backends

    backend = sns_backends[arn.account_id][arn.region]
    if arn.text not in backend.topics:
        raise DeliveryError("NO_RESOURCE", f"there is no topic {arn.text}")
    _check_policy(backend.topics[arn.text].policy, "sns:Publish", arn)
    backend.publish(payload, arn.text)


def _to_function(arn: Arn, target: dict[str, Any], payload: str) -> None:
    del target
    from moto.awslambda.exceptions import UnknownFunctionException

    try:
        function = function_at(arn)
    except UnknownFunctionException as error:
        raise DeliveryError("NO_RESOURCE", f"there is no function {arn.text}") from error
    _check_policy({"Statement": function.policy.statements}, "lambda:InvokeFunction", arn)
    current().functions.invoke_later(function, payload)


def _to_log_group(arn: Arn, target: dict[str, Any], payload: str) -> None:
    del target
    from moto.logs.models import logs_backends
    from moto.moto_api._internal import mock_random

    backend = logs_backends[arn.account_id][arn.region]
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    if group not in backend.groups:
        raise DeliveryError("NO_RESOURCE", f"there is no log group {group}")
    stream = str(mock_random.uuid4())
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, [{"timestamp": int(CLOCK.time() * 1000), "message": payload}])


def _to_pipeline(arn: Arn, target: dict[str, Any], payload: str) -> None:
    del payload  # "SageMakerPipelineParameters" are what a pipeline gets
    from moto.core.exceptions import JsonRESTError
    from moto.sagemaker.models import sagemaker_backends

    parameters = (target.get("SageMakerPipelineParameters") or {}).get("PipelineParameterList") or []
    try:
        sagemaker_backends[arn.account_id][arn.region].start_pipeline_execution(
            arn.resource.partition("/")[2], None, parameters, None, None, None
        )
    except JsonRESTError as error:
        raise DeliveryError("NO_RESOURCE", f"there is no pipeline {arn.text}: {error}") from error


def _to_state_machine(arn: Arn, target: dict[str, Any], payload: str) -> None:
    del target
    from moto.core.exceptions import ServiceException
    from moto.stepfunctions.models import stepfunctions_backends

    try:
        stepfunctions_backends[arn.account_id][arn.region].start_execution(arn.text, "", payload)
    except ServiceException as error:
        raise DeliveryError("NO_RESOURCE", f"the state machine {arn.text} cannot start: {error}") from error


SENDERS: Final[dict[str, Callable[[Arn, dict[str, Any], str], None]]] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "lambda": _to_function,
    "logs:log-group": _to_log_group,
    "sagemaker:pipeline": _to_pipeline,
    "states:stateMachine": _to_state_machine,
}
"""By kind. Another event bus is told by whoever dispatches, since it gets the event and no payload."""

EVENT_BUS: Final = "events:event-bus"
NEED_ROLE: Final = frozenset({"sagemaker:pipeline", "states:stateMachine"})
"""Targets that EventBridge reaches by assuming the target's role, not by the resource's policy."""


def _check_policy(policy: Any, action: str, arn: Arn) -> None:
    document = json.loads(policy) if isinstance(policy, str) else policy
    if not any(_allows(one, action) for one in _listed((document or {}).get("Statement"))):
        raise DeliveryError(
            "NO_PERMISSIONS", f"the policy of {arn.text} does not allow {action} to the service {PRINCIPAL}"
        )


def _allows(statement: dict[str, Any], action: str) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    reaches = (
        PRINCIPAL in services
        or principal == "*"
        or (isinstance(principal, dict) and principal.get("AWS") == "*" and not statement.get("Condition"))
    )
    service, _, verb = action.lower().partition(":")
    given = {str(one).lower() for one in _listed(statement.get("Action"))}
    return (
        statement.get("Effect") == "Allow"
        and reaches
        and not given.isdisjoint({f"{service}:{verb}", f"{service}:*", "*"})
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
