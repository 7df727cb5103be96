"""What containers print is in CloudWatch Logs, all of it."""

from __future__ import annotations

import pytest
from moto.logs.models import logs_backends

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.container_logs import MAX_EVENTS, ContainerLogs, log_group_of, log_stream_of
from greenroom.sandbox.cloud.hosting import EndpointHost
from greenroom.sandbox.cloud.served_cloud import reset_moto
from greenroom.sandbox.cloud.stage import FleetKey

pytestmark = pytest.mark.slow  # a cloud a test

KEY = FleetKey("111122223333", "us-east-1", "chatty", 1)


def test_more_lines_than_cloudwatch_takes_at_once_come_in_several_events_and_none_is_lost(tmp_path):
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html : 10,000 a call."""
    application = LocalAwsApplication(default_account_id=KEY.account_id)
    logs, path = ContainerLogs(application, EndpointHost(tmp_path / "work")), tmp_path / "AllTraffic.log"
    logs.follow(KEY, {"AllTraffic": path})
    lines = [f"line {number}" for number in range(2 * MAX_EVENTS + 1)]
    path.write_text("\n".join(lines) + "\nunfinished")
    try:
        logs.take_over(KEY)
        stream = logs_backends[KEY.account_id][KEY.region].groups[log_group_of("chatty")].streams
        assert [event.message for event in stream[log_stream_of(KEY, "AllTraffic")].events] == lines
    finally:
        reset_moto()
