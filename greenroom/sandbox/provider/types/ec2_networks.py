"""EC2: networks, as far as endpoints and functions stand in them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.ec2_tagging import SERVICE, Ec2Type

# ModifyVpcAttribute and ModifySubnetAttribute take one attribute a request.
VPC_ATTRIBUTES = {
    "enableDnsSupport": ("EnableDnsSupport", "enableDnsSupport", True),
    "enableDnsHostnames": ("EnableDnsHostnames", "enableDnsHostnames", False),
    "enableNetworkAddressUsageMetrics": (
        "EnableNetworkAddressUsageMetrics",
        "enableNetworkAddressUsageMetrics",
        False,
    ),
}
SUBNET_ATTRIBUTES = {
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
    "enableDns64": "EnableDns64",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}
NOT_HERE = "is not in the sandbox; leave it out"


@dataclass(frozen=True, kw_only=True)
class VpcType(Ec2Type):
    """A VPC, with the table, the list and the group that AWS makes for it."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The attributes that are not as AWS makes them."""
        for name, (_, _, default) in VPC_ATTRIBUTES.items():
            if known.get(name, default) is not default:
                self._set(session, known["id"], name, known[name])

    def _set(self, session: AccountSession, vpc: str, name: str, value: Any) -> None:
        request = {"VpcId": vpc, VPC_ATTRIBUTES[name][0]: {"Value": value}}
        session.call(SERVICE, "ModifyVpcAttribute", request)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the attributes, and the ids of what came with the VPC."""
        told = super().completed(session, live, found) or {}
        for name, (member, attribute, _) in VPC_ATTRIBUTES.items():
            request = {"VpcId": live["id"], "Attribute": attribute}
            told[name] = session.call(SERVICE, "DescribeVpcAttribute", request)[member]["Value"]
        of_vpc = {"Filters": [{"Name": "vpc-id", "Values": [live["id"]]}]}
        tables = session.call(SERVICE, "DescribeRouteTables", of_vpc)["RouteTables"]
        main = [
            table["RouteTableId"] for table in tables if any(one.get("Main") for one in table.get("Associations", []))
        ]
        groups = session.call(SERVICE, "DescribeSecurityGroups", of_vpc)["SecurityGroups"]
        acls = session.call(SERVICE, "DescribeNetworkAcls", of_vpc)["NetworkAcls"]
        for table in main[:1]:
            told |= {"mainRouteTableId": table, "defaultRouteTableId": table}
        default = [one["GroupId"] for one in groups if one["GroupName"] == "default"]
        default_acl = [one["NetworkAclId"] for one in acls if one.get("IsDefault")]
        told |= {"defaultSecurityGroupId": default[0]} if default else {}
        told |= {"defaultNetworkAclId": default_acl[0]} if default_acl else {}
        return told

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each attribute by its own request."""
        for name in sorted(changed & VPC_ATTRIBUTES.keys()):
            self._set(session, known["id"], name, inputs.get(name, VPC_ATTRIBUTES[name][2]))


# Replaced by: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_.go (ForceNew)
VPC = VpcType(
    "aws:ec2/vpc:Vpc",
    create="CreateVpc",
    read="DescribeVpcs",
    delete="DeleteVpc",
    found=("Vpcs", 0),
    kind="vpc",
    id_member="VpcId",
    created="Vpc",
    unsent=frozenset(VPC_ATTRIBUTES),
    refused=dict.fromkeys(
        (
            "assignGeneratedIpv6CidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6CidrBlock",
            "ipv6CidrBlockNetworkBorderGroup", "ipv6IpamPoolId", "ipv6NetmaskLength",
        ),
        NOT_HERE,
    ),
    replaced_by=frozenset({"cidrBlock", "instanceTenancy"}),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SubnetType(Ec2Type):
    """A subnet."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The attributes that are on."""
        for name in SUBNET_ATTRIBUTES:
            if known.get(name):
                self._set(session, known["id"], name, known[name])

    def _set(self, session: AccountSession, subnet: str, name: str, value: Any) -> None:
        request = {"SubnetId": subnet, SUBNET_ATTRIBUTES[name]: {"Value": value}}
        session.call(SERVICE, "ModifySubnetAttribute", request)

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each attribute by its own request."""
        for name in sorted(changed & SUBNET_ATTRIBUTES.keys()):
            self._set(session, known["id"], name, inputs.get(name, False))


# Replaced by: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_subnet.go
SUBNET = SubnetType(
    "aws:ec2/subnet:Subnet",
    create="CreateSubnet",
    read="DescribeSubnets",
    delete="DeleteSubnet",
    found=("Subnets", 0),
    kind="subnet",
    id_member="SubnetId",
    created="Subnet",
    unsent=frozenset(SUBNET_ATTRIBUTES),
    refused=dict.fromkeys(
        (
            "customerOwnedIpv4Pool", "enableLniAtDeviceIndex", "enableResourceNameDnsARecordOnLaunch",
            "enableResourceNameDnsAaaaRecordOnLaunch", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6CidrBlock",
            "ipv6IpamPoolId", "ipv6Native", "ipv6NetmaskLength", "mapCustomerOwnedIpOnLaunch", "outpostArn",
            "privateDnsHostnameTypeOnLaunch",
        ),
        NOT_HERE,
    ),
    replaced_by=frozenset({"availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId"}),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InternetGatewayType(Ec2Type):
    """An internet gateway, attached to one VPC at most."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Attaches it."""
        live = self.live(session, known) or {}
        if known.get("vpcId") and live.get("vpcId") != known["vpcId"]:
            self._move(session, known["id"], None, known["vpcId"])

    def _move(self, session: AccountSession, gateway: str, old: str | None, new: str | None) -> None:
        if old:
            session.call(SERVICE, "DetachInternetGateway", {"InternetGatewayId": gateway, "VpcId": old})
        if new:
            session.call(SERVICE, "AttachInternetGateway", {"InternetGatewayId": gateway, "VpcId": new})

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the VPC it is attached to."""
        attached = [one["VpcId"] for one in found.get("Attachments", [])]
        told = {"ownerId": session.account, **(super().completed(session, live, found) or {})}
        return {**told, "vpcId": attached[0]} if attached else told

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """From one VPC to the other."""
        self._move(session, known["id"], known.get("vpcId"), inputs.get("vpcId"))

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Detaches it first."""
        live = self.live(session, known)
        if live is not None:
            self._move(session, known["id"], live.get("vpcId"), None)
            super().remove(session, known, bound_seconds)


INTERNET_GATEWAY = InternetGatewayType(
    "aws:ec2/internetGateway:InternetGateway",
    create="CreateInternetGateway",
    read="DescribeInternetGateways",
    delete="DeleteInternetGateway",
    found=("InternetGateways", 0),
    kind="internet-gateway",
    id_member="InternetGatewayId",
    created="InternetGateway",
    unsent=frozenset({"vpcId"}),
    replaced_by=frozenset(),
)

ROUTE_TABLE = Ec2Type(
    "aws:ec2/routeTable:RouteTable",
    create="CreateRouteTable",
    read="DescribeRouteTables",
    delete="DeleteRouteTable",
    found=("RouteTables", 0),
    kind="route-table",
    id_member="RouteTableId",
    created="RouteTable",
    operation_exceptions={"response": {"routes": None, "propagatingVgws": None}},
    refused={
        "routes": "are resources of their own in the sandbox; use aws.ec2.Route",
        "propagatingVgws": NOT_HERE,
    },
    replaced_by=frozenset({"vpcId"}),
)

DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


@dataclass(frozen=True, kw_only=True)
class RouteType(ResourceType):
    """A route of a table, known by where it leads."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The route of this destination."""
        response = self.call_unless_gone(session, self.read, {"RouteTableIds": [known["routeTableId"]]})
        if response is None:
            return None
        for route in response["RouteTables"][0].get("Routes", []):
            live = self.live_codec.decode(route)
            if all(live.get(name) == known.get(name) for name in DESTINATIONS):
                return {**live, "routeTableId": known["routeTableId"]}
        return None

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """`r-TABLE` and a checksum of the destination, as the official provider has it (a guess at the checksum)."""
        destination = next(str(outputs[name]) for name in DESTINATIONS if outputs.get(name))
        return f"r-{outputs['routeTableId']}{zlib.crc32(destination.encode())}"

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`TABLE_DESTINATION`.

        Raises:
            InvalidInputsError: it names no destination.
        """
        table, between, destination = resource_id.partition("_")
        if not between:
            violation = Violation("id", f"{resource_id!r} is not of the form ROUTE-TABLE_DESTINATION")
            raise InvalidInputsError(self.token, [violation])
        by_name = dict(zip(DESTINATIONS, ("." in destination, ":" in destination, "pl-" in destination), strict=True))
        name = next((name for name, fits in by_name.items() if fits), DESTINATIONS[0])
        return {"routeTableId": table, name: destination}


ROUTE = RouteType(
    "aws:ec2/route:Route",
    service=SERVICE,
    create="CreateRoute",
    read="DescribeRouteTables",
    update="ReplaceRoute",
    delete="DeleteRoute",
    identity=("routeTableId", *DESTINATIONS),
    found=("RouteTables", 0, "Routes", 0),
    exceptions={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_route.go (ForceNew)
    replaced_by=frozenset({"routeTableId", *DESTINATIONS}),
)


@dataclass(frozen=True, kw_only=True)
class RouteTableAssociationType(ResourceType):
    """A subnet, or a gateway, that routes by a table."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The association's id."""
        return {"id": response["AssociationId"]}

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The association of this id; of this subnet for an import."""
        for table in session.call(SERVICE, self.read, {})["RouteTables"]:
            for one in table.get("Associations", []):
                told = {
                    "id": one["RouteTableAssociationId"],
                    "routeTableId": table["RouteTableId"],
                    **{
                        name: one[m] for m, name in (("SubnetId", "subnetId"), ("GatewayId", "gatewayId")) if one.get(m)
                    },
                }
                asked = ("id",) if "id" in known else ("subnetId", "gatewayId", "routeTableId")
                if all(told.get(name) == known.get(name) for name in asked):
                    return told
        return None

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Another table makes another association for AWS, and so it replaces."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Lets the subnet route by the main table again."""
        if self.live(session, known) is not None:
            session.call(SERVICE, self.delete, {"AssociationId": known["id"]})

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`SUBNET/TABLE` or `GATEWAY/TABLE`."""
        of, _, table = resource_id.partition("/")
        return {"subnetId" if of.startswith("subnet-") else "gatewayId": of, "routeTableId": table}


ROUTE_TABLE_ASSOCIATION = RouteTableAssociationType(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    service=SERVICE,
    create="AssociateRouteTable",
    read="DescribeRouteTables",
    delete="DisassociateRouteTable",
    identity=("id",),
    id_format="{id}",
    found=("RouteTables", 0),
    # The official provider moves it in place, by an operation that gives it another id; an update cannot tell that.
    replaced_by=frozenset({"routeTableId", "subnetId", "gatewayId"}),
    delete_before_replace=True,
)


@dataclass(frozen=True, kw_only=True)
class VpcEndpointType(Ec2Type):
    """A VPC endpoint: how SageMaker, S3 and others are reached without the internet."""

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """A gateway unless the program says otherwise, as AWS has it."""
        request = super().create_request(inputs, tags, trace)
        request.setdefault("VpcEndpointType", "Gateway")
        return request

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The endpoint; one that is being deleted is gone."""
        found = super().pick(response, known)
        return None if found is None or str(found.get("State", "")).lower() in {"deleting", "deleted"} else found

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the ids of its groups."""
        told = super().completed(session, live, found) or {}
        return {**told, "securityGroupIds": [group["GroupId"] for group in found.get("Groups", [])]}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Lists by what is to be added and to be removed."""
        request: dict[str, Any] = {"VpcEndpointId": known["id"]}
        for name, member in (
            ("routeTableIds", "RouteTable"),
            ("subnetIds", "Subnet"),
            ("securityGroupIds", "SecurityGroup"),
        ):
            old, new = set(known.get(name) or []), set(inputs.get(name) or [])
            if name in changed and new - old:
                request[f"Add{member}Ids"] = sorted(new - old)
            if name in changed and old - new:
                request[f"Remove{member}Ids"] = sorted(old - new)
        if "policy" in changed:
            request |= {"PolicyDocument": inputs["policy"]} if inputs.get("policy") else {"ResetPolicy": True}
        if "privateDnsEnabled" in changed:
            request["PrivateDnsEnabled"] = bool(inputs.get("privateDnsEnabled"))
        session.call(SERVICE, "ModifyVpcEndpoint", request)


VPC_ENDPOINT = VpcEndpointType(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    create="CreateVpcEndpoint",
    read="DescribeVpcEndpoints",
    delete="DeleteVpcEndpoints",
    found=("VpcEndpoints", 0),
    kind="vpc-endpoint",
    id_member="VpcEndpointId",
    created="VpcEndpoint",
    exceptions={"policy": "PolicyDocument"},
    shared=frozenset({"policy", "securityGroupIds", "subnetIds", "routeTableIds", "privateDnsEnabled"}),
    refused=dict.fromkeys(
        (
            "autoAccept", "dnsOptions", "ipAddressType", "resourceConfigurationArn", "serviceNetworkArn",
            "serviceRegion", "subnetConfigurations",
        ),
        NOT_HERE,
    ),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_endpoint.go (ForceNew)
    replaced_by=frozenset({"serviceName", "vpcEndpointType", "vpcId"}),
)  # fmt: skip

TYPES = (VPC, SUBNET, INTERNET_GATEWAY, ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION, VPC_ENDPOINT)
