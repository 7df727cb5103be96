"""The providers over gRPC, as the real engine reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN

from greenroom.sandbox.cloud.clock import CLOCK, ManualTime
from greenroom.sandbox.provider import CloudEndpoint, ProviderError
from greenroom.sandbox.provider.server import ServedProviders, serve
from greenroom.sandbox.provider.values import plain_map, property_values
from tests.functional.provider.aws_samples_sagemaker import ENDPOINT, ENDPOINT_TYPE, MODEL, STANDING_ENDPOINT
from tests.functional.provider.aws_stage import AwsStage

TOPIC = "aws:sns/topic:Topic"
TOPIC_URN = f"urn:pulumi:dev::p::{TOPIC}::alarms"
MODEL_URN = "urn:pulumi:dev::p::aws:sagemaker/model:Model::tumor"
PROVIDER_URN = "urn:pulumi:dev::p::pulumi:providers:aws::it"


@pytest.fixture
def served(stage: AwsStage) -> Iterator[ServedProviders]:
    providers = serve(CloudEndpoint(stage.url, None, "111122223333"))
    yield providers
    providers.stop()


def struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    return PropertyValue.marshal_map(property_values(properties))


def values(found: struct_pb2.Struct) -> dict[str, Any]:
    return plain_map(PropertyValue.unmarshal_map(found))


def connected(served: ServedProviders, package: str = "aws", **settings: Any) -> tuple[Any, grpc.Channel]:
    channel = grpc.insecure_channel(
        f"127.0.0.1:{served.ports[package]}", options=[("grpc.use_local_subchannel_pool", 1)]
    )
    stub = provider_pb2_grpc.ResourceProviderStub(channel)
    stub.Attach(proto.plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    if settings:
        stub.Configure(proto.ConfigureRequest(args=struct({"region": "us-east-1", **settings})))
    return stub, channel


def test_the_engine_is_told_where_they_are(served: ServedProviders) -> None:
    assert served.debug_providers == f"aws:{served.ports['aws']},aws-native:{served.ports['aws-native']}"


def test_every_connection_is_a_provider_of_its_own(served: ServedProviders) -> None:
    (dev, one), (prod, two) = (
        connected(served, allowedAccountIds=[account]) for account in ("111122223333", "777788889999")
    )
    with one, two:
        created = [
            stub.Create(proto.CreateRequest(urn=TOPIC_URN, properties=struct({"name": "alarms"}))).id
            for stub in (dev, prod, dev)
        ]
    assert created == [
        f"arn:aws:sns:us-east-1:{account}:alarms" for account in ("111122223333", "777788889999", "111122223333")
    ]


def test_unknown_values_go_over_the_wire_both_ways(served: ServedProviders) -> None:
    stub, channel = connected(served, allowedAccountIds=["111122223333"])
    with channel:
        inputs = struct({**MODEL, "executionRoleArn": UNKNOWN})
        checked = stub.Check(proto.CheckRequest(urn=MODEL_URN, news=inputs, olds=struct({})))
        assert list(checked.failures) == []
        planned = stub.Create(proto.CreateRequest(urn=MODEL_URN, properties=checked.inputs, preview=True))
    assert checked.inputs["executionRoleArn"] == UNKNOWN
    assert planned.properties["arn"] == UNKNOWN
    assert planned.properties["name"] == MODEL["name"]


def test_a_resource_lives_over_the_wire(served: ServedProviders) -> None:
    stub, channel = connected(served, allowedAccountIds=["111122223333"])
    with channel:
        made = stub.Create(proto.CreateRequest(urn=TOPIC_URN, properties=struct({"name": "alarms"})))
        same = stub.Diff(
            proto.DiffRequest(urn=TOPIC_URN, id=made.id, olds=made.properties, news=struct({"name": "alarms"}))
        )
        assert same.changes == proto.DiffResponse.DIFF_NONE
        news = struct({"name": "alarms", "displayName": "Alarms"})
        found = stub.Diff(proto.DiffRequest(urn=TOPIC_URN, id=made.id, olds=made.properties, news=news))
        assert (found.changes, list(found.diffs), list(found.replaces)) == (
            proto.DiffResponse.DIFF_SOME,
            ["displayName"],
            [],
        )
        updated = stub.Update(proto.UpdateRequest(urn=TOPIC_URN, id=made.id, olds=made.properties, news=news))
        read = stub.Read(proto.ReadRequest(urn=TOPIC_URN, id=made.id, properties=updated.properties, inputs=news))
        assert values(read.inputs) == {"name": "alarms", "displayName": "Alarms"}
        stub.Delete(proto.DeleteRequest(urn=TOPIC_URN, id=made.id, properties=read.properties))
        gone = stub.Read(proto.ReadRequest(urn=TOPIC_URN, id=made.id, properties=read.properties, inputs=news))
        assert gone.id == ""


def test_changed_settings_are_told_and_replace_nothing(served: ServedProviders) -> None:
    stub, channel = connected(served)
    with channel:
        request = proto.DiffRequest(
            urn=PROVIDER_URN, olds=struct({"region": "us-east-1"}), news=struct({"region": "eu-west-1"})
        )
        changed = stub.DiffConfig(request)
        request = proto.DiffRequest(
            urn=PROVIDER_URN, olds=struct({"region": "us-east-1"}), news=struct({"region": "us-east-1"})
        )
        same = stub.DiffConfig(request)
    assert (changed.changes, list(changed.diffs), list(changed.replaces)) == (
        proto.DiffResponse.DIFF_SOME,
        ["region"],
        [],
    )
    assert same.changes == proto.DiffResponse.DIFF_NONE


def test_a_function_answers_over_the_wire(served: ServedProviders) -> None:
    stub, channel = connected(served, "aws-native", allowedAccountIds=["111122223333"])
    with channel, pytest.raises(grpc.RpcError) as refused:
        stub.Invoke(proto.InvokeRequest(tok="aws-native:sagemaker:getNothing", args=struct({})))
    told = refused.value.details()
    assert told.startswith("the sandbox cannot answer the function 'aws-native:sagemaker:getNothing'.")
    assert "Traceback" not in told


def test_what_is_wrong_is_told_without_a_traceback(served: ServedProviders) -> None:
    stub, channel = connected(served)
    with channel, pytest.raises(grpc.RpcError) as refused:
        stub.Create(proto.CreateRequest(urn=TOPIC_URN, properties=struct({"name": "alarms"})))
    assert refused.value.details() == "provider aws was called before it was configured"


def test_what_was_made_and_left_unfinished_is_told_to_the_engine_with_its_id(
    served: ServedProviders, stage: AwsStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "source", ManualTime())  # it stands still: the endpoint stays Creating
    for type_, made in STANDING_ENDPOINT:
        if type_ != ENDPOINT_TYPE:
            stage.create(type_, made)
    stub, channel = connected(served, "aws-native", allowedAccountIds=["111122223333"])
    urn = f"urn:pulumi:dev::p::{ENDPOINT_TYPE}::tumor"
    with channel, pytest.raises(grpc.RpcError) as failed:
        stub.Create(proto.CreateRequest(urn=urn, properties=struct(ENDPOINT), timeout=1e-9))
    status = status_pb2.Status.FromString(dict(failed.value.trailing_metadata())["grpc-status-details-bin"])
    detail = proto.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-tumor"
    assert list(detail.reasons) == ["endpoint dev-tumor InService: not so after 1e-09 s"]
    assert values(detail.properties)["endpointName"] == "dev-tumor"


def test_another_account_is_refused_where_the_engine_asks(stage: AwsStage) -> None:
    providers = serve(CloudEndpoint(stage.url, frozenset({"111122223333"}), "111122223333"))
    stub, channel = connected(providers)
    with channel:
        news = struct({"region": "us-east-1", "allowedAccountIds": '["777788889999"]'})
        checked = stub.CheckConfig(proto.CheckRequest(urn=PROVIDER_URN, news=news, olds=struct({})))
        stub.Cancel(empty_pb2.Empty())
        version = stub.GetPluginInfo(empty_pb2.Empty()).version
    providers.stop()
    assert [(failure.property, failure.reason) for failure in checked.failures] == [
        ("allowedAccountIds", "the provider allows account 777788889999, and the local AWS answers as 111122223333")
    ]
    assert version.startswith("7.")


def test_a_port_that_is_taken_is_told(served: ServedProviders, stage: AwsStage) -> None:
    with pytest.raises(ProviderError, match=r"cannot serve the providers on 127\.0\.0\.1"):
        serve(CloudEndpoint(stage.url, None, "111122223333"), ports={"aws": served.ports["aws"]})
