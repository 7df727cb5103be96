"""One provider for `aws` and `aws-native` types over boto3, against a local AWS."""

from greenroom.sandbox.provider.clients import CloudEndpoint
from greenroom.sandbox.provider.errors import ProviderError
from greenroom.sandbox.provider.provider import AwsProvider

__all__ = ["AwsProvider", "CloudEndpoint", "ProviderError"]
