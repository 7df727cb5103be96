"""A captured event is the line, under the key, that SageMaker would write."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.hosting import DataCaptureConfig, DataCaptureObject
from greenroom.sandbox.cloud.hosting.capture import split_s3_uri

WHEN = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
EVENT, OBJECT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "11111111-2222-3333-4444-555555555555"

CONFIG = DataCaptureConfig(
    destination_s3_uri="s3://capture-111122223333/tumor/",
    sampling_percentage=100,
    csv_content_types=("text/csv",),
    json_content_types=("application/json",),
)


class Fixed:
    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


def capture(config: DataCaptureConfig = CONFIG, **changes) -> DataCaptureObject:
    event: dict[str, Any] = {
        "endpoint_name": "dev-tumor",
        "variant": "AllTraffic",
        "request": (b"1,2\n", "text/csv"),
        "response": (b'{"a":"\xc3\xa9"}', "application/json; charset=utf-8"),
        "when": WHEN,
        "event_id": EVENT,
        "object_id": OBJECT,
    }
    return config.capture(**event | changes)


def test_the_whole_object():
    assert capture() == DataCaptureObject(
        bucket="capture-111122223333",
        key=f"tumor/dev-tumor/AllTraffic/2026/03/04/05/06-07-089-{OBJECT}.jsonl",
        body=(
            '{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"1,2\\n",'
            '"encoding":"CSV"},"endpointOutput":{"observedContentType":"application/json; charset=utf-8",'
            '"mode":"OUTPUT","data":"{\\"a\\":\\"é\\"}","encoding":"JSON"}},'
            f'"eventMetadata":{{"eventId":"{EVENT}","inferenceTime":"2026-03-04T05:06:07Z"}},"eventVersion":"0"}}\n'
        ).encode(),
        kms_key_id=None,
    )


def test_the_callers_ids_are_kept():
    record = json.loads(capture(inference_id="row-7", custom_attributes="trace=1").body)
    assert record["eventMetadata"] == {
        "eventId": EVENT,
        "customAttributes": ["trace=1"],
        "inferenceId": "row-7",
        "inferenceTime": "2026-03-04T05:06:07Z",
    }


def test_without_content_type_headers_a_body_is_base64():
    config = DataCaptureConfig("s3://bucket", 100, kms_key_id="alias/capture")
    captured = capture(config, request=(b"\x00\xff", "application/x-npy"))
    record = json.loads(captured.body)["captureData"]
    assert record["endpointInput"] == {
        "observedContentType": "application/x-npy",
        "mode": "INPUT",
        "data": "AP8=",
        "encoding": "BASE64",
    }
    assert record["endpointOutput"]["encoding"] == "BASE64"
    assert captured.key == f"dev-tumor/AllTraffic/2026/03/04/05/06-07-089-{OBJECT}.jsonl"
    assert captured.kms_key_id == "alias/capture"


@pytest.mark.parametrize(
    ("mode", "parts"),
    [
        (["Input"], ["endpointInput"]),
        (["Output"], ["endpointOutput"]),
        (["Input", "Output"], ["endpointInput", "endpointOutput"]),
        (["InputAndOutput"], ["endpointInput", "endpointOutput"]),
    ],
)
def test_only_the_wanted_sides_are_captured(mode, parts):
    config = DataCaptureConfig.from_request(
        {
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://bucket/prefix",
            "CaptureOptions": [{"CaptureMode": one} for one in mode],
        }
    )
    assert config is not None
    assert list(json.loads(capture(config).body)["captureData"]) == parts


def test_the_configuration_is_read_as_the_request_has_it():
    assert DataCaptureConfig.from_request(
        {
            "EnableCapture": True,
            "InitialSamplingPercentage": 25,
            "DestinationS3Uri": "s3://bucket/prefix",
            "KmsKeyId": "alias/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
        }
    ) == DataCaptureConfig(
        destination_s3_uri="s3://bucket/prefix",
        sampling_percentage=25,
        capture_input=True,
        capture_output=False,
        csv_content_types=("text/csv",),
        json_content_types=("application/json",),
        kms_key_id="alias/capture",
    )


@pytest.mark.parametrize("request_part", [None, {"EnableCapture": False, "DestinationS3Uri": "s3://b"}])
def test_no_capture_is_no_configuration(request_part):
    assert DataCaptureConfig.from_request(request_part) is None


@pytest.mark.parametrize(
    ("percentage", "number", "taken"),
    [(100, 0.999999, True), (0, 0.0, False), (25, 0.2499, True), (25, 0.25, False)],
)
def test_the_sampling_percentage_is_a_share_of_requests(percentage, number, taken):
    assert DataCaptureConfig("s3://bucket", percentage).takes(Fixed(number)) is taken


@given(st.integers(10**9, 4 * 10**9), st.integers(-12, 12))
def test_keys_are_in_utc_whatever_the_zone(seconds, hours):
    moment, zone = datetime.fromtimestamp(seconds, UTC), timezone(timedelta(hours=hours))
    key = capture(when=moment.astimezone(zone)).key
    assert key == capture(when=moment).key
    assert re.fullmatch(rf"tumor/dev-tumor/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-{OBJECT}\.jsonl", key)


@pytest.mark.parametrize(
    ("uri", "parts"),
    [("s3://b", ("b", "")), ("s3://b/", ("b", "")), ("s3://b/p/q/", ("b", "p/q")), ("https://b/p", ("b", "p"))],
)
def test_a_destination_is_a_bucket_and_a_prefix(uri, parts):
    assert split_s3_uri(uri) == parts
