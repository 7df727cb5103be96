"""What fails inside the local AWS is an answer, and none that is asked for again."""

from __future__ import annotations

import io
import json

from greenroom.sandbox.cloud.application import LocalAwsApplication


def test_a_defect_of_ours_is_answered_with_its_kind_and_is_not_retried():
    """botocore retries 500, 502, 503 and 504: https://docs.aws.amazon.com/boto3/latest/guide/retries.html ."""

    def broken(environ, identity, body):
        raise ZeroDivisionError("by hand")

    application = LocalAwsApplication(default_account_id="123456789012")
    application.route(lambda environ, identity: True, broken)
    told = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": io.BytesIO(b"")}
    (body,) = application(environ, lambda status, headers: told.append(status))
    assert told == ["501 NOT IMPLEMENTED"]
    assert json.loads(body) == {
        "__type": "InternalFailure",
        "message": "the local AWS failed: ZeroDivisionError: by hand. Its log has the traceback.",
    }
