"""Rollouts in time: traffic moves phase by phase, alarms are watched, and what fails goes back.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from __future__ import annotations

import json

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.cloud.stage import TransitionTimes
from tests.functional.cloud.conftest import ACCOUNT, Aws, variant
from tests.functional.cloud.rollout import CREATING, DONE, Rollout, baking, blue_green, instances, percent, rolling

pytestmark = pytest.mark.slow  # a cloud a test

DOCUMENTED_WAITS = TransitionTimes(rollout_wait_factor=1.0)


@pytest.fixture(scope="module")
def cloud():
    """One cloud for all: every test has an endpoint, and alarms, of its own."""
    time = ManualTime()
    with in_process_cloud(time_source=time, load_models=False, times=DOCUMENTED_WAITS) as address:
        aws = Aws(address.url, time)
        aws.model()
        yield aws


@pytest.mark.parametrize(
    ("deployment", "moments", "states"),
    [
        (
            blue_green("ALL_AT_ONCE"),
            (0, 0.2, 119.9, 0.1),
            [CREATING, baking(4), baking(4), DONE],
        ),
        (
            blue_green("CANARY", CanarySize=percent(25)),
            (0, 0.2, 599.9, 0.1, 119.9, 0.1),
            [CREATING, baking(1), baking(1), baking(4), baking(4), DONE],
        ),
        (
            blue_green("LINEAR", LinearStepSize=instances(2), termination_wait=0),
            (0, 0.2, 600),
            [CREATING, baking(2), DONE],
        ),
        (
            rolling(percent(50)),
            (0, 0.2, 600, 600),
            [CREATING, baking(2), baking(4), DONE],
        ),
    ],
    ids=["all-at-once", "canary", "linear", "rolling"],
)
def test_traffic_moves_when_the_deployment_configuration_says(cloud, deployment, moments, states):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html ."""
    rollout = Rollout(cloud)
    rollout.begin(deployment)
    assert rollout.seen(*moments) == states
    assert rollout.describe()["LastDeploymentConfig"] == deployment


def test_the_pending_deployment_is_described_as_aws_does(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html has the messages."""
    rollout = Rollout(cloud, instance_count=3)
    rollout.begin(blue_green("CANARY", CanarySize=instances(1)))
    began = cloud.time.time()
    cloud.time.advance(1)
    told = rollout.describe()
    (live,), pending = told["ProductionVariants"], told["PendingDeploymentSummary"]
    assert (live["CurrentInstanceCount"], live["DesiredInstanceCount"], "VariantStatus" in live) == (3, 3, False)
    assert (pending["EndpointConfigName"], round(pending["StartTime"].timestamp())) == (rollout.new, round(began))
    (variant_,) = pending["ProductionVariants"]
    del variant_["DeployedImages"], variant_["VariantStatus"][0]["StartTime"]
    assert variant_ == {
        "VariantName": "AllTraffic",
        "CurrentWeight": 1.0,
        "DesiredWeight": 1.0,
        "CurrentInstanceCount": 1,
        "DesiredInstanceCount": 3,
        "InstanceType": "ml.m5.large",
        "VariantStatus": [
            {
                "Status": "Baking",
                "StatusMessage": "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary "
                "capacity of 1 instance(s).",
            }
        ],
    }


def test_a_rolling_update_takes_old_instances_away_as_new_ones_come(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html ."""
    rollout = Rollout(cloud)
    rollout.begin(rolling(instances(1)))
    old = []
    for seconds in (0.2, 600, 600, 600):
        cloud.time.advance(seconds)
        old.append(rollout.describe()["ProductionVariants"][0]["CurrentInstanceCount"])
    assert old == [3, 2, 1, 0]


@pytest.mark.parametrize("moment", [0.2, 719])
def test_trap_03_an_alarm_that_rings_at_any_time_of_the_rollout_brings_the_old_fleet_back(cloud, moment):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html ; a guessed wording."""
    rollout = Rollout(cloud)
    alarm = rollout.alarm()
    rollout.begin(blue_green("CANARY", alarm, CanarySize=percent(25)))
    cloud.time.advance(moment)
    assert rollout.state()[0] == "Updating"
    rollout.ring(alarm)
    assert rollout.state() == ("RollingBack", "Deleting", 0)
    cloud.time.advance(0.2)
    assert rollout.state() == ("InService", "old")
    assert rollout.describe()["FailureReason"] == (
        "The deployment was rolled back because the following CloudWatch alarm(s) of its auto-rollback configuration "
        f"went into the ALARM state: [{alarm}]."
    )


def test_an_alarm_that_rings_before_traffic_moves_stops_the_rollout_at_its_first_phase(cloud):
    """A guess: AWS says what happens when alarms trip in a baking period, and nothing of one that rings already."""
    rollout = Rollout(cloud)
    alarm = rollout.alarm()
    rollout.ring(alarm)
    rollout.begin(blue_green("ALL_AT_ONCE", alarm, termination_wait=0))
    assert rollout.seen(0, 0.2, 0.2) == [CREATING, ("RollingBack", "Deleting", 0), ("InService", "old")]


def test_an_alarm_that_rings_after_the_rollout_or_that_is_not_there_changes_nothing(cloud):
    rollout = Rollout(cloud)
    alarm = rollout.alarm()
    rollout.begin(blue_green("ALL_AT_ONCE", alarm, f"{rollout.name}-missing"))
    cloud.time.advance(121)
    rollout.ring(alarm)
    assert rollout.state() == DONE


def test_advancing_over_the_whole_rollout_finds_the_alarm_that_rang_in_the_middle_of_it(cloud):
    rollout = Rollout(cloud)
    alarm = rollout.alarm()
    rollout.begin(blue_green("CANARY", alarm, CanarySize=percent(25)))
    cloud.time.advance(300)
    rollout.ring(alarm)
    cloud.time.advance(3600)
    told = rollout.describe()
    assert (told["EndpointStatus"], told["EndpointConfigName"]) == ("InService", rollout.old)


def test_a_rollout_past_its_maximum_execution_timeout_is_rolled_back(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html ; a guessed wording."""
    rollout = Rollout(cloud)
    rollout.begin(blue_green("CANARY", CanarySize=percent(25), limit=610, termination_wait=60))
    assert rollout.seen(600.2, 9.9) == [baking(4), ("RollingBack", "Deleting", 0)]
    cloud.time.advance(1)
    assert "did not complete within 610 seconds" in rollout.describe()["FailureReason"]


def test_a_rolling_update_whose_old_model_is_gone_cannot_go_back(cloud):
    """ "UpdateRollbackFailed: Both the rolling deployment and auto-rollback failed":
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html ; that a deleted model is a
    reason is a guess.
    """
    cloud.model("short-lived")
    name = "cannot-go-back"
    cloud.config(f"{name}-first", variants=[variant(model="short-lived", InitialInstanceCount=4)])
    rollout = Rollout(cloud, name=name)
    cloud.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-first")
    cloud.time.advance(1)
    cloud.sagemaker.delete_model(ModelName="short-lived")
    alarm = rollout.alarm()
    rollout.begin(rolling(percent(50), alarm))
    cloud.time.advance(1)
    rollout.ring(alarm)
    cloud.time.advance(1)
    told = rollout.describe()
    assert told["EndpointStatus"] == "UpdateRollbackFailed"
    assert f'Could not find model "arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/short-lived".' in told["FailureReason"]
    cloud.sagemaker.delete_endpoint(EndpointName=name)


def test_instances_whose_model_is_gone_cannot_be_added(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-delete-resources.html ; a guessed wording."""
    cloud.model("deleted-early")
    name = "cannot-grow"
    cloud.config(name, variants=[variant(model="deleted-early")])
    cloud.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    cloud.time.advance(1)
    cloud.sagemaker.delete_model(ModelName="deleted-early")
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    cloud.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=wanted)
    cloud.time.advance(1)
    told = cloud.sagemaker.describe_endpoint(EndpointName=name)
    assert (told["EndpointStatus"], told["ProductionVariants"][0]["CurrentInstanceCount"]) == ("InService", 1)
    assert "Could not find model" in told["FailureReason"]


def test_a_change_of_counts_is_told_on_the_live_variant(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html , second example."""
    rollout = Rollout(cloud, instance_count=3)
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 6, "DesiredWeight": 2.0}]
    cloud.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=rollout.name, DesiredWeightsAndCapacities=wanted
    )
    told = rollout.describe()
    (one,) = told["ProductionVariants"]
    (status,) = one["VariantStatus"]
    assert (one["CurrentInstanceCount"], one["DesiredInstanceCount"]) == (3, 6)
    assert (one["CurrentWeight"], one["DesiredWeight"]) == (1.0, 2.0)
    assert (status["Status"], status["StatusMessage"]) == ("Updating", "Scaling out desired instance count to 6.")
    assert "PendingDeploymentSummary" not in told


def test_event_bridge_hears_of_every_state_and_every_step(cloud):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html ."""
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:told"
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    events.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": queue}])
    rollout = Rollout(cloud, instance_count=2)
    rollout.begin(blue_green("CANARY", CanarySize=instances(1)))
    cloud.time.advance(3600)
    rollout.describe()
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(one["Body"]) for one in messages]
    events.remove_targets(Rule="told", Ids=["queue"])
    seen = [_told(body) for body in bodies if body["detail"]["EndpointName"] == rollout.name]
    state, step = "SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"
    canary, full = "canary capacity of 1 instance(s).", "full capacity of 2 instance(s)."
    assert seen == [
        (state, "CREATING", None),
        (step, "CREATING", "Launching 2 instance(s)."),
        (state, "IN_SERVICE", None),
        (state, "UPDATING", None),
        (step, "UPDATING", "Launching 2 instance(s)."),
        (step, "UPDATING", f"Activating traffic on {canary}"),
        (step, "UPDATING", f"Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on {canary}"),
        (step, "UPDATING", f"Activating traffic on {full}"),
        (step, "UPDATING", f"Baking for 120 seconds (TerminationWaitInSeconds) with traffic enabled on {full}"),
        (state, "IN_SERVICE", None),
    ]
    last = bodies[-1]
    assert (last["source"], last["account"], last["region"]) == ("aws.sagemaker", ACCOUNT, "us-east-1")
    assert last["resources"] == [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/{rollout.name}"]
    assert set(last["detail"]) == {
        "EndpointName",
        "EndpointArn",
        "EndpointConfigName",
        "ProductionVariants",
        "EndpointStatus",
        "CreationTime",
        "LastModifiedTime",
        "Tags",
    }


def _told(body):
    pending = body["detail"].get("PendingDeploymentSummary")
    message = None if pending is None else pending["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"]
    return body["detail-type"], body["detail"]["EndpointStatus"], message
