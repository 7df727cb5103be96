"""S3: a bucket tells whether it sends its events to EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
"""

from __future__ import annotations

from typing import Any


def install_in_moto() -> None:
    """Put the mended operation into moto's response."""
    from moto.s3.responses import S3Response

    get_bucket_notification = S3Response.get_bucket_notification

    def get_bucket_notification_with_event_bridge(self: Any) -> Any:
        serialized = self.serialized
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)

        def with_event_bridge(answer: Any) -> Any:
            if configuration and configuration.event_bridge is not None:
                answer.result["EventBridgeConfiguration"] = {}
            return serialized(answer)

        self.serialized = with_event_bridge
        try:
            return get_bucket_notification(self)
        finally:
            del self.serialized

    S3Response.get_bucket_notification = get_bucket_notification_with_event_bridge
