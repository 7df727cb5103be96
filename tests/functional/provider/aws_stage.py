"""A provider before a local AWS, called as an engine calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental import provider as sdk

from greenroom.sandbox.cloud.in_process import application_at
from greenroom.sandbox.provider import AwsProvider, CloudEndpoint
from greenroom.sandbox.provider.values import plain_map, property_values

ACCOUNT = "111122223333"
REGION = "us-east-1"


@dataclass
class Made:
    """A resource as an engine's state holds it."""

    urn: str
    resource_id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class CheckFailedError(AssertionError):
    def __init__(self, failures: dict[str, str]) -> None:
        self.failures = failures
        super().__init__(str(failures))


@dataclass
class AwsStage:
    """Both packages' providers on one local AWS."""

    url: str
    account: str = ACCOUNT
    settings: Mapping[str, Any] = field(default_factory=lambda: {"region": REGION})

    def __post_init__(self) -> None:
        cloud = CloudEndpoint(self.url, frozenset({self.account}), self.account, in_process=application_at)
        self.providers = {package: AwsProvider(package, cloud) for package in ("aws", "aws-native")}
        for provider in self.providers.values():
            asyncio.run(provider.configure(sdk.ConfigureRequest({}, property_values(dict(self.settings)), True, True)))

    def of(self, token: str) -> AwsProvider:
        return self.providers[token.split(":", maxsplit=1)[0]]

    @staticmethod
    def urn(token: str, name: str) -> str:
        return f"urn:pulumi:dev::greenroom::{token}::{name}"

    def check(
        self, token: str, inputs: Mapping[str, Any], old: Mapping[str, Any] | None = None, name: str = "it"
    ) -> dict[str, Any]:
        request = sdk.CheckRequest(
            self.urn(token, name), property_values(dict(old or {})), property_values(dict(inputs)), b"seed"
        )
        response = asyncio.run(self.of(token).check(request))
        if response.failures:
            raise CheckFailedError({failure.property: failure.reason for failure in response.failures})
        return plain_map(response.inputs or {})

    def create(self, token: str, inputs: Mapping[str, Any], name: str = "it") -> Made:
        checked = self.check(token, inputs, name=name)
        request = sdk.CreateRequest(self.urn(token, name), property_values(checked), 0, False)
        response = asyncio.run(self.of(token).create(request))
        return Made(request.urn, response.resource_id or "", checked, plain_map(response.properties))

    def preview(self, token: str, inputs: Mapping[str, Any], name: str = "it") -> dict[str, Any]:
        request = sdk.CreateRequest(
            self.urn(token, name), property_values(self.check(token, inputs, name=name)), 0, True
        )
        return plain_map(asyncio.run(self.of(token).create(request)).properties)

    def diff(self, made: Made, inputs: Mapping[str, Any], ignored: tuple[str, ...] = ()) -> sdk.DiffResponse:
        token = made.urn.split("::")[2]
        checked = self.check(token, inputs, made.inputs, made.urn.split("::")[3])
        request = sdk.DiffRequest(
            made.urn, made.resource_id, property_values(made.outputs), property_values(checked), list(ignored)
        )
        return asyncio.run(self.of(token).diff(request))

    def diff_unchecked(self, made: Made, inputs: Mapping[str, Any]) -> sdk.DiffResponse:
        """A diff of inputs that AWS might refuse."""
        token = made.urn.split("::")[2]
        request = sdk.DiffRequest(
            made.urn, made.resource_id, property_values(made.outputs), property_values(dict(inputs)), []
        )
        return asyncio.run(self.of(token).diff(request))

    def update(self, made: Made, inputs: Mapping[str, Any]) -> Made:
        token = made.urn.split("::")[2]
        checked = self.check(token, inputs, made.inputs, made.urn.split("::")[3])
        request = sdk.UpdateRequest(
            made.urn, made.resource_id, property_values(made.outputs), property_values(checked), 0, [], False
        )
        response = asyncio.run(self.of(token).update(request))
        return Made(made.urn, made.resource_id, checked, plain_map(response.properties))

    def read(self, made: Made) -> Made | None:
        request = sdk.ReadRequest(
            made.urn, made.resource_id, property_values(made.outputs), property_values(made.inputs)
        )
        return self._read(request)

    def import_(self, token: str, resource_id: str) -> Made | None:
        return self._read(sdk.ReadRequest(self.urn(token, "it"), resource_id, {}, {}))

    def _read(self, request: sdk.ReadRequest) -> Made | None:
        response = asyncio.run(self.of(request.type).read(request))
        if not response.resource_id:
            return None
        return Made(request.urn, response.resource_id, plain_map(response.inputs), plain_map(response.properties))

    def delete(self, made: Made) -> None:
        token = made.urn.split("::")[2]
        request = sdk.DeleteRequest(made.urn, made.resource_id, property_values(made.outputs), 0)
        asyncio.run(self.of(token).delete(request))

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        response = asyncio.run(self.of(token).invoke(sdk.InvokeRequest(token, property_values(dict(arguments)))))
        if response.failures:
            raise CheckFailedError({failure.property: failure.reason for failure in response.failures})
        return plain_map(response.return_value or {})
