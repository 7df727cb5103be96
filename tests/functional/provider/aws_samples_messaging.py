"""Samples of SNS, EventBridge and SQS."""

from __future__ import annotations

import json

from tests.functional.provider.sample import ACCOUNT, ROLE_ARN, TOPIC_ARN, Sample, policy

TOPIC_TYPE = "aws:sns/topic:Topic"
RULE_TYPE = "aws:cloudwatch/eventRule:EventRule"
QUEUE_TYPE = "aws:sqs/queue:Queue"
QUEUE_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/alarms"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
QUEUE = (QUEUE_TYPE, {"name": "alarms"})
DEAD_LETTERS = (QUEUE_TYPE, {"name": "dead"})
RULE = (RULE_TYPE, {"name": "failed", "eventPattern": json.dumps({"source": ["aws.sagemaker"]})})
BUS = ("aws:cloudwatch/eventBus:EventBus", {"name": "models"})


def redrive(count: int) -> str:
    return json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": count})


SAMPLES = (
    Sample(
        TOPIC_TYPE,
        {"name": "alarms", "displayName": "Alarms", "kmsMasterKeyId": "alias/aws/sns", "tags": {"a": "b"}},
        TOPIC_ARN,
        updates={"displayName": "Other", "tags": {"a": "c"}},
        replaces={"name": "other"},
    ),
    Sample(
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": TOPIC_ARN, "policy": policy("one", {"Service": "cloudwatch.amazonaws.com"}, TOPIC_ARN, "sns:Publish")},
        TOPIC_ARN,
        needs=((TOPIC_TYPE, {"name": "alarms"}),),
        updates={"policy": policy("two", {"Service": "cloudwatch.amazonaws.com"}, TOPIC_ARN, "sns:Publish")},
        replaces={"arn": f"{TOPIC_ARN}-2"},
        remains=True,
    ),
    Sample(
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": TOPIC_ARN,
            "protocol": "sqs",
            "endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms",
            "rawMessageDelivery": True,
        },
        needs=((TOPIC_TYPE, {"name": "alarms"}),),
        updates={"rawMessageDelivery": False, "filterPolicy": json.dumps({"state": ["ALARM"]})},
        replaces={"endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:other"},
    ),
    Sample(
        "aws:cloudwatch/eventBus:EventBus",
        {"name": "models", "description": "what models tell", "tags": {"a": "b"}},
        "models",
        updates={
            "tags": {"a": "c"},
            "description": "other",
            "kmsKeyIdentifier": KEY,
            "deadLetterConfig": {"arn": QUEUE_ARN},
            "logConfig": {"includeDetail": "FULL", "level": "ERROR"},
        },
        replaces={"name": "other"},
    ),
    Sample(
        RULE_TYPE,
        {
            "name": "failed",
            "description": "an endpoint failed",
            "eventPattern": json.dumps({"source": ["aws.sagemaker"]}),
            "state": "ENABLED",
            "tags": {"a": "b"},
        },
        "failed",
        updates={
            "eventPattern": json.dumps({"source": ["aws.cloudwatch"]}),
            "description": "other",
            "state": "DISABLED",
            "roleArn": ROLE_ARN,
            "tags": {"c": "d"},
        },
        replaces={"name": "other", "eventBusName": "models"},
    ),
    Sample(
        RULE_TYPE,
        {"name": "nightly", "eventBusName": "default", "scheduleExpression": "rate(1 day)", "isEnabled": False},
        "nightly",
        updates={"scheduleExpression": "rate(2 days)", "isEnabled": True},
        replaces={"name": "other"},
    ),
    Sample(
        RULE_TYPE,
        {"name": "failed", "eventBusName": "models", "eventPattern": json.dumps({"source": ["greenroom"]})},
        "models/failed",
        needs=(BUS,),
    ),
    Sample(
        "aws:cloudwatch/eventTarget:EventTarget",
        {
            "rule": "failed",
            "targetId": "queue",
            "arn": QUEUE_ARN,
            "inputTransformer": {"inputPaths": {"time": "$.time"}, "inputTemplate": '{"at": <time>}'},
            "retryPolicy": {"maximumEventAgeInSeconds": 60.0, "maximumRetryAttempts": 2.0},
            "deadLetterConfig": {"arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"},
        },
        "failed-queue",
        needs=(QUEUE, RULE),
        updates={
            "arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead",
            "roleArn": ROLE_ARN,
            "retryPolicy": {"maximumEventAgeInSeconds": 120.0, "maximumRetryAttempts": 1.0},
            "deadLetterConfig": {"arn": QUEUE_ARN},
            "inputTransformer": {"inputTemplate": '"failed"'},
            "sqsTarget": {"messageGroupId": "models"},
        },
        together=({"inputTransformer": None, "input": '"failed"'}, {"inputTransformer": None, "inputPath": "$.detail"}),
        replaces={"targetId": "other", "rule": "other"},
        import_id="failed/queue",
        excused=dict.fromkeys(
            (
                "appsyncTarget",
                "batchTarget",
                "ecsTarget",
                "httpTarget",
                "kinesisTarget",
                "redshiftTarget",
                "runCommandTargets",
            ),
            "the local AWS delivers no events to targets of this kind",
        ),
    ),
    Sample(
        "aws:cloudwatch/eventTarget:EventTarget",
        {
            "rule": "failed",
            "targetId": "retrain",
            "arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/retrain",
            "roleArn": ROLE_ARN,
            "sagemakerPipelineTarget": {"pipelineParameterLists": [{"name": "Model", "value": "tumor"}]},
        },
        "failed-retrain",
        needs=(RULE,),
        updates={"sagemakerPipelineTarget": {"pipelineParameterLists": [{"name": "Model", "value": "other"}]}},
        import_id="default/failed/retrain",
    ),
    Sample(
        "aws:cloudwatch/eventPermission:EventPermission",
        {"principal": "444455556666", "statementId": "friends", "eventBusName": "default"},
        "friends",
        updates={"principal": "*"},
        together=(
            {
                "principal": "*",
                "condition": {"type": "StringEquals", "key": "aws:PrincipalOrgID", "value": "o-0123456789"},
            },
        ),
        excused={"action": "events:PutEvents is the only one"},
        replaces={"statementId": "other"},
    ),
    Sample(
        "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
        {
            "eventBusName": "models",
            "policy": policy(
                "one", {"AWS": ACCOUNT}, f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/models", "events:PutEvents"
            ),
        },
        "models",
        needs=(BUS,),
        updates={
            "policy": policy(
                "two", {"AWS": ACCOUNT}, f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/models", "events:PutEvents"
            )
        },
        replaces={"eventBusName": "default"},
    ),
    Sample(
        "aws:cloudwatch/eventArchive:EventArchive",
        {
            "name": "models",
            "eventSourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/models",
            "description": "what models told",
            "retentionDays": 7.0,
        },
        "models",
        needs=(BUS,),
        updates={
            "retentionDays": 14.0,
            "description": "other",
            "eventPattern": json.dumps({"source": ["greenroom"]}),
            "kmsKeyIdentifier": KEY,
        },
        replaces={"name": "other", "eventSourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"},
    ),
    Sample(
        QUEUE_TYPE,
        {
            "name": "alarms",
            "visibilityTimeoutSeconds": 60.0,
            "messageRetentionSeconds": 3600.0,
            "redrivePolicy": redrive(3),
            "sqsManagedSseEnabled": True,
            "tags": {"a": "b"},
        },
        QUEUE_URL,
        needs=(DEAD_LETTERS,),
        updates={
            "visibilityTimeoutSeconds": 90.0,
            "delaySeconds": 5.0,
            "redrivePolicy": redrive(5),
            "messageRetentionSeconds": 7200.0,
            "maxMessageSize": 2048.0,
            "receiveWaitTimeSeconds": 10.0,
            "policy": policy("one", {"Service": "sns.amazonaws.com"}, QUEUE_ARN, "sqs:SendMessage"),
            "redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
            "tags": {"a": "c"},
        },
        together=(
            {
                "sqsManagedSseEnabled": False,
                "kmsMasterKeyId": "alias/aws/sqs",
                "kmsDataKeyReusePeriodSeconds": 600.0,
            },
        ),
        replaces={"name": "other", "fifoQueue": True},
        unseen=dict.fromkeys(("policy", "redriveAllowPolicy"), "other resources may set it"),
    ),
    Sample(
        QUEUE_TYPE,
        {"name": "ordered.fifo", "fifoQueue": True, "contentBasedDeduplication": True},
        f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/ordered.fifo",
        updates={"contentBasedDeduplication": False},
        together=({"deduplicationScope": "messageGroup", "fifoThroughputLimit": "perMessageGroupId"},),
    ),
    Sample(
        "aws:sqs/queuePolicy:QueuePolicy",
        {
            "queueUrl": QUEUE_URL,
            "policy": policy("one", {"Service": "sns.amazonaws.com"}, QUEUE_ARN, "sqs:SendMessage"),
        },
        QUEUE_URL,
        needs=(QUEUE,),
        updates={"policy": policy("two", {"Service": "sns.amazonaws.com"}, QUEUE_ARN, "sqs:SendMessage")},
        replaces={"queueUrl": f"{QUEUE_URL}-2"},
    ),
    Sample(
        "aws:sqs/redrivePolicy:RedrivePolicy",
        {"queueUrl": QUEUE_URL, "redrivePolicy": redrive(3)},
        QUEUE_URL,
        needs=(QUEUE, DEAD_LETTERS),
        updates={"redrivePolicy": redrive(4)},
        replaces={"queueUrl": f"{QUEUE_URL}-2"},
    ),
    Sample(
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        {
            "queueUrl": QUEUE_URL,
            "redriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [QUEUE_ARN]}),
        },
        QUEUE_URL,
        needs=(QUEUE,),
        updates={"redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})},
        replaces={"queueUrl": f"{QUEUE_URL}-2"},
    ),
)
