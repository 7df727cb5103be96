"""EC2: security groups, with their rules as inputs of the group or as resources of their own.

A rule of the program may stand for several of AWS's: one for each block, group and prefix list.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.ec2_tagging import SERVICE, Ec2Type
from greenroom.sandbox.provider.values import as_whole_number

Direction = Literal["ingress", "egress"]

LONGEST_NAME = 255
# What the official provider says where the program says nothing.
DESCRIPTION = "Managed by Pulumi"
ALL = "-1"
DIRECTIONS: Mapping[Direction, tuple[str, str]] = {
    "ingress": ("Ingress", "IpPermissions"),
    "egress": ("Egress", "IpPermissionsEgress"),
}


def permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A rule as EC2 has it."""
    said = {"Description": rule["description"]} if rule.get("description") else {}
    groups = [*rule.get("securityGroups", []), *([group] if rule.get("self") else [])]
    protocol = str(as_whole_number(rule["protocol"]))
    found: dict[str, Any] = {"IpProtocol": ALL if protocol == "all" else protocol}
    if found["IpProtocol"] != ALL:
        found |= {"FromPort": as_whole_number(rule["fromPort"]), "ToPort": as_whole_number(rule["toPort"])}
    lists = {
        "IpRanges": [{"CidrIp": block, **said} for block in rule.get("cidrBlocks", [])],
        "Ipv6Ranges": [{"CidrIpv6": block, **said} for block in rule.get("ipv6CidrBlocks", [])],
        "PrefixListIds": [{"PrefixListId": one, **said} for one in rule.get("prefixListIds", [])],
        "UserIdGroupPairs": [{"GroupId": one, **said} for one in groups],
    }
    return {**found, **{member: items for member, items in lists.items() if items}}


def rule_of(found: Mapping[str, Any], group: str) -> dict[str, Any]:
    """EC2's permission as a rule of the program."""
    groups = [pair["GroupId"] for pair in found.get("UserIdGroupPairs", [])]
    listed = {
        "cidrBlocks": [one["CidrIp"] for one in found.get("IpRanges", [])],
        "ipv6CidrBlocks": [one["CidrIpv6"] for one in found.get("Ipv6Ranges", [])],
        "prefixListIds": [one["PrefixListId"] for one in found.get("PrefixListIds", [])],
        "securityGroups": [one for one in groups if one != group],
    }
    sources = [
        one
        for member in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
        for one in found.get(member, [])
    ]
    described = next((one["Description"] for one in sources if one.get("Description")), None)
    return {
        "protocol": found["IpProtocol"],
        "fromPort": float(found.get("FromPort", 0)),
        "toPort": float(found.get("ToPort", 0)),
        **{name: items for name, items in listed.items() if items},
        **({"self": True} if group in groups else {}),
        **({"description": described} if described else {}),
    }


@dataclass(frozen=True, kw_only=True)
class SecurityGroupType(Ec2Type):
    """A security group. A new one lets everything out, and the official provider takes that rule away."""

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """With the description that the official provider gives."""
        request = super().create_request(inputs, tags, trace)
        return {"Description": DESCRIPTION, **request}

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The rules that are given with the group, and no other."""
        for direction in DIRECTIONS:
            self._sync(session, known["id"], direction, known.get(direction, []))

    def _sync(self, session: AccountSession, group: str, direction: Direction, rules: list[Mapping[str, Any]]) -> None:
        name, member = DIRECTIONS[direction]
        wanted = [permission(rule, group) for rule in rules]
        found = session.call(SERVICE, self.read, {"GroupIds": [group]})["SecurityGroups"][0].get(member, [])
        held = [permission(rule_of(one, group), group) for one in found]
        revoked = [one for one in held if one not in wanted]
        added = [one for one in wanted if one not in held]
        if revoked:
            session.call(SERVICE, f"RevokeSecurityGroup{name}", {"GroupId": group, "IpPermissions": revoked})
        if added:
            session.call(SERVICE, f"AuthorizeSecurityGroup{name}", {"GroupId": group, "IpPermissions": added})

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the name, and the rules in the program's form."""
        told = super().completed(session, live, found) or {}
        rules: dict[str, Any] = {
            direction: [rule_of(one, live["id"]) for one in found.get(member, [])]
            for direction, (_, member) in DIRECTIONS.items()
        }
        return {**told, "name": found["GroupName"], **rules}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Takes away the rules that are gone, and adds those that are new."""
        for direction in DIRECTIONS:
            if direction in changed:
                self._sync(session, known["id"], direction, inputs.get(direction, []))


# Replaced by: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_security_group.go
SECURITY_GROUP = SecurityGroupType(
    "aws:ec2/securityGroup:SecurityGroup",
    create="CreateSecurityGroup",
    read="DescribeSecurityGroups",
    delete="DeleteSecurityGroup",
    found=("SecurityGroups", 0),
    kind="security-group",
    id_member="GroupId",
    exceptions={"name": "GroupName"},
    unsent=frozenset({"ingress", "egress"}),
    shared=frozenset({"ingress", "egress"}),
    steering=frozenset({"revokeRulesOnDelete"}),
    replaced_by=frozenset({"name", "namePrefix", "description", "vpcId"}),
    autoname=AutoName(longest=LONGEST_NAME),
)


@dataclass(frozen=True, kw_only=True)
class RuleType(Ec2Type):
    """One rule of a group: one source or destination, with tags of its own.

    Attributes:
        direction: `Ingress` or `Egress`.
    """

    direction: str

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """The rule as a permission; the tags go with it."""
        tagged = super().create_request({}, tags, trace)
        return {"GroupId": inputs.get("securityGroupId"), "IpPermissions": [self._permission(inputs)], **tagged}

    def _permission(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        said = {"Description": inputs["description"]} if inputs.get("description") else {}
        found: dict[str, Any] = {"IpProtocol": inputs.get("ipProtocol")}
        for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
            if name in inputs:
                found[member] = as_whole_number(inputs[name])
        for name, (member, key) in SOURCES.items():
            if name in inputs:
                found[member] = [{key: inputs[name], **said}]
        return found

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The rule's id."""
        made = response["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return {"id": made, "securityGroupRuleId": made}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the group it refers to, and its id once more, as the official provider has it."""
        told = super().completed(session, live, found) or {}
        referred = found.get("ReferencedGroupInfo", {}).get("GroupId")
        told |= {"referencedSecurityGroupId": referred} if referred else {}
        return {**told, "securityGroupRuleId": live["id"], "securityGroupId": found["GroupId"]}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """All of the rule at once."""
        names = {
            "ipProtocol": "IpProtocol",
            "cidrIpv4": "CidrIpv4",
            "cidrIpv6": "CidrIpv6",
            "prefixListId": "PrefixListId",
            "referencedSecurityGroupId": "ReferencedGroupId",
            "description": "Description",
            "fromPort": "FromPort",
            "toPort": "ToPort",
        }
        rule = {member: as_whole_number(inputs[name]) for name, member in names.items() if name in inputs}
        if rule.get("IpProtocol") == ALL:
            rule |= {"FromPort": -1, "ToPort": -1}  # all ports, which go with all protocols
        one = {"SecurityGroupRuleId": known["id"], "SecurityGroupRule": rule}
        request = {"GroupId": known["securityGroupId"], "SecurityGroupRules": [one]}
        session.call(SERVICE, "ModifySecurityGroupRules", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Revokes the rule; a group that is gone has none."""
        if self.live(session, known) is not None:
            request = {"GroupId": known["securityGroupId"], "SecurityGroupRuleIds": [known["id"]]}
            session.call(SERVICE, self.delete, request)


SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _rule_type(direction: str) -> RuleType:
    return RuleType(
        f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        create=f"AuthorizeSecurityGroup{direction}",
        read="DescribeSecurityGroupRules",
        delete=f"RevokeSecurityGroup{direction}",
        found=("SecurityGroupRules", 0),
        kind="security-group-rule",
        id_member="SecurityGroupRuleId",
        direction=direction,
        unsent=frozenset({"securityGroupId", "description", *SOURCES}),
        # The group alone: ModifySecurityGroupRules takes all else, and the official provider uses it.
        replaced_by=frozenset({"securityGroupId"}),
    )


INGRESS_RULE, EGRESS_RULE = _rule_type("Ingress"), _rule_type("Egress")

TYPES = (SECURITY_GROUP, INGRESS_RULE, EGRESS_RULE)
