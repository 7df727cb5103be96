"""A local AWS in the test's process, on a clock that the test drives, and clients of any of its accounts."""

from __future__ import annotations

import functools
import json

import boto3
import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime

ACCOUNT = "111122223333"
TRUSTS_SAGEMAKER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SUMS_ITS_ROWS = b"""
def model_fn(folder):
    return None

def predict_fn(rows, model):
    return rows.sum(axis=1)
"""


SESSION = boto3.Session()  # reads each service's model once


def client_of(url, service, account=ACCOUNT, region="us-east-1"):
    return SESSION.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id=account, aws_secret_access_key="test"
    )


class Aws:
    """The local AWS with its clock and its clients."""

    def __init__(self, url, time=None):
        self.url, self.time = url, time
        self.client = functools.cache(functools.partial(client_of, url))

    @property
    def sagemaker(self):
        return self.client("sagemaker")

    def role(self, name="execution"):
        document = json.dumps(TRUSTS_SAGEMAKER)
        return self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def model(self, name="model", **more):
        self.sagemaker.create_model(ModelName=name, **({"PrimaryContainer": {"Image": "image:1"}} | more))
        return name

    def config(self, name, *, model="model", variants=None, **more):
        variants = variants or [variant(model=model)]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **more)
        return name

    def status(self, name="endpoint"):
        return self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]

    def endpoint(self, name="endpoint", config="config-1"):
        """An endpoint in service on a configuration of one variant."""
        self.model()
        self.config(config)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.time.advance(1)
        assert self.status(name) == "InService"
        return name


def variant(name="AllTraffic", model="model", **more):
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    } | more


@pytest.fixture
def aws():
    """Endpoints load no models; time stands still until the test moves it."""
    time = ManualTime()
    with in_process_cloud(time_source=time, load_models=False) as address:
        yield Aws(address.url, time)


@pytest.fixture
def hosting_aws():
    """Endpoints load their models and answer; the machine's time."""
    with in_process_cloud() as address:
        yield Aws(address.url)
