"""Who and where we are: the caller's identity, the partition, the region, its zones, the provider's default tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS

# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
DNS_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def get_caller_identity(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The caller, as STS tells it."""
    caller = session.call("sts", "GetCallerIdentity", {})
    return {"accountId": caller["Account"], "arn": caller["Arn"], "id": caller["Account"], "userId": caller["UserId"]}


def get_partition(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The partition of the provider's region."""
    suffix = DNS_SUFFIXES[session.partition]
    return {
        "dnsSuffix": suffix,
        "id": session.partition,
        "partition": session.partition,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def get_region(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's region, or the one asked for, with EC2's endpoint there as the real provider has it."""
    region = arguments.get("region") or arguments.get("name") or session.region
    suffix = DNS_SUFFIXES[session.in_region(region).partition]
    return {
        "description": _description(region),
        "endpoint": f"ec2.{region}.{suffix}",
        "id": region,
        "name": region,
        "region": region,
    }


def _description(region: str) -> str:
    partitions = MODELS.session().get_component("data_loader").load_data("endpoints")["partitions"]
    return next(
        (str(data["regions"][region]["description"]) for data in partitions if region in data["regions"]), region
    )


def get_availability_zones(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The zones of the region, in the order of their names, by state and by what is to be left out."""
    session = session.in_region(arguments.get("region"))
    request: dict[str, Any] = {}
    filters = [{"Name": entry["name"], "Values": entry["values"]} for entry in arguments.get("filters", [])]
    if arguments.get("state"):
        filters.append({"Name": "state", "Values": [arguments["state"]]})
    if filters:
        request["Filters"] = filters
    zones = session.call("ec2", "DescribeAvailabilityZones", request)["AvailabilityZones"]
    kept = sorted(
        (
            zone
            for zone in zones
            if zone["ZoneName"] not in arguments.get("excludeNames", [])
            and zone["ZoneId"] not in arguments.get("excludeZoneIds", [])
        ),
        key=lambda zone: str(zone["ZoneName"]),
    )
    return {
        **arguments,
        "groupNames": sorted({zone.get("GroupName", session.region) for zone in kept}),
        "id": session.region,
        "names": [zone["ZoneName"] for zone in kept],
        "region": session.region,
        "zoneIds": [zone["ZoneId"] for zone in kept],
    }


def get_default_tags(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's default tags."""
    return {"id": session.partition, "tags": dict(session.default_tags)}
