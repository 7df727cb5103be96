"""EC2: a VPC endpoint goes whatever routes it has; moto refuses one whose route tables were changed.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html
"""

from __future__ import annotations

import contextlib
from typing import Any


def install_in_moto() -> None:
    """Put the mended operation into moto's backend."""
    from moto.ec2.exceptions import InvalidRouteError
    from moto.ec2.models import EC2Backend

    delete_vpc_endpoints = EC2Backend.delete_vpc_endpoints

    def delete_each(self: Any, vpce_ids: list[str] | None = None) -> None:
        for vpce_id in vpce_ids or []:
            with contextlib.suppress(InvalidRouteError):
                delete_vpc_endpoints(self, [vpce_id])
            if vpce_id in self.vpc_end_points:
                self.vpc_end_points[vpce_id].state = "deleted"

    EC2Backend.delete_vpc_endpoints = delete_each
