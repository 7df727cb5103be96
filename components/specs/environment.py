"""`Environment` (`environments/ENV.yaml`): one AWS account and region for models; and the artifact store."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from components.specs.base import Many, Spec
from components.specs.fields import (
    AccountId,
    BucketName,
    Digest,
    KmsKeyArn,
    Matching,
    ModelName,
    Region,
    StackPart,
    duplicates,
)
from components.specs.tags import Tags
from components.specs.violations import Rule, SpecPath, broken, dotted, quote

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html
SubnetId = Annotated[str, Matching(r"subnet-[0-9a-f]{8,17}", "a subnet's id", "subnet- and 8 or 17 hexadecimal digits")]
SecurityGroupId = Annotated[
    str, Matching(r"sg-[0-9a-f]{8,17}", "a security group's id", "sg- and 8 or 17 hexadecimal digits")
]
EndpointNamePrefix = Annotated[
    str,
    Matching(
        r"([a-zA-Z0-9][a-zA-Z0-9-]*)?",
        "the beginning of an endpoint's name",
        "letters, digits and hyphens, the first no hyphen",
        max_length=40,
    ),
]
# https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
KeyAlias = Annotated[
    str,
    Matching(
        r"alias/(?!aws/)[a-zA-Z0-9/_-]+",
        "an alias of your own for a KMS key",
        "alias/ and letters, digits, slashes, underscores and hyphens, not alias/aws/…",
        max_length=256,
    ),
]

SigningKeyName = Annotated[
    str,
    Matching(
        r"arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:\d{12}:(key|alias)/[a-zA-Z0-9/_-]+|alias/[a-zA-Z0-9/_-]+"
        r"|(?!/|arn:|alias/)(?!(.*/)?\.\.(/|$)).+\.pem",
        "a key that signs releases",
        "a PEM file in the project, the ARN of a KMS key, or alias/…",
        "`greenroom release keygen` makes a key pair",
    ),
]


def _long_form(pin: Any) -> Any:
    return {"digest": pin} if isinstance(pin, str) else pin


class ReleasePin(Spec):
    """The release an environment runs, by digest; short form: the digest alone."""

    digest: Digest
    """The release that answers requests."""
    previous: Annotated[Many[Digest], Field(max_length=10)] = ()
    """Releases whose Model and EndpointConfig stay deployed, to roll back to. Without it: none, and rolling back
    builds them anew."""

    @model_validator(mode="after")
    def _each_once(self) -> ReleasePin:
        rules = [
            Rule(("previous", index - 1), "this release is named twice", digest, fix="name it once")
            for index, digest in duplicates((self.digest, *self.previous))
        ]
        if rules:
            raise broken(rules)
        return self


Pin = Annotated[ReleasePin, BeforeValidator(_long_form, json_schema_input_type=Digest | ReleasePin)]


class Network(Spec):
    """Subnets and security groups of the models' containers."""

    subnet_ids: Annotated[Many[SubnetId], Field(min_length=1, max_length=16)]
    """Subnets, in at least two availability zones for a fleet that survives the loss of one."""
    security_group_ids: Annotated[Many[SecurityGroupId], Field(min_length=1, max_length=5)]
    """Security groups of the containers' network interfaces."""

    @model_validator(mode="after")
    def _each_once(self) -> Network:
        rules = [
            Rule((field, index), f"{quote(value)} is given twice", value, fix="give it once")
            for field, values in (("subnet_ids", self.subnet_ids), ("security_group_ids", self.security_group_ids))
            for index, value in duplicates(values)
        ]
        if rules:
            raise broken(rules)
        return self


class Encryption(Spec):
    """A customer-managed key."""

    kms_key_arn: KmsKeyArn
    """The key of volumes, captured data and logs; in the environment's region. Its policy must let the account's IAM
    policies and CloudWatch Logs use it
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html)."""


class CaptureStore(Spec):
    """Where captured data of this environment's models lives."""

    retention_days: Annotated[int, Field(ge=1, le=36500)] = 30
    """Captured data are deleted after so many days. Without it: 30."""
    force_destroy: bool = False
    """Lets `destroy` delete captured data with their bucket. Without it: it refuses while there are any."""


class Environment(Spec):
    """One environment: an account, a region, and the releases that run there."""

    name: StackPart
    """The environment's name, as its file is named: also its stack's."""
    account_id: AccountId
    """The only AWS account this environment's stacks may touch, in quotes."""
    region: Region
    """The AWS region; the artifact store's, since SageMaker reads a model only from a bucket of its own region."""
    endpoint_name_prefix: EndpointNamePrefix
    """Put before a model's name: `dev-` makes `dev-tumor`. Changing it replaces every endpoint."""
    default_tags: Tags = Field(default_factory=dict)
    """Tags of every resource of this environment. Without it: only ours (`greenroom:…`)."""
    network: Network | None = None
    """The VPC's part the containers run in. Without it: SageMaker's own network."""
    encryption: Encryption | None = None
    """A key of your own. Without it: AWS's own keys."""
    capture_store: CaptureStore = CaptureStore()
    """How long captured data are kept. Without it: 30 days."""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """What a `model.yaml` leaves out, for all models here: the same keys. Without it: the specs' own defaults."""
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What differs here from a model's `model.yaml`, by model: the same keys; mappings are merged, lists are replaced,
    and another `kind` replaces its block. Without it: nothing differs."""
    releases: dict[ModelName, Pin] = Field(default_factory=dict)
    """The release of each model deployed here, by digest. Without it: no model is deployed."""
    releases_signed_by: Many[SigningKeyName] = ()
    """Keys, one of which must have signed a release that is deployed here (`greenroom release sign`): PEM files of
    public keys, relative to the project, and ARNs or aliases of KMS keys. Without it: unsigned releases are deployed
    as well."""
    groups: dict[StackPart, Annotated[Many[ModelName], Field(min_length=1)]] = Field(default_factory=dict)
    """Models deployed apart from the others, each group as a stack of its own (`prod.fraud`). Without it: one stack."""

    @model_validator(mode="after")
    def _rules(self) -> Environment:
        rules = [*self._name_rules(), *self._group_rules(), *self._fragment_rules()]
        if self.encryption is not None and self.encryption.kms_key_arn.split(":")[3] != self.region:
            arn = self.encryption.kms_key_arn
            rules.append(
                Rule(
                    ("encryption", "kms_key_arn"),
                    f"the key is in {arn.split(':')[3]}, the environment in {self.region}",
                    arn,
                    fix=f"give a key of {self.region}",
                )
            )
        if rules:
            raise broken(rules)
        return self

    def _name_rules(self) -> list[Rule]:
        if self.name != "artifacts":
            return []
        return [Rule(("name",), "'artifacts' is the artifact store's stack", self.name, fix="take another name")]

    def _group_rules(self) -> list[Rule]:
        members = [(group, index, name) for group, names in self.groups.items() for index, name in enumerate(names)]
        return [
            Rule(("groups", *members[place][:2]), f"{quote(name)} is in two groups", name, fix="leave it in one")
            for place, name in duplicates(name for _, _, name in members)
        ]

    def _fragment_rules(self) -> list[Rule]:
        """A fragment cannot rename a model."""
        fragments: list[tuple[SpecPath, dict[str, Any]]] = [
            (("defaults",), self.defaults),
            *((("overrides", model), override) for model, override in self.overrides.items()),
        ]
        return [
            Rule((*path, "name"), f"{dotted(path)} cannot change a model's name", fragment["name"], fix="leave it out")
            for path, fragment in fragments
            if "name" in fragment
        ]

    def group_of(self, model: str) -> str | None:
        """The group that `model` is deployed with; `None`: the environment's own stack."""
        return next((group for group, names in self.groups.items() if model in names), None)

    def stack_of(self, model: str) -> str:
        """The stack that `model` is deployed by: `prod`, or `prod.fraud`."""
        group = self.group_of(model)
        return self.name if group is None else f"{self.name}.{group}"


class ArtifactStoreSpec(Spec):
    """The artifact store (`environments/artifacts.yaml`): where releases live, for every environment to read."""

    account_id: AccountId
    """The AWS account that owns the store, in quotes."""
    region: Region
    """The store's region, which is every environment's."""
    bucket: BucketName
    """The bucket's name, unique in all of AWS."""
    kms_key_alias: KeyAlias = "alias/greenroom-artifacts"
    """The alias of the key that encrypts releases. Without it: alias/greenroom-artifacts."""
    default_tags: Tags = Field(default_factory=dict)
    """Tags of every resource of the store. Without it: only ours (`greenroom:…`)."""
