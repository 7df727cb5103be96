"""Samples of Lambda."""

from __future__ import annotations

import zlib

import pulumi

from greenroom.sandbox.provider.content import Content
from tests.functional.provider.sample import ACCOUNT, ROLE_ARN, Sample, trust

FUNCTION_TYPE = "aws:lambda/function:Function"
ROLE = ("aws:iam/role:Role", {"name": "execution", "assumeRolePolicy": trust("lambda.amazonaws.com")})


def code(answer: str) -> Content:
    source = f"def handler(event, context):\n    return {answer}\n"
    return Content(pulumi.AssetArchive({"index.py": pulumi.StringAsset(source)}))


CODE, OTHER_CODE = code("event"), code("{}")
FUNCTION = (
    FUNCTION_TYPE,
    {"name": "notify", "role": ROLE_ARN, "handler": "index.handler", "runtime": "python3.12", "code": CODE},
)
QUEUE = ("aws:sqs/queue:Queue", {"name": "alarms"})
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms"
TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"

GROUP = ("aws:cloudwatch/logGroup:LogGroup", {"name": "/models"})
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:notify"

SAMPLES = (
    Sample(
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
        {"name": "errors", "logGroup": "/models", "filterPattern": "ERROR", "destinationArn": FUNCTION_ARN},
        f"cwlsf-{zlib.crc32(b'/models-')}",
        needs=(ROLE, FUNCTION, GROUP),
        updates={"filterPattern": "FATAL", "distribution": "Random"},
        replaces={"name": "other", "logGroup": "/other"},
        import_id="/models|errors",
        excused=dict.fromkeys(
            ("applyOnTransformedLogs", "destinationArn", "emitSystemFields", "roleArn"),
            "goes with another kind of destination or group",
        ),
    ),
    Sample(
        "aws:lambda/permission:Permission",
        {
            "function": "notify",
            "statementId": "topic",
            "action": "lambda:InvokeFunction",
            "principal": "sns.amazonaws.com",
            "sourceArn": TOPIC_ARN,
        },
        "topic",
        needs=(ROLE, FUNCTION),
        replaces={"principal": "events.amazonaws.com", "function": "other"},
        import_id="notify/topic",
    ),
    Sample(
        "aws:lambda/alias:Alias",
        {"functionName": "notify", "name": "live", "functionVersion": "$LATEST", "description": "what runs"},
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:notify:live",
        needs=(ROLE, FUNCTION),
        updates={"description": "other"},
        replaces={"name": "other"},
        import_id="notify/live",
        excused={
            "functionVersion": "needs a second version",
            "routingConfig": "needs a second version",
        },
    ),
    Sample(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {"functionName": "notify", "eventSourceArn": QUEUE_ARN, "batchSize": 5.0, "enabled": True},
        needs=(ROLE, FUNCTION, QUEUE),
        updates={"batchSize": 10.0, "enabled": False},
        replaces={"eventSourceArn": f"{QUEUE_ARN}-2"},
        excused=dict.fromkeys(
            (
                "amazonManagedKafkaEventSourceConfig",
                "bisectBatchOnFunctionError",
                "destinationConfig",
                "documentDbEventSourceConfig",
                "filterCriteria",
                "functionName",
                "functionResponseTypes",
                "kmsKeyArn",
                "maximumBatchingWindowInSeconds",
                "maximumRecordAgeInSeconds",
                "maximumRetryAttempts",
                "metricsConfig",
                "parallelizationFactor",
                "provisionedPollerConfig",
                "scalingConfig",
                "selfManagedKafkaEventSourceConfig",
                "sourceAccessConfigurations",
                "tags",
                "tumblingWindowInSeconds",
            ),
            "the local AWS does not keep it",
        ),
    ),
    Sample(
        FUNCTION_TYPE,
        {**FUNCTION[1], "timeout": 10.0, "memorySize": 256.0, "description": "tells of alarms", "tags": {"a": "b"}},
        "notify",
        needs=(ROLE,),
        updates={
            "timeout": 20.0,
            "memorySize": 512.0,
            "description": "other",
            "handler": "other.handler",
            "runtime": "python3.13",
            "environment": {"variables": {"MODEL": "tumor"}},
            "code": OTHER_CODE,
            "reservedConcurrentExecutions": 2.0,
            "tags": {"a": "c"},
        },
        unread=("code",),
        replaces={"name": "other"},
        excused=dict.fromkeys(
            (
                "replacementSecurityGroupIds",
                "architectures",
                "capacityProviderConfig",
                "deadLetterConfig",
                "durableConfig",
                "ephemeralStorage",
                "fileSystemConfig",
                "imageConfig",
                "imageUri",
                "kmsKeyArn",
                "layers",
                "loggingConfig",
                "publish",
                "publishTo",
                "role",
                "s3Bucket",
                "s3Key",
                "s3ObjectVersion",
                "snapStart",
                "sourceCodeHash",
                "sourceKmsKeyArn",
                "tracingConfig",
                "vpcConfig",
            ),
            "the local AWS does not keep a change of it, or it goes with another kind of code",
        ),
    ),
)
