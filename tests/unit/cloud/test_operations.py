"""Which requests change something, told from their form alone."""

import pytest

from greenroom.sandbox.cloud.operations import RequestIdentity, identify

SIGNED = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=x"


def environ(service, **more):
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_AUTHORIZATION": SIGNED.format(service), **more}


CASES = [
    ("sagemaker", {"HTTP_X_AMZ_TARGET": "SageMaker.CreateEndpoint"}, b"{}", "CreateEndpoint", False),
    ("sagemaker", {"HTTP_X_AMZ_TARGET": "SageMaker.DescribeEndpoint"}, b"{}", "DescribeEndpoint", True),
    (
        "iam",
        {"CONTENT_TYPE": "application/x-www-form-urlencoded"},
        b"Action=CreateRole&RoleName=r",
        "CreateRole",
        False,
    ),
    (
        "iam",
        {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"},
        b"Action=GetRole&RoleName=r",
        "GetRole",
        True,
    ),
    (
        "monitoring",
        {"PATH_INFO": "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm"},
        b"\xbf",
        "PutMetricAlarm",
        False,
    ),
    (
        "monitoring",
        {"PATH_INFO": "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"},
        b"\xbf",
        "DescribeAlarms",
        True,
    ),
    ("sts", {"QUERY_STRING": "Action=GetCallerIdentity"}, b"", "GetCallerIdentity", True),
    # begin like reads and make credentials
    ("sts", {"QUERY_STRING": "Action=GetSessionToken"}, b"", "GetSessionToken", False),
    ("sqs", {"HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage"}, b"{}", "ReceiveMessage", False),
    ("s3", {"REQUEST_METHOD": "PUT", "PATH_INFO": "/bucket/key"}, b"body", None, False),
    ("s3", {"REQUEST_METHOD": "GET", "PATH_INFO": "/bucket/key"}, b"", None, True),
    ("s3", {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/bucket/key"}, b"", None, True),
    ("s3", {"REQUEST_METHOD": "DELETE", "PATH_INFO": "/bucket/key"}, b"", None, False),
    ("kms", {"HTTP_X_AMZ_TARGET": "TrentService.SomethingNew"}, b"{}", "SomethingNew", False),
]


@pytest.mark.parametrize(("service", "form", "body", "operation", "only_reads"), CASES)
def test_a_request_is_known_by_its_form(service, form, body, operation, only_reads):
    given = environ(service, **form)
    identity = identify(given, body)
    assert identity == RequestIdentity("111122223333", "eu-west-1", service, operation, given["REQUEST_METHOD"])
    assert identity.only_reads is only_reads


def test_a_presigned_url_says_who_signed_it():
    query = "X-Amz-Credential=444455556666%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Expires=60"
    identity = identify({"REQUEST_METHOD": "GET", "PATH_INFO": "/b/k", "QUERY_STRING": query}, b"")
    assert (identity.access_key_id, identity.region, identity.service) == ("444455556666", "us-east-1", "s3")


def test_an_unsigned_request_has_no_identity():
    assert identify({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, b"") == RequestIdentity(None, None, None, None, "GET")
