"""Data capture: what SageMaker writes to S3 of the requests and answers of an endpoint, byte for byte a line of JSON.

A captured event is one line of a JSON Lines object whose key says endpoint, variant and hour, which is how
a monitoring job finds its window. Bodies are text where their content type is among the configured CSV or
JSON types, and base64 otherwise: "If no headers are specified SageMaker AI will by default base64 encode".

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

MEDIA_SEPARATOR = ";"


class Random(Protocol):
    """The one thing that is asked of a random number generator."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...


@dataclass(frozen=True)
class DataCaptureObject:
    """One object to put: `body` is one or more lines of JSON."""

    bucket: str
    key: str
    body: bytes
    kms_key_id: str | None


@dataclass(frozen=True)
class DataCaptureConfig:
    """An endpoint configuration's DataCaptureConfig, as the CreateEndpointConfig request carries it."""

    destination_s3_uri: str
    sampling_percentage: int
    capture_input: bool = True
    capture_output: bool = True
    csv_content_types: tuple[str, ...] = ()
    json_content_types: tuple[str, ...] = ()
    kms_key_id: str | None = None

    @classmethod
    def from_request(cls, request: dict[str, object] | None) -> DataCaptureConfig | None:
        """The configuration of a request's `DataCaptureConfig`; None where there is none or it is switched off."""
        if request is None or request.get("EnableCapture", True) is False:
            return None
        options = request.get("CaptureOptions")
        modes = {option["CaptureMode"] for option in options} if isinstance(options, list) else set()
        headers = request.get("CaptureContentTypeHeader")
        types = headers if isinstance(headers, dict) else {}
        key = request.get("KmsKeyId")
        return cls(
            destination_s3_uri=str(request["DestinationS3Uri"]),
            sampling_percentage=int(str(request["InitialSamplingPercentage"])),
            capture_input=bool(modes & {"Input", "InputAndOutput"}),
            capture_output=bool(modes & {"Output", "InputAndOutput"}),
            csv_content_types=tuple(types.get("CsvContentTypes") or ()),
            json_content_types=tuple(types.get("JsonContentTypes") or ()),
            kms_key_id=None if key is None else str(key),
        )

    def takes(self, rng: Random) -> bool:
        """Whether this request is among the sampled ones."""
        return rng.random() * 100 < self.sampling_percentage

    def capture(
        self,
        *,
        endpoint_name: str,
        variant: str,
        request: tuple[bytes, str],
        response: tuple[bytes, str],
        when: datetime,
        inference_id: str | None = None,
        custom_attributes: str | None = None,
        event_id: str | None = None,
        object_id: str | None = None,
    ) -> DataCaptureObject:
        """The object that holds one event.

        Args:
            endpoint_name: The endpoint.
            variant: The production variant that answered.
            request: Body and content type as they came.
            response: Body and content type as they went.
            when: When it was; any zone, written in UTC.
            inference_id: The caller's, by which ground truth is joined later.
            custom_attributes: The caller's X-Amzn-SageMaker-Custom-Attributes.
            event_id: A random UUID by default.
            object_id: A random UUID by default.
        """
        moment = when.astimezone(UTC)
        metadata: dict[str, object] = {"eventId": event_id or str(uuid.uuid4())}
        if custom_attributes is not None:
            metadata["customAttributes"] = [custom_attributes]
        if inference_id is not None:
            metadata["inferenceId"] = inference_id
        metadata["inferenceTime"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        data: dict[str, object] = {}
        if self.capture_input:
            data["endpointInput"] = self._part("INPUT", *request)
        if self.capture_output:
            data["endpointOutput"] = self._part("OUTPUT", *response)
        record = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
        bucket, prefix = split_s3_uri(self.destination_s3_uri)
        key = capture_key(prefix, endpoint_name, variant, moment, object_id or str(uuid.uuid4()))
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        return DataCaptureObject(bucket, key, f"{line}\n".encode(), self.kms_key_id)

    def _part(self, mode: Literal["INPUT", "OUTPUT"], body: bytes, content_type: str) -> dict[str, str]:
        encoding = self._encoding(content_type)
        text = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode(errors="replace")
        return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}

    def _encoding(self, content_type: str) -> Literal["CSV", "JSON", "BASE64"]:
        media_type = content_type.split(MEDIA_SEPARATOR, maxsplit=1)[0].strip().lower()
        if media_type in {one.lower() for one in self.csv_content_types}:
            return "CSV"
        if media_type in {one.lower() for one in self.json_content_types}:
            return "JSON"
        return "BASE64"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`, the prefix without slashes at its ends."""
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    return bucket, prefix.strip("/")


def capture_key(prefix: str, endpoint_name: str, variant: str, moment: datetime, object_id: str) -> str:
    """The key `{prefix}/{endpoint}/{variant}/yyyy/mm/dd/hh/MM-SS-mmm-{uuid}.jsonl`, times in UTC."""
    utc = moment.astimezone(UTC)
    name = f"{utc:%M-%S}-{utc.microsecond // 1000:03d}-{object_id}.jsonl"
    parts = (prefix, endpoint_name, variant, f"{utc:%Y/%m/%d/%H}", name)
    return "/".join(part for part in parts if part)
