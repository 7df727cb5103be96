"""ARNs, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Arn:
    """An ARN's parts: `arn:PARTITION:service:region:account:resource`. What a text lacks is empty."""

    text: str
    service: str
    region: str
    account_id: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Take an ARN apart."""
        _, _, service, region, account_id, resource = [*text.split(":", 5), "", "", "", "", "", ""][:6]
        return cls(text, service, region, account_id, resource)


def function_at(arn: Arn) -> Any:
    """Moto's Lambda function of an ARN, of the version or alias that it ends with.

    Raises:
        UnknownFunctionException: There is none.
    """
    from moto.awslambda.models import lambda_backends

    _, name, qualifier = [*arn.resource.split(":"), "", None][:3]
    return lambda_backends[arn.account_id][arn.region].get_function(str(name), qualifier or None)
