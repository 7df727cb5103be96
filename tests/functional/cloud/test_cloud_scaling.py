"""Application Auto Scaling acts: load, alarm, scale-out, cooldown, scale-in; steps, schedules and bounds.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.cloud.stage import TransitionTimes
from tests.functional.cloud.conftest import ACCOUNT, Aws, variant

pytestmark = pytest.mark.slow  # a cloud each; the rules' own tests are in tests/unit/cloud/test_autoscaling_rules.py

MINUTE = 60
START = 1_750_000_020.0  # 15:07:00 UTC of 15 June 2025
RESOURCE = "endpoint/fraud/variant/AllTraffic"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
DIMENSIONS = [{"Name": "EndpointName", "Value": "fraud"}, {"Name": "VariantName", "Value": "AllTraffic"}]
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    "ScaleOutCooldown": 120,
    "ScaleInCooldown": 300,
}


class Scene:
    """An endpoint of one variant, whose updates take 30 seconds, with a scalable target of 1 to 8 instances."""

    def __init__(self, aws, variant_config=None):
        self.aws = aws
        self.scaling, self.cloudwatch = aws.client("application-autoscaling"), aws.client("cloudwatch")
        aws.model()
        aws.config("config", variants=[variant_config or variant()])
        aws.sagemaker.create_endpoint(EndpointName="fraud", EndpointConfigName="config")
        self.minutes(1)
        assert aws.status("fraud") == "InService"

    def register(self, low=1, high=8, target=None, **more):
        self.scaling.register_scalable_target(**(target or TARGET), MinCapacity=low, MaxCapacity=high, **more)

    def track(self, name="track", target=None, **changes):
        return self.scaling.put_scaling_policy(
            **(target or TARGET),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING | changes,
        )

    def step(self, adjustments, name="step", **more):
        return self.scaling.put_scaling_policy(
            **TARGET,
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": adjustments,
                "Cooldown": 120,
            }
            | more,
        )["PolicyARN"]

    def minutes(self, number):
        self.aws.time.advance(number * MINUTE)

    def load(self, invocations, minutes=1, metric="InvocationsPerInstance"):
        """So many invocations an instance in each minute, and what the variant's count is after each."""
        found = []
        for _ in range(minutes):
            datum = {"MetricName": metric, "Dimensions": DIMENSIONS, "Value": float(invocations)}
            self.cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])
            self.minutes(1)
            found.append(self.count())
        return found

    def variant(self):
        return self.aws.sagemaker.describe_endpoint(EndpointName="fraud")["ProductionVariants"][0]

    def count(self):
        return self.variant()["CurrentInstanceCount"]

    def activities(self):
        found = self.scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
        return list(reversed(found))

    def told(self):
        return [(one["StatusCode"], one["Description"]) for one in self.activities()]


@pytest.fixture
def aws():
    time = ManualTime(START)
    times = TransitionTimes(endpoint_updating_seconds=30)
    with in_process_cloud(time_source=time, load_models=False, times=times) as address:
        yield Aws(address.url, time)


@pytest.fixture
def scene(aws):
    made = Scene(aws)
    made.register()
    return made


def test_what_could_not_be_worked_out_is_refused(aws):
    """That a target must be above 0 is a guess; a variant keeps an instance by
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-policy.html .
    """
    scene = Scene(aws)
    with pytest.raises(ClientError, match="must be at least 1, not 0 and 8"):
        scene.register(low=0)
    scene.register()
    with pytest.raises(ClientError, match="TargetValue must be greater than 0"):
        scene.track(TargetValue=0.0)
    with pytest.raises(ClientError, match="StepAdjustments is required"):
        scene.step([])
    assert scene.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


def test_a_tracking_policy_makes_two_alarms_and_takes_them_with_it(scene):
    """Their numbers are those of alarms on scaled endpoints: 3 of a minute above the target, 15 below 90 % of it."""
    policy = scene.track()
    high, low = scene.cloudwatch.describe_alarms()["MetricAlarms"]
    assert [one["AlarmName"] for one in policy["Alarms"]] == [high["AlarmName"], low["AlarmName"]]
    shown = ("ComparisonOperator", "Threshold", "EvaluationPeriods", "Period", "Statistic", "MetricName", "Namespace")
    common = (60, "Sum", "InvocationsPerInstance", "AWS/SageMaker")
    assert tuple(high[one] for one in shown) == ("GreaterThanThreshold", 70.0, 3, *common)
    assert tuple(low[one] for one in shown) == ("LessThanThreshold", 63.0, 15, *common)
    for alarm, kind in ((high, "AlarmHigh"), (low, "AlarmLow")):
        assert alarm["AlarmName"].startswith(f"TargetTracking-{RESOURCE}-{kind}-")
        assert alarm["AlarmActions"][0].startswith(f"{policy['PolicyARN']}:createdBy/")
        assert alarm["AlarmDescription"] == (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}."
        )
        assert alarm["Dimensions"] == DIMENSIONS
    assert [one["AlarmName"] for one in scene.track(TargetValue=50.0)["Alarms"]] == [
        high["AlarmName"],
        low["AlarmName"],
    ]
    scene.track(DisableScaleIn=True)
    (described,) = scene.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [one["AlarmName"] for one in described["Alarms"]] == [high["AlarmName"]]
    scene.scaling.delete_scaling_policy(**TARGET, PolicyName="track")
    assert scene.cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_load_scales_out_in_proportion_and_quiet_scales_in_after_its_cooldown(scene):
    """Three minutes above the target: 140 for 70 make 2 of 1. Fifteen below 90 % of it take them back."""
    policy = scene.track()
    assert scene.load(140, minutes=3) == [1, 1, 1]
    assert (scene.aws.status("fraud"), scene.told()) == (
        "Updating",
        [("InProgress", "Setting desired instance count to 2.")],
    )
    scene.minutes(1)
    assert (scene.aws.status("fraud"), scene.count()) == ("InService", 2)
    (activity,) = scene.activities()
    alarm = policy["Alarms"][0]["AlarmName"]
    assert activity["Cause"] == f"monitor alarm {alarm} in state ALARM triggered policy track"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 2. Change successfully fulfilled by sagemaker."
    )
    assert (activity["EndTime"] - activity["StartTime"]).total_seconds() == 30
    counts = scene.load(20, minutes=20)
    assert (counts[0], counts[-1]) == (2, 1)
    assert scene.told()[-1] == ("Successful", "Setting desired instance count to 1.")
    low = policy["Alarms"][1]["AlarmName"]
    assert scene.activities()[-1]["Cause"] == f"monitor alarm {low} in state ALARM triggered policy track"


def test_in_the_cooldown_the_same_load_adds_nothing_and_after_it_more(scene):
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html"""
    scene.track(ScaleOutCooldown=240)
    counts = scene.load(140, minutes=12)
    # 3 minutes to the alarm, half a minute to fulfil, four of cooldown: then 2 become 4.
    assert counts == [1, 1, 1, 2, 2, 2, 2, 2, 4, 4, 4, 4]


def test_without_traffic_there_is_no_metric_and_nothing_scales_in(scene):
    """As "if a variant's traffic becomes zero, SageMaker AI doesn't automatically scale down … doesn't emit metrics":
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    scene.track()
    scene.load(140, minutes=3)
    assert scene.load(70) == [2]
    scene.minutes(60)
    assert scene.count() == 2


def test_capacity_stays_within_the_targets_bounds(scene):
    scene.track()
    assert scene.load(7000, minutes=4)[-1] == 8
    assert scene.load(7000, minutes=4)[-1] == 8
    assert len(scene.activities()) == 1


def test_eventbridge_hears_when_a_target_came_to_its_maximum(scene):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/monitoring-eventbridge.html"""
    events, sqs = scene.aws.client("events"), scene.aws.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Statement": [allowed | {"Resource": "*"}]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.application-autoscaling"], "detail": {"scaledToMax": [True]}}
    events.put_rule(Name="most", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="most", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:heard"}])
    scene.track()
    scene.load(7000, minutes=4)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["detail"] == {
        "startTime": "2025-06-15T15:11:00Z",
        "endTime": "2025-06-15T15:11:30Z",
        "newDesiredCapacity": 8,
        "oldDesiredCapacity": 1,
        "minCapacity": 1,
        "maxCapacity": 8,
        "resourceId": RESOURCE,
        "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "serviceNamespace": "sagemaker",
        "statusCode": "Successful",
        "scaledToMax": True,
        "direction": "scale-out",
    }


def test_registering_brings_the_capacity_into_the_bounds(scene):
    """The causes are those of published activities of scheduled actions."""
    scene.register(low=3)
    scene.minutes(1)
    assert scene.count() == 3
    scene.register(low=1, high=2)
    scene.minutes(1)
    assert scene.count() == 2
    assert [one["Cause"] for one in scene.activities()] == [
        "minimum capacity was set to 3",
        "maximum capacity was set to 2",
    ]


@pytest.mark.parametrize(("suspended", "count"), [({"DynamicScalingOutSuspended": True}, 1), ({}, 2)])
def test_suspended_scaling_does_nothing(scene, suspended, count):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html"""
    scene.register(SuspendedState=suspended)
    scene.track()
    assert scene.load(140, minutes=4)[-1] == count


def test_while_the_endpoint_is_updated_scaling_fails_and_says_why(scene):
    """What SageMaker refuses is the activity's StatusMessage; that it is told once only is ours."""
    scene.track()
    scene.load(140, minutes=2)
    scene.aws.config("config-2", variants=[variant()])
    scene.minutes(0.9)
    scene.aws.sagemaker.update_endpoint(EndpointName="fraud", EndpointConfigName="config-2")
    scene.cloudwatch.put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[{"MetricName": "InvocationsPerInstance", "Dimensions": DIMENSIONS, "Value": 140.0}],
    )
    scene.minutes(0.1)
    (failed,) = scene.activities()
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith("Failed to set desired instance count to 2. Reason: Cannot update")
    assert scene.load(140, minutes=2)[-1] == 2
    assert [one["StatusCode"] for one in scene.activities()] == ["Failed", "Successful"]


STEPS = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]


def backlog_alarm(scene, policy_arn, threshold=5.0):
    scene.cloudwatch.put_metric_alarm(
        AlarmName="backlog",
        Namespace="AWS/SageMaker",
        MetricName="Backlog",
        Dimensions=DIMENSIONS,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[policy_arn],
    )


@pytest.mark.parametrize(("backlog", "count"), [(4, 1), (5, 2), (14.9, 2), (15, 4), (100, 4)])
def test_a_step_policy_adds_what_its_step_says(scene, backlog, count):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html"""
    backlog_alarm(scene, scene.step(STEPS))
    scene.load(backlog, metric="Backlog")
    scene.minutes(0.5)
    assert scene.count() == count


def test_a_larger_step_in_the_cooldown_adds_only_the_difference(scene):
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html"""
    backlog_alarm(scene, scene.step(STEPS, Cooldown=600))
    assert scene.load(6, minutes=3, metric="Backlog") == [1, 2, 2]
    assert scene.load(50, minutes=2, metric="Backlog") == [2, 4]
    (described,) = scene.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [one["AlarmName"] for one in described["Alarms"]] == ["backlog"]


def test_scheduled_actions_move_the_bounds_at_their_time(scene):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html"""

    def schedule(name, expression, low, high, **more):
        scene.scaling.put_scheduled_action(
            **TARGET,
            ScheduledActionName=name,
            Schedule=expression,
            ScalableTargetAction={"MinCapacity": low, "MaxCapacity": high},
            **more,
        )

    schedule("busy", "cron(0 18 * * ? *)", 4, 8, Timezone="Europe/Berlin")  # 16:00 UTC in June
    schedule("once", "at(2025-06-15T17:00:00)", 1, 2)
    found = []
    for _ in range(3):
        scene.minutes(60)
        found.append(scene.count())
    (target,) = scene.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (found, target["MinCapacity"], target["MaxCapacity"]) == ([4, 2, 2], 1, 2)
    assert [one["Cause"] for one in scene.activities()] == [
        "minimum capacity was set to 4",
        "maximum capacity was set to 2",
    ]
    with pytest.raises(scene.scaling.exceptions.ValidationException, match="schedule"):
        schedule("never", "whenever", 1, 2)


def test_several_policies_scale_out_for_any_and_in_for_all(scene):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html"""
    scene.track("first")
    scene.track(
        "second",
        PredefinedMetricSpecification={
            "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
        },
    )
    assert scene.load(140, minutes=4)[-1] == 2
    assert scene.load(20, minutes=20)[-1] == 2  # the second sees no data, and so is not ready to scale in


def test_a_customized_metric_may_be_metric_math(scene):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html"""
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Backlog", "Dimensions": DIMENSIONS}
    customized = {
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
        ]
    }
    configuration = {key: value for key, value in TRACKING.items() if key != "PredefinedMetricSpecification"}
    scene.scaling.put_scaling_policy(
        **TARGET,
        PolicyName="math",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration | {"CustomizedMetricSpecification": customized},
    )
    assert scene.load(70, minutes=4, metric="Backlog")[-1] == 2


def test_provisioned_concurrency_scales(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-autoscale.html"""
    config = {
        "VariantName": "AllTraffic",
        "ModelName": "model",
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 20, "ProvisionedConcurrency": 2},
    }
    scene = Scene(aws, config)
    target = TARGET | {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}
    scene.register(low=1, high=10, target=target)
    metric = {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}
    scene.track(target=target, TargetValue=0.5, PredefinedMetricSpecification=metric)
    for _ in range(4):
        scene.cloudwatch.put_metric_data(
            Namespace="AWS/SageMaker",
            MetricData=[
                {"MetricName": "ServerlessProvisionedConcurrencyUtilization", "Dimensions": DIMENSIONS, "Value": 1.0}
            ],
        )
        scene.minutes(1)
    assert scene.variant()["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 4
    assert scene.told() == [("Successful", "Setting desired provisioned concurrency to 4.")]


def test_an_inference_component_that_is_not_there_cannot_be_registered(scene):
    with pytest.raises(scene.scaling.exceptions.ValidationException, match="inference component not found"):
        scene.scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId="inference-component/none",
            ScalableDimension="sagemaker:inference-component:DesiredCopyCount",
            MinCapacity=1,
            MaxCapacity=2,
        )


def test_a_restarted_cloud_has_scaled_as_before_and_goes_on(tmp_path):
    time = ManualTime(START)
    times = TransitionTimes(endpoint_updating_seconds=30)
    with in_process_cloud(tmp_path, time_source=time, load_models=False, times=times) as address:
        scene = Scene(Aws(address.url, time))
        scene.register()
        scene.track()
        scene.load(140, minutes=4)
        before = (scene.activities(), scene.count(), scene.cloudwatch.describe_alarms()["MetricAlarms"])
    with in_process_cloud(tmp_path, time_source=time, load_models=False, times=times) as address:
        scene.aws = Aws(address.url, time)
        scene.scaling = scene.aws.client("application-autoscaling")
        scene.cloudwatch = scene.aws.client("cloudwatch")
        assert (scene.activities(), scene.count(), scene.cloudwatch.describe_alarms()["MetricAlarms"]) == before
        assert ACCOUNT in scene.cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
        assert scene.load(140, minutes=4)[-1] == 4


def test_copies_of_an_inference_component_scale(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html"""
    variant_config = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    aws.model()
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName="shared", ProductionVariants=[variant_config], ExecutionRoleArn=aws.role()
    )
    aws.sagemaker.create_endpoint(EndpointName="shared", EndpointConfigName="shared")
    aws.time.advance(MINUTE)
    needs = {"MinMemoryRequiredInMb": 1024, "NumberOfCpuCoresRequired": 1.0}
    aws.sagemaker.create_inference_component(
        InferenceComponentName="one",
        EndpointName="shared",
        VariantName="AllTraffic",
        Specification={"ModelName": "model", "ComputeResourceRequirements": needs},
        RuntimeConfig={"CopyCount": 1},
    )
    aws.time.advance(MINUTE)
    scaling, cloudwatch = aws.client("application-autoscaling"), aws.client("cloudwatch")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "inference-component/one",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "SageMakerInferenceComponentInvocationsPerCopy"}
    scaling.put_scaling_policy(
        **target,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 5.0, "PredefinedMetricSpecification": metric},
    )
    for _ in range(4):
        datum = {
            "MetricName": "InvocationsPerCopy",
            "Dimensions": [{"Name": "InferenceComponentName", "Value": "one"}],
            "Value": 15.0,
        }
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])
        aws.time.advance(MINUTE)
    described = aws.sagemaker.describe_inference_component(InferenceComponentName="one")
    assert described["RuntimeConfig"]["DesiredCopyCount"] == 3
    (activity,) = scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert (activity["StatusCode"], activity["Description"]) == ("Successful", "Setting desired copy count to 3.")
