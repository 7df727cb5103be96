"""An endpoint's update on the clock, and the deployment configurations that tests roll out with."""

from __future__ import annotations

import itertools
from typing import Any

from tests.functional.cloud.conftest import variant

NUMBERS = itertools.count(1)


class Rollout:
    """An endpoint of four instances, and its update from configuration `old` to `new`."""

    def __init__(self, aws, instance_count=4, name=None):
        self.aws = aws
        self.name = name or f"endpoint-{next(NUMBERS)}"
        self.old, self.new = f"{self.name}-old", f"{self.name}-new"
        for config in (self.old, self.new):
            aws.config(config, variants=[variant(InitialInstanceCount=instance_count)])
        aws.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=self.old)
        aws.time.advance(1)

    def alarm(self, suffix="errors"):
        name = f"{self.name}-{suffix}"
        self.aws.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        return name

    def ring(self, alarm, state="ALARM"):
        self.aws.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")

    def begin(self, deployment_config):
        self.aws.sagemaker.update_endpoint(
            EndpointName=self.name, EndpointConfigName=self.new, DeploymentConfig=deployment_config
        )

    def describe(self):
        return self.aws.sagemaker.describe_endpoint(EndpointName=self.name)

    def state(self):
        """Status, configuration in use, and of the pending variant: its status and its instances with traffic."""
        told = self.describe()
        pending = told.get("PendingDeploymentSummary")
        if pending is None:
            return told["EndpointStatus"], told["EndpointConfigName"].removeprefix(f"{self.name}-")
        (one,) = pending["ProductionVariants"]
        (status,) = one["VariantStatus"]
        return told["EndpointStatus"], status["Status"], one["CurrentInstanceCount"]

    def seen(self, *moments):
        """The states at seconds after the last one."""
        states = []
        for seconds in moments:
            self.aws.time.advance(seconds)
            states.append(self.state())
        return states


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value):
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(routing_type, *alarms, termination_wait=120, limit=None, **size):
    routing = {"Type": routing_type, "WaitIntervalInSeconds": 600, **size}
    policy: dict[str, Any] = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination_wait}
    if limit is not None:
        policy["MaximumExecutionTimeoutInSeconds"] = limit
    return {"BlueGreenUpdatePolicy": policy} | watching(alarms)


def rolling(size, *alarms):
    policy = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 600}
    return {"RollingUpdatePolicy": policy} | watching(alarms)


def watching(alarms):
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}} if alarms else {}


CREATING = ("Updating", "Creating", 0)
DONE = ("InService", "new")


def baking(count):
    return ("Updating", "Baking", count)
