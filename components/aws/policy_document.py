"""IAM policy documents as data: statements that tests compare whole, rendered to JSON in one place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Principals: TypeAlias = Mapping[str, tuple[str, ...]] | Literal["*"]
"""Who: `{"Service": (…)}` or `{"AWS": (…)}`, or everybody."""

Conditions: TypeAlias = Mapping[str, Mapping[str, str | tuple[str, ...]]]
"""`{operator: {condition key: value or values}}`."""


@dataclass(frozen=True)
class Statement:
    """One statement; `principals` only in policies of resources, never in those of roles."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Principals | None = None
    conditions: Conditions = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The statement in IAM's own shape; what is empty is left out."""
        document: dict[str, object] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals is not None:
            document["Principal"] = (
                "*" if self.principals == "*" else {kind: list(names) for kind, names in self.principals.items()}
            )
        document["Action"] = list(self.actions)
        if self.resources != ():
            document["Resource"] = list(self.resources)
        if self.conditions != {}:
            document["Condition"] = {
                operator: {key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return document


def policy_document(*statements: Statement) -> str:
    """The policy as JSON text: the same statements always give the same text, so nothing unchanged is planned."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement.as_json() for statement in statements]})


def assumed_by_sagemaker(account_id: str) -> str:
    """The trust policy of an execution role: SageMaker, and only on behalf of this account.

    The condition is AWS's guard against the confused deputy:
    https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    return policy_document(
        Statement(
            sid="SageMakerOfThisAccount",
            actions=("sts:AssumeRole",),
            principals={"Service": ("sagemaker.amazonaws.com",)},
            conditions={"StringEquals": {"aws:SourceAccount": account_id}},
        )
    )
