"""How an update reaches the fleet: the spec's rollout in SageMaker's words.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Sequence
from typing import assert_never

from pulumi_aws_native import sagemaker

from components.specs.rollout import AllAtOnce, Canary, Linear, Rolling, Rollout

MAX_ROLLBACK_ALARMS = 10
"""Alarms that one update can watch:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html"""


def deployment_config(rollout: Rollout, rollback_alarm_names: Sequence[str]) -> sagemaker.EndpointDeploymentConfigArgs:
    """The endpoint's DeploymentConfig.

    Args:
        rollout: The model's rollout.
        rollback_alarm_names: Any of them in alarm rolls the update back; empty: updates are not rolled back.
    """
    rollback = None
    if rollback_alarm_names:
        rollback = sagemaker.EndpointAutoRollbackConfigArgs(
            alarms=[sagemaker.EndpointAlarmArgs(alarm_name=alarm) for alarm in rollback_alarm_names]
        )
    match rollout:
        case Rolling():
            return sagemaker.EndpointDeploymentConfigArgs(
                auto_rollback_configuration=rollback, rolling_update_policy=_rolling(rollout)
            )
        case AllAtOnce() | Canary() | Linear():
            return sagemaker.EndpointDeploymentConfigArgs(
                auto_rollback_configuration=rollback,
                blue_green_update_policy=sagemaker.EndpointBlueGreenUpdatePolicyArgs(
                    traffic_routing_configuration=_traffic_routing(rollout),
                    termination_wait_in_seconds=_old_fleet_kept_seconds(rollout),
                    maximum_execution_timeout_in_seconds=rollout.maximum_execution_timeout_seconds,
                ),
            )
        case _:
            assert_never(rollout)


def _rolling(rollout: Rolling) -> sagemaker.EndpointRollingUpdatePolicyArgs:
    return sagemaker.EndpointRollingUpdatePolicyArgs(
        maximum_batch_size=_percent_of_capacity(rollout.batch_percent),
        wait_interval_in_seconds=rollout.wait_seconds,
        rollback_maximum_batch_size=None
        if rollout.rollback_batch_percent is None
        else _percent_of_capacity(rollout.rollback_batch_percent),
        maximum_execution_timeout_in_seconds=rollout.maximum_execution_timeout_seconds,
    )


def _old_fleet_kept_seconds(rollout: AllAtOnce | Canary | Linear) -> int:
    """How long the old fleet stays once the new one has all traffic: as long as alarms may still bring it back.

    With all traffic at once there is no step to wait after: what is watched is this wait.
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
    """
    watched = rollout.wait_seconds if isinstance(rollout, AllAtOnce) else 0
    return watched + rollout.termination_wait_seconds


def _traffic_routing(rollout: AllAtOnce | Canary | Linear) -> sagemaker.EndpointTrafficRoutingConfigArgs:
    match rollout:
        case AllAtOnce():
            return sagemaker.EndpointTrafficRoutingConfigArgs(
                type="ALL_AT_ONCE", wait_interval_in_seconds=rollout.wait_seconds
            )
        case Canary():
            return sagemaker.EndpointTrafficRoutingConfigArgs(
                type="CANARY",
                canary_size=_percent_of_capacity(rollout.canary_percent),
                wait_interval_in_seconds=rollout.wait_seconds,
            )
        case Linear():
            return sagemaker.EndpointTrafficRoutingConfigArgs(
                type="LINEAR",
                linear_step_size=_percent_of_capacity(rollout.step_percent),
                wait_interval_in_seconds=rollout.wait_seconds,
            )
        case _:
            assert_never(rollout)


def _percent_of_capacity(percent: int) -> sagemaker.EndpointCapacitySizeArgs:
    return sagemaker.EndpointCapacitySizeArgs(type="CAPACITY_PERCENT", value=percent)
