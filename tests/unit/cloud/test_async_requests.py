"""What SageMaker writes, and tells, of an asynchronous invocation."""

from __future__ import annotations

import dataclasses
import json

import pytest

from greenroom.sandbox.cloud.async_requests import AsyncRequest, Ending, notification, output_locations

REQUEST = AsyncRequest(
    account_id="111122223333",
    region="us-east-1",
    endpoint_name="endpoint",
    inference_id="11111111-2222-3333-4444-555555555555",
    accepted_at_seconds=1643150760.455,
    input_location="s3://bucket/input/data.csv",
    content_type="text/csv",
    accept=None,
    custom_attributes=None,
    output_location="s3://bucket/output/prediction.out",
    failure_location="s3://bucket/failure/prediction-error.out",
)


def told(ending, body=None):
    return json.loads(notification(REQUEST, ending, 1643150760.608, body))


COMMON = {
    "awsRegion": "us-east-1",
    "eventTime": "2022-01-25T22:46:00.608Z",
    "receivedTime": "2022-01-25T22:46:00.455Z",
    "requestParameters": {
        "contentType": "text/csv",
        "endpointName": "endpoint",
        "inputLocation": "s3://bucket/input/data.csv",
    },
    "inferenceId": "11111111-2222-3333-4444-555555555555",
    "eventVersion": "1.0",
    "eventSource": "aws:sagemaker",
    "eventName": "InferenceResult",
}


def test_the_notification_of_a_success_is_aws_s():
    """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html ."""
    ending = Ending("Completed", REQUEST.output_location, "text/csv; charset=utf-8")
    success = COMMON | {
        "invocationStatus": "Completed",
        "responseParameters": {
            "contentType": "text/csv; charset=utf-8",
            "outputLocation": "s3://bucket/output/prediction.out",
        },
    }
    assert told(ending) == success
    body = {
        "content": "MSwyCg==",
        "message": "Check S3 path location(if configured) or Cloudwatch for additional details.",
        "encoding": "BASE64",
    }
    assert told(ending, b"1,2\n") == success | {"responseBody": body}


@pytest.mark.parametrize("outcome", ["Failed", "Expired"])
def test_the_notification_of_a_failure_says_why(outcome):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html ."""
    ending = Ending(outcome, None, "text/plain", "ClientError: no")
    assert told(ending) == COMMON | {"invocationStatus": "Failed", "failureReason": "ClientError: no"}


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        ({"S3OutputPath": "s3://bucket/out/"}, {}, ("s3://bucket/out/id.out", None)),
        (
            {"S3OutputPath": "s3://bucket/out", "S3FailurePath": "s3://bucket/failed"},
            {"extension": "day/", "filename": "mine.json"},
            ("s3://bucket/out/day/mine.json", "s3://bucket/failed/id-error.out"),
        ),
        ({}, {}, (None, None)),
    ],
)
def test_answers_and_failures_have_their_places(config, given, expected):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html ."""
    assert output_locations(config, "id", **({"extension": None, "filename": None} | given)) == expected


def test_a_request_expires_after_its_time_to_live():
    """ "RequestTTLSeconds … The default is 6 hours, or 21,600 seconds"."""
    assert REQUEST.expires_at_seconds - REQUEST.accepted_at_seconds == 21_600
    assert dataclasses.replace(REQUEST, ttl_seconds=60).expires_at_seconds == REQUEST.accepted_at_seconds + 60
