"""Functions on names: ARNs, regions, services and their principals, who stands behind a session.

https://www.pulumi.com/registry/packages/aws/api-docs/getarn/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.functions.identity import DNS_SUFFIXES

ARN_PARTS = 6
ASSUMED_ROLE = re.compile(r"arn:([^:]+):sts::(\d*):assumed-role/(?:.*/)?([^/]+)/([^/]+)")


def get_arn(_session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an ARN.

    Raises:
        InvalidInputsError: it is none.
    """
    arn = str(arguments.get("arn", ""))
    parts = arn.split(":", maxsplit=ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or parts[0] != "arn":
        reason = f"{arn!r} is no ARN; allowed: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"
        raise InvalidInputsError("aws:index/getArn:getArn", [Violation("arn", reason)])
    names = ("partition", "service", "region", "account", "resource")
    return {"arn": arn, "id": arn, **dict(zip(names, parts[1:], strict=True))}


def get_regions(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The names of the regions that the account can use, or of all."""
    request: dict[str, Any] = {"AllRegions": bool(arguments.get("allRegions", False))}
    if arguments.get("filters"):
        request["Filters"] = [{"Name": one["name"], "Values": one["values"]} for one in arguments["filters"]]
    regions = session.call("ec2", "DescribeRegions", request)["Regions"]
    return {**arguments, "id": session.partition, "names": sorted(region["RegionName"] for region in regions)}


def get_service(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A service's DNS names in a region, from its id or from either name."""
    suffix = DNS_SUFFIXES[session.in_region(arguments.get("region")).partition]
    reverse_suffix = ".".join(reversed(suffix.split(".")))
    region, service = arguments.get("region") or session.region, arguments.get("serviceId")
    if arguments.get("dnsName"):
        service, region = _two_parts(arguments, "dnsName", arguments["dnsName"].split(".")[:2])
    elif arguments.get("reverseDnsName"):
        region, service = _two_parts(arguments, "reverseDnsName", arguments["reverseDnsName"].split(".")[-2:])
    if not service:
        raise InvalidInputsError("aws:index/getService:getService", [Violation("serviceId", "is required")])
    return {
        "dnsName": f"{service}.{region}.{suffix}",
        "id": f"{reverse_suffix}.{region}.{service}",
        "partition": session.in_region(region).partition,
        "region": region,
        "reverseDnsName": f"{reverse_suffix}.{region}.{service}",
        "reverseDnsPrefix": reverse_suffix,
        "serviceId": service,
        "supported": True,
    }


def _two_parts(arguments: Mapping[str, Any], name: str, parts: list[str]) -> tuple[str, str]:
    if len(parts) != len(("service", "region")):
        reason = f"{arguments[name]!r} is no name of a service in a region"
        raise InvalidInputsError("aws:index/getService:getService", [Violation(name, reason)])
    return parts[0], parts[1]


def get_service_principal(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A service's principal, `sagemaker.amazonaws.com`."""
    region, service = arguments.get("region") or session.region, arguments["serviceName"]
    suffix = "amazonaws.com"
    return {
        "id": f"{service}.{region}.{suffix}",
        "name": f"{service}.{suffix}",
        "region": region,
        "serviceName": service,
        "suffix": suffix,
    }


def get_session_context(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The role behind an assumed role's ARN; any other ARN is its own issuer."""
    arn = arguments["arn"]
    match = ASSUMED_ROLE.fullmatch(arn)
    if match is None:
        return {"arn": arn, "id": arn, "issuerArn": arn, "issuerId": "", "issuerName": "", "sessionName": ""}
    role = session.call("iam", "GetRole", {"RoleName": match[3]})["Role"]
    return {
        "arn": arn,
        "id": arn,
        "issuerArn": role["Arn"],
        "issuerId": role["RoleId"],
        "issuerName": match[3],
        "sessionName": match[4],
    }


FUNCTIONS = {
    "aws:iam/getSessionContext:getSessionContext": get_session_context,
    "aws:index/getArn:getArn": get_arn,
    "aws:index/getRegions:getRegions": get_regions,
    "aws:index/getService:getService": get_service,
    "aws:index/getServicePrincipal:getServicePrincipal": get_service_principal,
}
