"""Other values of the inputs that a sample's own `updates` leave out, and excuses of those that have none.

Beside the samples, which show what programs write, this table sees to it that no input is forgotten.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.functional.provider.sample import ACCOUNT, ROLE_ARN, TOPIC_ARN, Sample, policy

FIFO_ONLY = "AWS takes it for FIFO topics only, and a topic stays what it is"
OTHER_ACTIONS = [f"{TOPIC_ARN}-other"]
FEEDBACK = {
    f"{protocol}{part}": value
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for part, value in (
        ("FailureFeedbackRoleArn", ROLE_ARN),
        ("SuccessFeedbackRoleArn", ROLE_ARN),
        ("SuccessFeedbackSampleRate", 50.0),
    )
}


@dataclass(frozen=True)
class OtherValues:
    """Additions to a type's first sample; see `Sample`."""

    together: tuple[Mapping[str, Any], ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, str] = field(default_factory=dict)


def each(**values: Any) -> tuple[Mapping[str, Any], ...]:
    """One change for each input."""
    return tuple({name: value} for name, value in values.items())


OTHER_VALUES: Mapping[str, OtherValues] = {
    "aws:appautoscaling/policy:Policy": OtherValues(
        together=(
            {
                "policyType": "StepScaling",
                "targetTrackingScalingPolicyConfiguration": None,
                "stepScalingPolicyConfiguration": {
                    "adjustmentType": "ChangeInCapacity",
                    "cooldown": 60.0,
                    "metricAggregationType": "Average",
                    "stepAdjustments": [{"metricIntervalLowerBound": "0", "scalingAdjustment": 1.0}],
                },
            },
        ),
        excused={"predictiveScalingPolicyConfiguration": "of ECS services only, by the API's reference"},
    ),
    "aws:appautoscaling/target:Target": OtherValues(
        together=each(
            suspendedState={
                "dynamicScalingInSuspended": True,
                "dynamicScalingOutSuspended": True,
                "scheduledScalingSuspended": True,
            },
            tags={"a": "c", "d": "e"},
        ),
        excused={"roleArn": "AWS uses its service-linked role, whatever is given"},
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": OtherValues(
        together=each(
            actionsEnabled=False,
            alarmActions=OTHER_ACTIONS,
            insufficientDataActions=OTHER_ACTIONS,
            okActions=OTHER_ACTIONS,
            actionsSuppressor={"alarm": "dev-tumor-5xx", "extensionPeriod": 90.0, "waitPeriod": 240.0},
        ),
        excused={"tags": "moto tags no composite alarm once it stands"},
    ),
    "aws:cloudwatch/logGroup:LogGroup": OtherValues(
        excused={
            "deletionProtectionEnabled": "moto has no request PutLogGroupDeletionProtection",
            "kmsKeyId": "moto has no request AssociateKmsKey",
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": OtherValues(
        together=(
            *each(
                actionsEnabled=False,
                comparisonOperator="LessThanThreshold",
                datapointsToAlarm=2.0,
                evaluationPeriods=6.0,
                insufficientDataActions=OTHER_ACTIONS,
                metricName="ModelLatency",
                namespace="Other",
                okActions=OTHER_ACTIONS,
                period=300.0,
                statistic="Maximum",
                tags={"team": "surgery"},
                treatMissingData="breaching",
                unit="Count",
            ),
            {"statistic": None, "extendedStatistic": "p99", "evaluateLowSampleCountPercentiles": "ignore"},
        ),
        excused={
            "metricQueries": "another alarm's sample changes it",
            "thresholdMetricId": "of anomaly detection, which the local AWS does not have",
            **dict.fromkeys(
                ("evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"),
                "of alarms on queries in PromQL, which the local AWS does not evaluate",
            ),
        },
    ),
    "aws:iam/role:Role": OtherValues(
        together=each(
            maxSessionDuration=7200.0,
            permissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess",
            tags={"team": "surgery"},
        )
    ),
    "aws:kms/key:Key": OtherValues(
        together=(
            *each(
                policy=policy("other", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, action="kms:*"),
                tags={"team": "surgery"},
            ),
            {"enableKeyRotation": True, "rotationPeriodInDays": 180.0},
        ),
        unseen={"rotationPeriodInDays": "moto does not tell it"},
        excused={"bypassPolicyLockoutSafetyCheck": "goes with a policy, and is told nowhere"},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": OtherValues(
        excused={"transitionDefaultMinimumObjectSize": "moto keeps none"}
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": OtherValues(
        together=each(blockPublicAcls=False, blockPublicPolicy=False, ignorePublicAcls=False)
    ),
    "aws:s3/bucketVersioning:BucketVersioning": OtherValues(excused={"mfa": "a device's code, which is told nowhere"}),
    "aws:sagemaker/endpoint:Endpoint": OtherValues(
        together=each(
            tags={"team": "surgery"},
            deploymentConfig={
                "rollingUpdatePolicy": {
                    "maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 50.0},
                    "waitIntervalInSeconds": 60.0,
                }
            },
        ),
        unseen={"deploymentConfig": "goes with an update, and AWS tells the last one"},
    ),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": OtherValues(together=each(tags={"team": "surgery"})),
    "aws:sns/topic:Topic": OtherValues(
        together=each(
            **FEEDBACK,
            deliveryPolicy='{"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}',
            kmsMasterKeyId="alias/other",
            signatureVersion=2.0,
            tracingConfig="Active",
        ),
        excused={
            **dict.fromkeys(("archivePolicy", "contentBasedDeduplication", "fifoThroughputScope"), FIFO_ONLY),
            "maximumMessageSize": "moto has no such attribute",
            "policy": "a resource of its own, TopicPolicy, whose sample changes it",
        },
        unseen=dict.fromkeys((*FEEDBACK, "signatureVersion", "tracingConfig"), "moto takes it and does not tell it"),
    ),
    "aws:sns/topicSubscription:TopicSubscription": OtherValues(
        together=each(
            redrivePolicy=f'{{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}}',
            deliveryPolicy='{"healthyRetryPolicy": {"numRetries": 5}}',
            subscriptionRoleArn=ROLE_ARN,
        ),
        excused={
            "filterPolicyScope": "moto cannot take it away again",
            "confirmationTimeoutInMinutes": "how long the provider waits",
            "replayPolicy": "of subscriptions to FIFO topics",
        },
    ),
}


def with_other_values(samples: Iterable[Sample]) -> Iterator[Sample]:
    """The samples, the first of each type with the table's additions."""
    seen = set()
    for sample in samples:
        added = OTHER_VALUES.get(sample.token)
        if added is None or sample.token in seen:
            yield sample
        else:
            seen.add(sample.token)
            yield dataclasses.replace(
                sample,
                together=(*sample.together, *added.together),
                unseen={**sample.unseen, **added.unseen},
                excused={**sample.excused, **added.excused},
            )
