"""Names that several components share, made from the resolved model by the one family that makes every name."""

from components.specs.names import content_name
from components.specs.resolved import ResolvedModel
from model_packaging.release import Release


def short_digest(release: Release) -> str:
    """The first 10 hexadecimal digits of the release's digest: enough to tell a model's releases apart in a list."""
    return release.hex_digest[:10]


def role_name(model: ResolvedModel, purpose: str) -> str:
    """An IAM role's name: stable, and with the region in its hash, since roles of all regions share one namespace."""
    return content_name(f"{model.endpoint_name}-{purpose}", {"region": model.region})
