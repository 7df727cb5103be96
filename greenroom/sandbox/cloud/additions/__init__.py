"""Small operations and attributes that moto lacks, of services that stay moto's otherwise: a module a service.

They are put into moto's own classes, so that whatever else takes their places inherits them. Which of them moto has in
a later version can be told from its implementation coverage:
https://github.com/getmoto/moto/blob/master/IMPLEMENTATION_COVERAGE.md
"""

from __future__ import annotations


def install_in_moto() -> None:
    """Put all of them in their places."""
    from greenroom.sandbox.cloud.additions import ec2, events, iam, logs, s3, scheduler, sqs

    ec2.install_in_moto()
    events.install_in_moto()
    iam.install_in_moto()
    logs.install_in_moto()
    s3.install_in_moto()
    scheduler.install_in_moto()
    sqs.install_in_moto()
