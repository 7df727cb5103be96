"""Resources that hang on an id that AWS chooses: their inputs are known only once what they hang on stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.functional.provider.aws_stage import ACCOUNT, AwsStage
from tests.functional.provider.sample import ROLE_ARN, policy

VPC = {"cidrBlock": "10.0.0.0/16"}


@dataclass(frozen=True)
class Hanging:
    """A resource that hangs on another.

    Attributes:
        inputs: from what stands before.
        updates: inputs to change in place, one after the other.
        replaces: inputs to change that make a new resource.
        import_id: from the id and the outputs.
        remains: what still stands once it is deleted.
    """

    inputs: Mapping[str, Any]
    updates: Mapping[str, Any] = field(default_factory=dict)
    replaces: Mapping[str, Any] = field(default_factory=dict)
    import_id: str = ""
    remains: bool = False


def key_policy(stage: AwsStage) -> Hanging:
    key = stage.create("aws:kms/key:Key", {"deletionWindowInDays": 7.0})
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return Hanging(
        {"keyId": key.resource_id, "policy": policy("one", root, action="kms:*")},
        updates={"policy": policy("two", root, action="kms:*")},
        replaces={"keyId": "other"},
        remains=True,
    )


def grant(stage: AwsStage) -> Hanging:
    key = stage.create("aws:kms/key:Key", {"deletionWindowInDays": 7.0})
    inputs = {"name": "serving", "keyId": key.resource_id, "granteePrincipal": ROLE_ARN, "operations": ["Decrypt"]}
    return Hanging(inputs, replaces={"operations": ["Encrypt"]})


def secret_version(stage: AwsStage) -> Hanging:
    secret = stage.create("aws:secretsmanager/secret:Secret", {"name": "token"})
    return Hanging(
        {"secretId": secret.resource_id, "secretString": "s3cr3t"}, replaces={"secretString": "other"}, remains=True
    )


def secret_policy(stage: AwsStage) -> Hanging:
    secret = stage.create("aws:secretsmanager/secret:Secret", {"name": "token"})
    document = policy("one", {"AWS": ACCOUNT}, action="secretsmanager:GetSecretValue")
    other = policy("two", {"AWS": ACCOUNT}, action="secretsmanager:GetSecretValue")
    return Hanging({"secretArn": secret.resource_id, "policy": document}, updates={"policy": other})


def vpc(stage: AwsStage) -> Hanging:
    return Hanging(
        {**VPC, "enableDnsHostnames": True, "tags": {"a": "b"}},
        updates={"enableDnsSupport": False, "enableDnsHostnames": False, "tags": {"a": "c"}},
        replaces={"cidrBlock": "10.1.0.0/16"},
    )


def subnet(stage: AwsStage) -> Hanging:
    inputs = {"vpcId": made(stage, "vpc", VPC), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1a"}
    return Hanging(
        {**inputs, "tags": {"a": "b"}},
        updates={"mapPublicIpOnLaunch": True, "tags": {}},
        replaces={"cidrBlock": "10.0.2.0/24"},
    )


def internet_gateway(stage: AwsStage) -> Hanging:
    first, other = made(stage, "vpc", VPC), made(stage, "vpc", {"cidrBlock": "10.1.0.0/16"})
    return Hanging({"vpcId": first, "tags": {"a": "b"}}, updates={"vpcId": other, "tags": {"a": "c"}})


def route_table(stage: AwsStage) -> Hanging:
    return Hanging(
        {"vpcId": made(stage, "vpc", VPC), "tags": {"a": "b"}}, updates={"tags": {}}, replaces={"vpcId": "vpc-1"}
    )


def route(stage: AwsStage) -> Hanging:
    network = made(stage, "vpc", VPC)
    table = made(stage, "routeTable", {"vpcId": network})
    gateways = [made(stage, "internetGateway", {"vpcId": network})]
    inputs = {"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateways[0]}
    return Hanging(inputs, replaces={"destinationCidrBlock": "10.9.0.0/16"}, import_id=f"{table}_0.0.0.0/0")


def route_table_association(stage: AwsStage) -> Hanging:
    network = made(stage, "vpc", VPC)
    table = made(stage, "routeTable", {"vpcId": network})
    of = made(stage, "subnet", {"vpcId": network, "cidrBlock": "10.0.1.0/24"})
    return Hanging(
        {"routeTableId": table, "subnetId": of}, replaces={"routeTableId": "rtb-1"}, import_id=f"{of}/{table}"
    )


def vpc_endpoint(stage: AwsStage) -> Hanging:
    network = made(stage, "vpc", VPC)
    tables = [made(stage, "routeTable", {"vpcId": network}) for _ in range(2)]
    inputs = {"vpcId": network, "serviceName": "com.amazonaws.us-east-1.s3", "routeTableIds": tables[:1]}
    return Hanging(
        {**inputs, "vpcEndpointType": "Gateway"},
        updates={"routeTableIds": tables[1:], "tags": {"a": "b"}},
        replaces={"vpcEndpointType": "Interface"},
    )


def security_group(stage: AwsStage) -> Hanging:
    rule = {"protocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrBlocks": ["10.0.0.0/16"], "description": "in"}
    out = {"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"]}
    inputs = {"name": "serving", "description": "endpoints", "vpcId": made(stage, "vpc", VPC), "ingress": [rule]}
    return Hanging(
        {**inputs, "egress": [out], "tags": {"a": "b"}},
        updates={"ingress": [{**rule, "toPort": 444.0}, {**rule, "protocol": "udp"}], "egress": [], "tags": {}},
        replaces={"description": "other"},
    )


def ingress_rule(stage: AwsStage) -> Hanging:
    group = made(stage, "securityGroup", {"name": "serving", "vpcId": made(stage, "vpc", VPC)})
    inputs = {"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0}
    return Hanging(
        {**inputs, "cidrIpv4": "10.0.0.0/16", "description": "in"},
        updates={"description": "other", "tags": {"a": "b"}},
        replaces={"securityGroupId": "sg-1"},
    )


def egress_rule(stage: AwsStage) -> Hanging:
    group = made(stage, "securityGroup", {"name": "serving", "vpcId": made(stage, "vpc", VPC)})
    inputs = {"securityGroupId": group, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    return Hanging(inputs, updates={"description": "out"}, replaces={"securityGroupId": "sg-1"})


def made(stage: AwsStage, kind: str, inputs: Mapping[str, Any]) -> str:
    """The id of a new resource of EC2."""
    return stage.create(f"aws:ec2/{kind}:{kind[0].upper()}{kind[1:]}", inputs).resource_id


HANGING: Mapping[str, Callable[[AwsStage], Hanging]] = {
    "aws:ec2/internetGateway:InternetGateway": internet_gateway,
    "aws:ec2/route:Route": route,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": route_table_association,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
    "aws:ec2/subnet:Subnet": subnet,
    "aws:ec2/vpc:Vpc": vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": egress_rule,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingress_rule,
    "aws:kms/grant:Grant": grant,
    "aws:kms/keyPolicy:KeyPolicy": key_policy,
    "aws:secretsmanager/secretPolicy:SecretPolicy": secret_policy,
    "aws:secretsmanager/secretVersion:SecretVersion": secret_version,
}
