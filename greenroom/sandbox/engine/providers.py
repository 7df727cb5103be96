"""Provider resources: each is an instance of a provider, checked, diffed and configured like any resource.

A resource names its provider by a reference, ``URN::ID``. Between its check and its creation (or update) an instance is
kept unconfigured under the URN alone. In a preview of a new provider the ID is Pulumi's sentinel for the unknown.
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/providers/registry.go
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from pulumi.provider.experimental.provider import Provider

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.diffs import Diff
from greenroom.sandbox.engine.errors import RegistrationError
from greenroom.sandbox.engine.provider_calls import CheckFailure, Coroutines, ProviderCalls, ReadState
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.values import UNKNOWN_STRING, PropertyMap

ProviderFactory: TypeAlias = Callable[[], Provider]
_INTERNAL = "__internal"


class ProviderRegistry:
    """The provider instances of one deployment. To the planner it is itself the provider of provider resources."""

    def __init__(self, factories: Mapping[str, ProviderFactory], coroutines: Coroutines) -> None:
        """A registry.

        Args:
            factories: package → makes a new, unconfigured instance of its provider.
            coroutines: runs the providers' coroutines.
        """
        self._factories = factories
        self._coroutines = coroutines
        self._unconfigured: dict[str, ProviderCalls] = {}
        self._configured: dict[str, ProviderCalls] = {}
        self._lock = threading.RLock()

    def instance(self, reference: str, for_urn: str) -> ProviderCalls:
        """The instance that a reference names.

        Raises:
            RegistrationError: there is none.
        """
        with self._lock:
            found = self._configured.get(reference)
        if found is None:
            raise RegistrationError(f"{for_urn}: unknown provider {reference}")
        return found

    def has(self, reference: str) -> bool:
        """Whether the reference names a configured instance."""
        with self._lock:
            return reference in self._configured

    def _new(self, urn: str) -> ProviderCalls:
        package = urns.package_of(urns.type_of(urn))
        factory = self._factories.get(package)
        if factory is None:
            known = ", ".join(sorted(set(self._factories) - {"pulumi"}))
            raise RegistrationError(
                f"{urn}: the sandbox has no provider {package!r}", fix=f"providers at hand: {known or 'none'}"
            )
        return ProviderCalls(factory(), package, self._coroutines)

    def ensure(self, state: ResourceState) -> None:
        """Has the instance of a provider resource of the old state at hand, configured as it was."""
        reference = f"{state.urn}::{state.id}"
        if self.has(reference):
            return
        instance = self._new(state.urn)
        instance.configure(state.urn, _configuration(state.inputs))
        with self._lock:
            self._configured.setdefault(reference, instance)

    def keep(self, state: ResourceState) -> None:
        """A provider resource that stays the same: its checked instance is configured and takes its reference."""
        reference = f"{state.urn}::{state.id}"
        with self._lock:
            instance = self._unconfigured.pop(state.urn, None)
        if self.has(reference):
            return
        if instance is None:
            instance = self._new(state.urn)
        instance.configure(state.urn, _configuration(state.inputs))
        with self._lock:
            self._configured[reference] = instance

    def check(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """Checks a provider's configuration."""
        instance = self._new(urn)
        checked, failures = instance.check_config(urn, _configuration(old), _configuration(new))
        if failures:
            return checked, failures
        with self._lock:
            self._unconfigured[urn] = instance
        kept = {key: new[key] for key in ("version", _INTERNAL) if key in new and key not in checked}
        return {**checked, **kept}, []

    def diff(
        self, urn: str, id_: str, old_inputs: PropertyMap, old: PropertyMap, new: PropertyMap, *, ignored: Sequence[str]
    ) -> Diff:
        """What a changed configuration means."""
        del ignored  # `ignore_changes` was applied to the inputs; the SDK's DiffConfig has no use for it
        with self._lock:
            instance = self._unconfigured.get(urn) or self._configured.get(f"{urn}::{id_}")
        if instance is None:
            raise RegistrationError(f"{urn}: the provider was not checked before it was compared")
        return instance.diff_config(urn, id_, _configuration(old_inputs), old, _configuration(new))

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """Configures a new provider and gives it an id."""
        del timeout
        id_ = UNKNOWN_STRING if preview else str(uuid.uuid4())
        return id_, self._configure(urn, id_, inputs)

    def update(
        self,
        urn: str,
        id_: str,
        old: PropertyMap,
        new: PropertyMap,
        *,
        timeout: float,
        ignored: Sequence[str],
        preview: bool,
    ) -> PropertyMap:
        """Configures a provider anew; its id stays."""
        del old, timeout, ignored, preview
        return self._configure(urn, id_, new)

    def _configure(self, urn: str, id_: str, inputs: PropertyMap) -> PropertyMap:
        with self._lock:
            instance = self._unconfigured.pop(urn, None)
        if instance is None:
            instance = self._new(urn)
        configuration = _configuration(inputs)
        instance.configure(urn, configuration)
        with self._lock:
            self._configured[f"{urn}::{id_}"] = instance
        return configuration

    def delete(self, urn: str, id_: str, outputs: PropertyMap, timeout: float) -> None:
        """Lets the instance go."""
        del outputs, timeout
        with self._lock:
            self._configured.pop(f"{urn}::{id_}", None)

    def read(self, urn: str, id_: str, inputs: PropertyMap, state: PropertyMap) -> ReadState:
        """A provider is what the state says it is."""
        del urn
        return ReadState(id_, state, inputs)

    def close(self) -> None:
        """Tells every instance that the deployment is over."""
        with self._lock:
            instances = [*self._configured.values(), *self._unconfigured.values()]
            self._configured.clear()
            self._unconfigured.clear()
        for instance in instances:
            instance.cancel()


def _configuration(inputs: Mapping[str, Any]) -> PropertyMap:
    return {key: value for key, value in inputs.items() if key != _INTERNAL}


def default_name(version: str, download_url: str) -> str:
    """The name of a package's default provider: ``default``, with the requested version and plugin server in it."""
    parts = ["default", *(part for part in re.split(r"[.+-]", version) if part)]
    if download_url:
        segments = [re.sub(r"[^A-Za-z0-9_.-]", "_", part) for part in download_url.split("/") if part]
        parts.append("/".join(re.sub(r"^[^A-Za-z_.]", "_", part) for part in segments))
    return "_".join(parts)


def with_plugin(inputs: PropertyMap, version: str, download_url: str) -> PropertyMap:
    """A provider's inputs with the plugin that was asked for, as the real engine notes it."""
    if not version and not download_url:
        return inputs
    internal = {**inputs.get(_INTERNAL, {}), **({"pluginDownloadURL": download_url} if download_url else {})}
    return {**inputs, **({"version": version} if version else {}), _INTERNAL: internal}
