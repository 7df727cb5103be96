"""Samples of aws-native's types beside SageMaker: what programs pair with its endpoints."""

from __future__ import annotations

import json
from typing import Any

from tests.functional.provider import native_samples
from tests.functional.provider.sample import ACCOUNT, BUCKET, EXECUTION_ROLE, ROLE_ARN, TOPIC_ARN, Sample

REGION = "us-east-1"
TEAM, OTHER_TEAM = native_samples.TEAM, native_samples.OTHER_TEAM
TOPIC_TYPE = "aws-native:sns:Topic"
GROUP = "/greenroom/native"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms"
NO_TELLING = "moto takes it and does not tell it"
ELSEWHERE = "a part of the bucket that aws.s3 has as a type"
TARGET = {
    "resourceId": "endpoint/dev-tumor/variant/main",
    "serviceNamespace": "sagemaker",
    "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
PREDEFINED = {"predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
ALARM: dict[str, Any] = {
    "alarmName": "native-5xx",
    "alarmDescription": "The model answers with errors.",
    "namespace": "AWS/SageMaker",
    "metricName": "Invocation5XXErrors",
    "dimensions": [{"name": "EndpointName", "value": "dev-tumor"}, {"name": "VariantName", "value": "main"}],
    "statistic": "Sum",
    "period": 60.0,
    "evaluationPeriods": 5.0,
    "datapointsToAlarm": 3.0,
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 1.5,
    "treatMissingData": "notBreaching",
    "alarmActions": [TOPIC_ARN],
    "tags": TEAM,
}
METRICS = [
    {"id": "rate", "expression": "errors * 100", "label": "errors", "returnData": True},
    {
        "id": "errors",
        "metricStat": {
            "metric": {
                "metricName": "Invocation5XXErrors",
                "namespace": "AWS/SageMaker",
                "dimensions": [{"name": "EndpointName", "value": "dev-tumor"}],
            },
            "period": 60.0,
            "stat": "Sum",
        },
        "returnData": False,
    },
]


def document(sid: str, principal: Any = None, resource: str = "*", action: str = "s3:GetObject") -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    if principal is not None:
        statement["Principal"] = principal
    if action.startswith("sts:"):
        del statement["Resource"]
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> dict[str, Any]:
    return document("trust", {"Service": service}, action="sts:AssumeRole")


OTHER_ACTIONS = [f"{TOPIC_ARN}-other"]
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
FIXED_KEY = "CloudFormation fails such an update, lest a key is lost, and so does the provider"

SAMPLES = (
    Sample(
        "aws-native:cloudwatch:Alarm",
        ALARM,
        "native-5xx",
        updates={
            "alarmDescription": "Other.",
            "actionsEnabled": False,
            "alarmActions": OTHER_ACTIONS,
            "comparisonOperator": "LessThanThreshold",
            "datapointsToAlarm": 2.0,
            "dimensions": ALARM["dimensions"][:1],
            "evaluationPeriods": 6.0,
            "insufficientDataActions": OTHER_ACTIONS,
            "metricName": "ModelLatency",
            "namespace": "Other",
            "okActions": OTHER_ACTIONS,
            "period": 300.0,
            "statistic": "Maximum",
            "tags": OTHER_TEAM,
            "threshold": 2.5,
            "treatMissingData": "breaching",
            "unit": "Count",
        },
        together=(
            {"statistic": None, "extendedStatistic": "p99", "evaluateLowSampleCountPercentile": "ignore"},
            {**dict.fromkeys(("namespace", "metricName", "dimensions", "statistic", "period")), "metrics": METRICS},
        ),
        excused={
            "thresholdMetricId": "of anomaly detection, which the local AWS does not have",
            **dict.fromkeys(
                ("evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"),
                "of alarms on queries in PromQL, which the local AWS does not evaluate",
            ),
        },
        replaces={"alarmName": "other"},
    ),
    Sample(
        "aws-native:cloudwatch:CompositeAlarm",
        {"alarmName": "native-any", "alarmRule": 'ALARM("native-5xx")', "alarmActions": [TOPIC_ARN]},
        "native-any",
        needs=(("aws-native:cloudwatch:Alarm", ALARM),),
        updates={
            "alarmRule": 'NOT ALARM("native-5xx")',
            "alarmDescription": "Any.",
            "actionsEnabled": False,
            "alarmActions": OTHER_ACTIONS,
            "insufficientDataActions": OTHER_ACTIONS,
            "okActions": OTHER_ACTIONS,
        },
        together=(
            {
                "actionsSuppressor": "native-5xx",
                "actionsSuppressorExtensionPeriod": 60.0,
                "actionsSuppressorWaitPeriod": 120.0,
            },
        ),
        excused={"tags": "moto tags no composite alarm once it stands"},
        replaces={"alarmName": "other"},
    ),
    Sample(
        "aws-native:cloudwatch:Dashboard",
        {"dashboardName": "native", "dashboardBody": json.dumps({"widgets": []})},
        "native",
        updates={"dashboardBody": json.dumps({"widgets": [], "start": "-PT1H"})},
        replaces={"dashboardName": "other"},
    ),
    Sample(
        "aws-native:logs:LogGroup",
        {"logGroupName": GROUP, "retentionInDays": 30.0, "tags": TEAM},
        GROUP,
        updates={"retentionInDays": 90.0, "tags": OTHER_TEAM},
        together=({"retentionInDays": None},),
        excused={
            "deletionProtectionEnabled": "moto has no request PutLogGroupDeletionProtection",
            "kmsKeyId": "moto has no request AssociateKmsKey",
            "logGroupClass": "CloudFormation's reference: a class may change, and no request changes it",
        },
        replaces={"logGroupName": "/other"},
    ),
    Sample(
        "aws-native:applicationautoscaling:ScalableTarget",
        {**TARGET, "minCapacity": 1.0, "maxCapacity": 4.0, "tags": TEAM},
        "endpoint/dev-tumor/variant/main|sagemaker:variant:DesiredInstanceCount|sagemaker",
        needs=native_samples.STANDING_ENDPOINT,
        updates={
            "minCapacity": 2.0,
            "maxCapacity": 8.0,
            "suspendedState": {
                "dynamicScalingInSuspended": True,
                "dynamicScalingOutSuspended": True,
                "scheduledScalingSuspended": True,
            },
            "tags": OTHER_TEAM,
        },
        excused={"roleArn": "AWS uses its service-linked role, whatever is given"},
        replaces={"resourceId": "endpoint/dev-tumor/variant/other"},
    ),
    Sample(
        "aws-native:applicationautoscaling:ScalingPolicy",
        {
            **TARGET,
            "policyName": "invocations",
            "policyType": "TargetTrackingScaling",
            "targetTrackingScalingPolicyConfiguration": {"targetValue": 100.0, "scaleInCooldown": 300.0, **PREDEFINED},
        },
        needs=(
            *native_samples.STANDING_ENDPOINT,
            (
                "aws-native:applicationautoscaling:ScalableTarget",
                {**TARGET, "minCapacity": 1.0, "maxCapacity": 4.0},
            ),
        ),
        updates={"targetTrackingScalingPolicyConfiguration": {"targetValue": 50.0, **PREDEFINED}},
        together=(
            {
                "policyType": "StepScaling",
                "targetTrackingScalingPolicyConfiguration": None,
                "stepScalingPolicyConfiguration": {
                    "adjustmentType": "ChangeInCapacity",
                    "cooldown": 60.0,
                    "stepAdjustments": [{"metricIntervalLowerBound": 0.0, "scalingAdjustment": 1.0}],
                },
            },
        ),
        excused={"predictiveScalingPolicyConfiguration": "of ECS services only, by the API's reference"},
        replaces={"policyName": "other"},
    ),
    Sample(
        TOPIC_TYPE,
        {
            "topicName": "native",
            "displayName": "Native",
            "subscription": [{"protocol": "sqs", "endpoint": QUEUE_ARN}],
            "tags": TEAM,
        },
        f"arn:aws:sns:{REGION}:{ACCOUNT}:native",
        updates={
            "displayName": "Other",
            "kmsMasterKeyId": "alias/other",
            "subscription": [{"protocol": "sqs", "endpoint": f"{QUEUE_ARN}-2"}],
            "signatureVersion": "2",
            "tracingConfig": "Active",
            "tags": OTHER_TEAM,
        },
        unseen=dict.fromkeys(("signatureVersion", "tracingConfig"), NO_TELLING),
        excused={
            **dict.fromkeys(
                ("archivePolicy", "contentBasedDeduplication", "fifoThroughputScope"),
                "AWS takes it for FIFO topics only, and a topic stays what it is",
            ),
            "maximumMessageSize": "moto has no such attribute",
        },
        replaces={"topicName": "other"},
    ),
    Sample(
        "aws-native:sns:Subscription",
        {
            "topicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:native",
            "protocol": "sqs",
            "endpoint": QUEUE_ARN,
            "rawMessageDelivery": True,
            "filterPolicy": {"state": ["ALARM"]},
        },
        needs=((TOPIC_TYPE, {"topicName": "native"}),),
        updates={
            "rawMessageDelivery": False,
            "filterPolicy": {"state": ["OK"]},
            "deliveryPolicy": {"healthyRetryPolicy": {"numRetries": 5}},
            "redrivePolicy": {"deadLetterTargetArn": f"{QUEUE_ARN}-dead"},
            "subscriptionRoleArn": ROLE_ARN,
        },
        excused={
            "filterPolicyScope": "moto cannot take it away again",
            "replayPolicy": "of subscriptions to FIFO topics",
        },
        replaces={"endpoint": f"{QUEUE_ARN}-2"},
    ),
    Sample(
        "aws-native:sns:TopicInlinePolicy",
        {
            "topicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:native",
            "policyDocument": document("one", {"Service": "cloudwatch.amazonaws.com"}, "*", "sns:Publish"),
        },
        f"arn:aws:sns:{REGION}:{ACCOUNT}:native",
        needs=((TOPIC_TYPE, {"topicName": "native"}),),
        updates={"policyDocument": document("two", {"Service": "cloudwatch.amazonaws.com"}, "*", "sns:Publish")},
        remains=True,
    ),
    Sample(
        "aws-native:iam:Role",
        {
            "roleName": "native",
            "assumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "description": "Runs models.",
            "policies": [{"policyName": "read", "policyDocument": document("read")}],
            "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "tags": TEAM,
        },
        "native",
        updates={
            "assumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "description": "Runs functions.",
            "maxSessionDuration": 7200.0,
            "permissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "policies": [{"policyName": "write", "policyDocument": document("write", action="s3:PutObject")}],
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
            "tags": OTHER_TEAM,
        },
        replaces={"path": "/models/"},
    ),
    Sample(
        "aws-native:iam:RolePolicy",
        {"roleName": "execution", "policyName": "read", "policyDocument": document("read")},
        "read|execution",
        needs=(EXECUTION_ROLE,),
        updates={"policyDocument": document("other")},
        replaces={"policyName": "other"},
    ),
    Sample(
        "aws-native:iam:ManagedPolicy",
        {
            "managedPolicyName": "native",
            "policyDocument": document("read"),
            "description": "Reads.",
            "roles": ["execution"],
        },
        f"arn:aws:iam::{ACCOUNT}:policy/native",
        needs=(
            EXECUTION_ROLE,
            ("aws-native:iam:Role", {"roleName": "second", "assumeRolePolicyDocument": trust("lambda.amazonaws.com")}),
        ),
        updates={"policyDocument": document("other"), "roles": ["second"]},
        excused=dict.fromkeys(("groups", "users"), "as roles"),
        replaces={"description": "Other."},
    ),
    Sample(
        "aws-native:kms:Key",
        {
            "description": "Artifacts.",
            "enableKeyRotation": True,
            "keyPolicy": document("root", ROOT, action="kms:*"),
            "pendingWindowInDays": 7.0,
            "tags": TEAM,
        },
        updates={
            "description": "Other.",
            "enableKeyRotation": False,
            "enabled": False,
            "keyPolicy": document("other", ROOT, action="kms:*"),
            "pendingWindowInDays": 14.0,
            "rotationPeriodInDays": 180.0,
            "tags": OTHER_TEAM,
        },
        unread=("pendingWindowInDays",),
        unseen={"rotationPeriodInDays": "write-only in CloudFormation's schema"},
        excused={
            "bypassPolicyLockoutSafetyCheck": "goes with a policy, and is told nowhere",
            **dict.fromkeys(("keySpec", "keyUsage", "multiRegion", "origin"), FIXED_KEY),
        },
    ),
    Sample(
        "aws-native:s3:Bucket",
        {
            "bucketName": BUCKET,
            "bucketEncryption": {
                "serverSideEncryptionConfiguration": [
                    {"bucketKeyEnabled": True, "serverSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
                ]
            },
            "versioningConfiguration": {"status": "Enabled"},
            "publicAccessBlockConfiguration": {
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
            "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
            "lifecycleConfiguration": {
                "rules": [
                    {
                        "id": "old",
                        "status": "Enabled",
                        "prefix": "capture/",
                        "expirationInDays": 90.0,
                        "transitions": [{"storageClass": "STANDARD_IA", "transitionInDays": 30.0}],
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
                    }
                ]
            },
            "tags": TEAM,
        },
        BUCKET,
        updates={
            "bucketEncryption": {
                "serverSideEncryptionConfiguration": [{"serverSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
            },
            "versioningConfiguration": {"status": "Suspended"},
            "publicAccessBlockConfiguration": {
                "blockPublicAcls": True,
                "blockPublicPolicy": False,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": False,
            },
            "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerPreferred"}]},
            "lifecycleConfiguration": {"rules": [{"id": "old", "status": "Disabled", "expirationInDays": 30.0}]},
            "tags": OTHER_TEAM,
        },
        together=({"lifecycleConfiguration": None}, {"publicAccessBlockConfiguration": None}),
        excused={"objectLockEnabled": "of a new bucket; CloudFormation's reference lets it change, and needs a token"},
        replaces={"bucketName": "other-bucket"},
    ),
    Sample(
        "aws-native:s3:BucketPolicy",
        {"bucket": BUCKET, "policyDocument": document("one", ROOT, f"arn:aws:s3:::{BUCKET}/*")},
        BUCKET,
        needs=(("aws-native:s3:Bucket", {"bucketName": BUCKET}),),
        updates={"policyDocument": document("two", ROOT, f"arn:aws:s3:::{BUCKET}/*")},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws-native:events:EventBus",
        {"name": "native", "description": "Models.", "tags": TEAM},
        "native",
        updates={"description": "Other.", "tags": OTHER_TEAM},
        excused={
            "deadLetterConfig": "moto keeps none",
            "eventSourceName": "of a partner's bus",
            "kmsKeyIdentifier": "moto keeps none",
            "logConfig": "moto keeps none",
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws-native:events:Rule",
        {
            "name": "native",
            "description": "Approved models.",
            "eventPattern": {"source": ["aws.sagemaker"]},
            "state": "ENABLED",
            "targets": [{"id": "alarms", "arn": QUEUE_ARN}],
            "tags": TEAM,
        },
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/native",
        updates={
            "description": "Other.",
            "eventPattern": {"source": ["aws.cloudwatch"]},
            "roleArn": ROLE_ARN,
            "state": "DISABLED",
            "targets": [{"id": "other", "arn": QUEUE_ARN, "inputPath": "$.detail"}],
            "tags": OTHER_TEAM,
        },
        together=({"eventPattern": None, "scheduleExpression": "rate(1 hour)"},),
        replaces={"name": "other"},
    ),
)
