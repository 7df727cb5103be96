"""What an alarm does when it comes into a state: tells a topic or a function, or calls a scaling policy.

"CloudWatch doesn't test or validate the actions that you specify, nor does it detect any Amazon EC2 Auto Scaling or
Amazon SNS errors resulting from an attempt to invoke nonexistent actions": an action that fails is in the alarm's
history, and nowhere else.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import json
import logging

from greenroom.sandbox.cloud.arns import Arn, function_at
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.cloudwatch.history import AlarmHistory
from greenroom.sandbox.cloud.events import AwsEvent, emit

LOG = logging.getLogger("greenroom.sandbox.cloud")


class ActionFailedError(Exception):
    """The action could not be executed."""


def act(facts: AlarmFacts, history: AlarmHistory, before: AlarmState, now: AlarmState) -> None:
    """Execute the actions of the state that the alarm is in now."""
    if not facts.actions_enabled:
        return
    for action in facts.actions[now.value]:
        message, error = None, None
        try:
            message = _execute(action, facts, before, now)
        except ActionFailedError as failed:
            error = str(failed)
        except Exception as failed:  # whoever is told must not keep the alarm from its state
            LOG.exception("alarm %s could not execute %s", facts.name, action)
            error = f"{type(failed).__name__}: {failed}"
        history.acted(facts, action, now, message, error)


def is_scaling_policy(action: str) -> bool:
    """Whether the action is a scaling policy: what is due at the alarm's instant is that policy's own work."""
    return action.split(":")[2:3] == ["autoscaling"]


def _execute(action: str, facts: AlarmFacts, before: AlarmState, now: AlarmState) -> str | None:
    service = Arn.parse(action).service if action.count(":") >= 5 else ""
    if service == "sns":
        return _publish(action, facts, before, now)
    if service == "lambda":
        return _invoke(action, facts, before, now)
    if service == "autoscaling":
        return None
    raise ActionFailedError(f"the local AWS does not offer actions of {service or action}")


def _publish(topic_arn: str, facts: AlarmFacts, before: AlarmState, now: AlarmState) -> str:
    from moto.sns.models import sns_backends

    arn = Arn.parse(topic_arn)
    backend = sns_backends[arn.account_id][arn.region]
    if topic_arn not in backend.topics:
        raise ActionFailedError("Resource does not exist")
    message = facts.message(before, now)
    backend.publish(message, topic_arn, subject=facts.subject(now.value))
    return json.dumps({"default": message})


def _invoke(function_arn: str, facts: AlarmFacts, before: AlarmState, now: AlarmState) -> str:
    from moto.awslambda.exceptions import UnknownFunctionException

    from greenroom.sandbox.cloud.stage import current

    try:
        function = function_at(Arn.parse(function_arn))
    except UnknownFunctionException as error:
        raise ActionFailedError("Function not found") from error
    payload = facts.function_payload(before, now)
    current().functions.invoke_later(function, payload)
    return payload


def tell_state_change(facts: AlarmFacts, before: AlarmState, now: AlarmState) -> None:
    """Tell EventBridge of a "CloudWatch Alarm State Change"."""
    _tell(facts, "CloudWatch Alarm State Change", facts.state_change(before, now))


def tell_configuration_change(facts: AlarmFacts, operation: str, state: AlarmState, before: AlarmFacts | None) -> None:
    """Tell EventBridge of a "CloudWatch Alarm Configuration Change"."""
    _tell(facts, "CloudWatch Alarm Configuration Change", facts.configuration_change(operation, state, before))


def _tell(facts: AlarmFacts, detail_type: str, detail: dict[str, object]) -> None:
    emit(AwsEvent(facts.account_id, facts.region, "aws.cloudwatch", detail_type, detail, (facts.arn,)))
