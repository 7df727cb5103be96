"""Who a caller is: an access key id of twelve digits is the account (LocalStack's convention)."""

import contextlib
import http.client
import io
import json

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from tests.functional.cloud.conftest import TRUSTS_SAGEMAKER, Aws, client_of

pytestmark = pytest.mark.slow  # a cloud a test


@pytest.fixture(scope="module")
def aws():
    with in_process_cloud(default_account_id="777788889999", load_models=False) as address:
        yield Aws(address.url)


@pytest.mark.parametrize(
    ("access_key_id", "account"),
    [("111122223333", "111122223333"), ("444455556666", "444455556666"), ("AKIAIOSFODNN7EXAMPLE", "777788889999")],
)
def test_the_access_key_id_says_the_account(aws, access_key_id, account):
    assert aws.client("sts", account=access_key_id).get_caller_identity()["Account"] == account


def test_accounts_and_regions_have_their_own_resources(aws):
    for account in ("111122223333", "444455556666"):
        for region in ("us-east-1", "eu-west-1"):
            client = client_of(aws.url, "sagemaker", account, region)
            client.create_model(ModelName="same-name", PrimaryContainer={"Image": "i"})
            (model,) = client.list_models()["Models"]
            assert model["ModelArn"] == f"arn:aws:sagemaker:{region}:{account}:model/same-name"


def test_a_key_that_was_issued_here_acts_for_the_account_it_was_issued_in(aws):
    iam = aws.client("iam", account="111122223333")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    assert aws.client("sts", account=key).get_caller_identity()["Account"] == "111122223333"


def allows_reading(bucket, account):
    """A bucket policy that lets another account read every object."""
    allow = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "s3:GetObject"}
    return {"Version": "2012-10-17", "Statement": [allow | {"Resource": f"arn:aws:s3:::{bucket}/*"}]}


def test_an_object_of_another_account_can_be_read_where_its_bucket_allows_it(aws):
    owner, reader = aws.client("s3", account="111122223333"), aws.client("s3", account="444455556666")
    owner.create_bucket(Bucket="owned")
    owner.put_bucket_policy(Bucket="owned", Policy=json.dumps(allows_reading("owned", "444455556666")))
    owner.upload_fileobj(io.BytesIO(b"x" * 9_000_000), "owned", "a b/ä_1")  # in parts
    owner.put_object(Bucket="owned", Key="small", Body=b"y", Metadata={"with_underscore": "1"})
    assert len(reader.get_object(Bucket="owned", Key="a b/ä_1")["Body"].read()) == 9_000_000
    assert reader.get_object(Bucket="owned", Key="small")["Metadata"] == {"with_underscore": "1"}
    assert reader.list_buckets()["Buckets"] == []


def test_managed_policies_are_there_in_every_account(aws):
    for account in ("111122223333", "444455556666"):
        iam = aws.client("iam", account=account)
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUSTS_SAGEMAKER))
        iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")


def test_motos_own_api_is_not_offered(aws):
    with contextlib.closing(http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=5)) as connection:
        connection.request("POST", "/moto-api/reset")
        answer = connection.getresponse()
        assert answer.status == 404
        assert "greenroom sandbox reset" in answer.read().decode()
    with pytest.raises(ClientError):
        aws.client("iam", account="111122223333").get_role(RoleName="nobody")
