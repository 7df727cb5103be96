"""EventBridge: what AWS's services tell, on each account's default bus, and where its rules send it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

DEFAULT_BUS = "default"


@dataclass(frozen=True)
class AwsEvent:
    """What an AWS service tells: `source` such as "aws.sagemaker", `resources` the ARNs that it concerns."""

    account_id: str
    region: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    resources: tuple[str, ...] = ()


def emit(event: AwsEvent) -> None:
    """Put an event on the default bus of its account and region.

    To be called from a handler of the journal's events or of a request, so that a replay tells the same again.
    """
    from moto.events.models import events_backends

    entry = {
        "Source": event.source,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail, default=str),
        "Resources": list(event.resources),
        "EventBusName": DEFAULT_BUS,
    }
    events_backends[event.account_id][event.region].tell(entry)
