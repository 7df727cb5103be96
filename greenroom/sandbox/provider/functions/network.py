"""EC2's look-ups: VPCs, subnets and security groups, by filters.

https://www.pulumi.com/registry/packages/aws/api-docs/ec2/getvpc/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import StructureCodec
from greenroom.sandbox.provider.errors import AwsRefusedError
from greenroom.sandbox.provider.functions.look_up import Arguments, is_gone, only, result_properties, told_arguments


@dataclass(frozen=True, kw_only=True)
class NetworkPart:
    """A kind of thing in EC2's networks.

    Attributes:
        one, many: the functions that find one, and all.
        what: how the real provider calls it.
        operation, found: the request, and the member of its answer.
        ids: the request's member that names things, `id_member`: the member that is a thing's id.
        filters: argument → the name of EC2's filter.
        exceptions: as in `ResourceType`.
    """

    one: str
    many: str
    what: str
    operation: str
    found: str
    ids: str
    id_member: str
    filters: Mapping[str, str]
    exceptions: Mapping[str, str | None]

    def matching(self, session: AccountSession, arguments: Arguments) -> list[dict[str, Any]]:
        """All things that fit the arguments, in the order of their ids."""
        filters = [{"Name": one["name"], "Values": list(one["values"])} for one in arguments.get("filters", [])]
        for argument, name in self.filters.items():
            value = arguments.get(argument)
            if value is not None and value is not False:
                filters.append({"Name": name, "Values": ["true" if value is True else str(value)]})
        filters += [{"Name": f"tag:{key}", "Values": [value]} for key, value in arguments.get("tags", {}).items()]
        request: dict[str, Any] = {"Filters": filters} if filters else {}
        if arguments.get("id"):
            request[self.ids] = [arguments["id"]]
        try:
            found = session.call("ec2", self.operation, request)[self.found]
        except AwsRefusedError as refused:
            if not is_gone(refused):
                raise
            return []
        return sorted(found, key=lambda thing: str(thing[self.id_member]))

    def get_one(self, session: AccountSession, arguments: Arguments) -> dict[str, Any]:
        """The only thing that fits."""
        session = session.in_region(arguments.get("region"))
        found = only(self.what, self.one, self.matching(session, arguments))
        shape: Any = MODELS.operation("ec2", self.operation).output_shape
        codec = StructureCodec(result_properties(self.one), shape.members[self.found].member, self.exceptions)
        thing_id, kind = found[self.id_member], self.id_member.removesuffix("Id").lower()
        kind = "security-group" if kind == "group" else kind
        result: dict[str, Any] = {
            "tags": {},
            "arn": session.arn("ec2", f"{kind}/{thing_id}"),
            **told_arguments(arguments),
            **codec.decode(found),
            "id": thing_id,
            "region": session.region,
        }
        return {**result, **self._of_vpc(session, thing_id)} if kind == "vpc" else result

    def _of_vpc(self, session: AccountSession, vpc_id: str) -> dict[str, Any]:
        attributes = {}
        for name in ("enableDnsHostnames", "enableDnsSupport"):
            answer = session.call("ec2", "DescribeVpcAttribute", {"VpcId": vpc_id, "Attribute": name})
            attributes[name] = answer[f"{name[0].upper()}{name[1:]}"]["Value"]
        main = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
        tables = session.call("ec2", "DescribeRouteTables", {"Filters": main})["RouteTables"]
        return {
            **attributes,
            "enableNetworkAddressUsageMetrics": False,
            "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        }

    def get_many(self, session: AccountSession, arguments: Arguments) -> dict[str, Any]:
        """The ids of all that fit; none is an answer, too."""
        session = session.in_region(arguments.get("region"))
        found = self.matching(session, arguments)
        result: dict[str, Any] = {
            **told_arguments(arguments),
            "id": session.region,
            "ids": [thing[self.id_member] for thing in found],
            "region": session.region,
            "tags": arguments.get("tags", {}),
        }
        if self.found == "SecurityGroups":
            result["arns"] = [session.arn("ec2", f"security-group/{thing['GroupId']}") for thing in found]
            result["vpcIds"] = [thing["VpcId"] for thing in found]
        return result


VPC = NetworkPart(
    one="aws:ec2/getVpc:getVpc",
    many="aws:ec2/getVpcs:getVpcs",
    what="EC2 VPC",
    operation="DescribeVpcs",
    found="Vpcs",
    ids="VpcIds",
    id_member="VpcId",
    filters={"cidrBlock": "cidr", "default": "isDefault", "dhcpOptionsId": "dhcp-options-id", "state": "state"},
    exceptions={
        "cidrBlockAssociations": "CidrBlockAssociationSet",
        "cidrBlockAssociations.state": "CidrBlockState.State",
        "default": "IsDefault",
    },
)
SUBNET = NetworkPart(
    one="aws:ec2/getSubnet:getSubnet",
    many="aws:ec2/getSubnets:getSubnets",
    what="EC2 Subnet",
    operation="DescribeSubnets",
    found="Subnets",
    ids="SubnetIds",
    id_member="SubnetId",
    filters={
        "availabilityZone": "availabilityZone",
        "availabilityZoneId": "availabilityZoneId",
        "cidrBlock": "cidrBlock",
        "defaultForAz": "defaultForAz",
        "ipv6CidrBlock": "ipv6-cidr-block-association.ipv6-cidr-block",
        "state": "state",
        "vpcId": "vpc-id",
    },
    exceptions={"arn": "SubnetArn"},
)
SECURITY_GROUP = NetworkPart(
    one="aws:ec2/getSecurityGroup:getSecurityGroup",
    many="aws:ec2/getSecurityGroups:getSecurityGroups",
    what="EC2 Security Group",
    operation="DescribeSecurityGroups",
    found="SecurityGroups",
    ids="GroupIds",
    id_member="GroupId",
    filters={"name": "group-name", "vpcId": "vpc-id"},
    exceptions={"name": "GroupName"},
)
PARTS = (VPC, SUBNET, SECURITY_GROUP)
FUNCTIONS = {**{part.one: part.get_one for part in PARTS}, **{part.many: part.get_many for part in PARTS}}
