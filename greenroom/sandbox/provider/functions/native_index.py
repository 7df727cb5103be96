"""aws-native's functions of its own: CloudFormation's pseudo parameters and intrinsic functions.

https://github.com/pulumi/pulumi-aws-native/blob/master/provider/pkg/provider/provider_intrinsics.go
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError, InvalidInputsError, Violation
from greenroom.sandbox.provider.functions.identity import DNS_SUFFIXES

CIDR = "aws-native:index:cidr"
MOST_SUBNETS = 256


def get_account_id(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`AWS::AccountId`."""
    return {"accountId": session.account}


def get_azs(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`Fn::GetAZs`."""
    filters = [{"Name": "region-name", "Values": [arguments.get("region") or session.region]}]
    zones = session.in_region(arguments.get("region")).call("ec2", "DescribeAvailabilityZones", {"Filters": filters})
    return {"azs": [zone["ZoneName"] for zone in zones["AvailabilityZones"]]}


def get_partition(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`AWS::Partition`."""
    return {"dnsSuffix": DNS_SUFFIXES[session.partition], "partition": session.partition}


def get_region(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`AWS::Region`."""
    return {"region": session.region}


def get_url_suffix(session: AccountSession, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`AWS::URLSuffix`."""
    return {"urlSuffix": DNS_SUFFIXES[session.partition]}


def get_ssm_parameter(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's value as text."""
    answer = session.call("ssm", "GetParameter", {"Name": arguments["name"], "WithDecryption": True})
    return {"value": answer["Parameter"]["Value"]}


def get_ssm_parameter_list(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's values as a list."""
    return {"value": get_ssm_parameter(session, arguments)["value"].split(",")}


def cidr(_session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`Fn::Cidr`: the first `count` subnets of a block, each with `cidrBits` bits for hosts.

    Raises:
        InvalidInputsError: the block is none, a number is out of range, or the block has no room.
    """
    count, bits = int(arguments.get("count", 0)), int(arguments.get("cidrBits", -1))
    violations = []
    try:
        network = ipaddress.ip_network(str(arguments.get("ipBlock", "")), strict=False)
    except ValueError as error:
        raise InvalidInputsError(CIDR, [Violation("ipBlock", f"invalid IP block: {error}")]) from error
    if not 1 <= count <= MOST_SUBNETS:
        violations.append(Violation("count", f"{count} is not allowed; allowed: 1 to {MOST_SUBNETS}"))
    if not 0 <= bits <= network.max_prefixlen:
        violations.append(Violation("cidrBits", f"{bits} is not allowed; allowed: 0 to {network.max_prefixlen}"))
    if violations:
        raise InvalidInputsError(CIDR, violations)
    prefix = network.max_prefixlen - bits
    fitting = network.subnets(new_prefix=prefix) if prefix >= network.prefixlen else iter(())
    subnets = [str(subnet) for subnet in itertools.islice(fitting, count)]
    if len(subnets) < count:
        reason = f"{network} has no room for {count} subnets of {bits} host bits each; it has room for {len(subnets)}"
        raise InvalidInputsError(CIDR, [Violation("ipBlock", reason)])
    return {"subnets": subnets}


def import_value(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`Fn::ImportValue`.

    Raises:
        FailedResourceError: no CloudFormation stack exports the name.
    """
    request: dict[str, Any] = {}
    while True:
        page = session.call("cloudformation", "ListExports", request)
        for export in page["Exports"]:
            if export["Name"] == arguments["name"]:
                return {"value": export["Value"]}
        if not page.get("NextToken"):
            raise FailedResourceError(f"aws-native:index:importValue: unknown export '{arguments['name']}'")
        request = {"NextToken": page["NextToken"]}


FUNCTIONS = {
    CIDR: cidr,
    "aws-native:index:getAccountId": get_account_id,
    "aws-native:index:getAzs": get_azs,
    "aws-native:index:getPartition": get_partition,
    "aws-native:index:getRegion": get_region,
    "aws-native:index:getSsmParameterList": get_ssm_parameter_list,
    "aws-native:index:getSsmParameterString": get_ssm_parameter,
    "aws-native:index:getUrlSuffix": get_url_suffix,
    "aws-native:index:importValue": import_value,
}
