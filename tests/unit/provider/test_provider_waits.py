"""AWS takes its time: what is waited for, how long, and what counts as failed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from greenroom.sandbox.provider import lifecycle
from greenroom.sandbox.provider.account_session import IAM_PROPAGATION_SECONDS
from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError, WaitTimeoutError
from greenroom.sandbox.provider.types import resource_type
from tests.unit.provider.scripted_aws import ManualClock, ScriptedClients, refusal, scripted_session

ENDPOINT = resource_type("aws-native:sagemaker:Endpoint")
SCHEDULE = resource_type("aws:sagemaker/monitoringSchedule:MonitoringSchedule")
MODEL = resource_type("aws:sagemaker/model:Model")
WANTED = {"endpointName": "dev-tumor", "endpointConfigName": "new"}
NOT_YET = refusal("ValidationException", "Could not assume role arn:aws:iam::111122223333:role/execution")
NO_SUCH_ENDPOINT = refusal("ValidationException", "Could not find endpoint dev-tumor.")


def described(status: str, config: str = "new", **more: Any) -> dict[str, Any]:
    return {"EndpointStatus": status, "EndpointConfigName": config, **more}


def test_an_endpoint_is_waited_for_until_it_is_in_service() -> None:
    clients = ScriptedClients({"DescribeEndpoint": [described("Updating", "old")] * 5 + [described("InService")]})
    clock = ManualClock()
    ENDPOINT.settle(scripted_session(clients, clock), WANTED, None)
    assert len(clients.sent("DescribeEndpoint")) == 6
    assert clock.seconds == pytest.approx(0.02 + 0.04 + 0.08 + 0.16 + 0.32)


def test_trap_03_a_rollout_that_sagemaker_rolled_back_fails() -> None:
    reason = "An alarm in AutoRollbackConfiguration went off"
    clients = ScriptedClients({"DescribeEndpoint": [described("InService", "old", FailureReason=reason)]})
    with pytest.raises(FailedResourceError) as failed:
        ENDPOINT.settle(scripted_session(clients), WANTED, None)
    assert str(failed.value) == (
        f"endpoint dev-tumor serves old and not new: SageMaker rolled the update back. {reason}."
    )


def test_trap_03_in_service_with_the_wanted_configuration_and_a_failure_reason_is_a_success_of_another_day() -> None:
    clients = ScriptedClients({"DescribeEndpoint": [described("InService", "new", FailureReason="an earlier one")]})
    ENDPOINT.settle(scripted_session(clients), WANTED, None)


def test_trap_07_the_wait_is_as_long_as_sagemakers_longest_rollout_and_can_be_shorter() -> None:
    clients = ScriptedClients({"DescribeEndpoint": [described("Updating")]})
    clock = ManualClock()
    with pytest.raises(WaitTimeoutError, match="endpoint dev-tumor InService: not so after 28800 s"):
        ENDPOINT.settle(scripted_session(clients, clock), WANTED, None)
    assert clock.seconds == pytest.approx(8 * 3600, abs=2)
    with pytest.raises(WaitTimeoutError, match="not so after 60 s"):
        ENDPOINT.settle(scripted_session(clients), WANTED, 60.0)


def test_trap_18_a_role_that_has_not_propagated_is_tried_again() -> None:
    clients = ScriptedClients({"CreateModel": [NOT_YET, NOT_YET, {"ModelArn": "arn"}]})
    MODEL.make(scripted_session(clients), {"name": "tumor", "executionRoleArn": "arn:aws:iam::111122223333:role/x"}, {})
    assert len(clients.sent("CreateModel")) == 3


def test_trap_18_and_not_for_ever() -> None:
    clients = ScriptedClients({"CreateModel": [NOT_YET]})
    clock = ManualClock()
    with pytest.raises(
        AwsRefusedError, match="CreateModel was refused with ValidationException: Could not assume role"
    ):
        MODEL.make(scripted_session(clients, clock), {"name": "tumor"}, {})
    assert IAM_PROPAGATION_SECONDS <= clock.seconds < IAM_PROPAGATION_SECONDS + 2


def test_another_refusal_is_not_tried_again() -> None:
    clients = ScriptedClients({"CreateModel": [refusal("ValidationException", "Model already exists")]})
    with pytest.raises(AwsRefusedError):
        MODEL.make(scripted_session(clients), {"name": "tumor"}, {})
    assert len(clients.sent("CreateModel")) == 1


def test_trap_20_a_failed_endpoint_says_why_and_how_to_go_on() -> None:
    clients = ScriptedClients({"DescribeEndpoint": [described("Failed", FailureReason="ping failed.")]})
    with pytest.raises(FailedResourceError) as failed:
        ENDPOINT.settle(scripted_session(clients), WANTED, None)
    assert str(failed.value) == (
        "endpoint dev-tumor is Failed: ping failed. It stays as it is until it is deleted "
        "(`aws sagemaker delete-endpoint --endpoint-name dev-tumor`); `up --refresh` then makes it anew."
    )


GONE_AWAY = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
ARN = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-tumor"


def test_an_endpoint_that_was_made_is_known_even_where_aws_went_away_meanwhile() -> None:
    clients = ScriptedClients({"CreateEndpoint": [{"EndpointArn": ARN}], "DescribeEndpoint": [GONE_AWAY]})
    made = lifecycle.create(ENDPOINT, scripted_session(clients), WANTED, None)
    assert (made.resource_id, made.inputs, made.outputs["endpointName"]) == (ARN, WANTED, "dev-tumor")
    assert made.problem is not None
    assert "does not answer sagemaker DescribeEndpoint" in made.problem


def test_trap_20_an_endpoint_that_failed_is_known_with_its_reason() -> None:
    failed = described("Failed", EndpointName="dev-tumor", EndpointArn=ARN, FailureReason="ping failed")
    clients = ScriptedClients(
        {"CreateEndpoint": [{"EndpointArn": ARN}], "DescribeEndpoint": [failed], "ListTags": [{}]}
    )
    made = lifecycle.create(ENDPOINT, scripted_session(clients), WANTED, None)
    assert made.resource_id == ARN
    assert made.problem is not None
    assert made.problem.startswith("endpoint dev-tumor is Failed: ping failed.")


def test_what_was_left_unfinished_is_waited_for_by_an_update_that_changes_nothing() -> None:
    ready = [described("Creating"), described("InService", EndpointName="dev-tumor", EndpointArn=ARN)]
    clients = ScriptedClients({"DescribeEndpoint": ready})
    state = {"__inputs": WANTED, **WANTED, "endpointArn": ARN}
    done = lifecycle.update(ENDPOINT, scripted_session(clients), state, WANTED, ignored=[], bound_seconds=None)
    assert (done.resource_id, done.problem) == (ARN, None)
    assert {method for method, _ in clients.requests} == {"describe_endpoint"}
    assert len(clients.requests) == 3


def test_an_endpoint_in_the_middle_of_a_change_is_deleted_when_the_change_ends() -> None:
    clients = ScriptedClients(
        {
            "DescribeEndpoint": [
                described("Updating"),
                described("InService"),
                described("Deleting"),
                NO_SUCH_ENDPOINT,
            ],
            "DeleteEndpoint": [{}],
        }
    )
    ENDPOINT.remove(scripted_session(clients), WANTED, None)
    assert [method for method, _ in clients.requests] == [
        "describe_endpoint",
        "describe_endpoint",
        "delete_endpoint",
        "describe_endpoint",
        "describe_endpoint",
    ]


def test_trap_26_a_schedule_is_deleted_as_soon_as_it_is_no_longer_pending() -> None:
    pending = refusal("ValidationException", "Cannot delete a schedule that is in Pending state")
    clients = ScriptedClients(
        {
            "DeleteMonitoringSchedule": [pending, pending, {}],
            "DescribeMonitoringSchedule": [
                {"MonitoringScheduleName": "s", "MonitoringScheduleStatus": "Pending"},
                {"MonitoringScheduleName": "s", "MonitoringScheduleStatus": "Scheduled"},
                refusal("ResourceNotFound", "no schedule"),
            ],
        }
    )
    SCHEDULE.remove(scripted_session(clients), {"name": "s"}, None)
    assert len(clients.sent("DeleteMonitoringSchedule")) == 3


def test_trap_26_and_not_for_ever() -> None:
    pending = refusal("ValidationException", "Cannot delete a schedule that is in Pending state")
    clients = ScriptedClients(
        {"DeleteMonitoringSchedule": [pending], "DescribeMonitoringSchedule": [{"MonitoringScheduleName": "s"}]}
    )
    with pytest.raises(WaitTimeoutError, match="monitoring schedule s deleted: not so after 600 s"):
        SCHEDULE.remove(scripted_session(clients), {"name": "s"}, None)


def test_a_failed_schedule_says_why() -> None:
    clients = ScriptedClients(
        {"DescribeMonitoringSchedule": [{"MonitoringScheduleStatus": "Failed", "FailureReason": "no such job"}]}
    )
    with pytest.raises(FailedResourceError, match="monitoring schedule s is Failed: no such job"):
        SCHEDULE.settle(scripted_session(clients), {"name": "s"}, None)


def test_a_cancelled_deployment_ends_its_waits() -> None:
    session = scripted_session(ScriptedClients({"DescribeEndpoint": [described("Updating")]}))
    session.cancelled.set()
    with pytest.raises(FailedResourceError, match="cancelled while waiting"):
        ENDPOINT.settle(session, WANTED, None)
