"""Pulumi.yaml and Pulumi.STACK.yaml: which program runs, where, and with what configuration.

Any Pulumi project written in Python is taken, as `pulumi up` takes it; what belongs to other languages is refused.
https://www.pulumi.com/docs/iac/concepts/projects/project-file/
https://www.pulumi.com/docs/iac/concepts/config/
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.sandbox.engine.errors import ProjectError
from greenroom.sandbox.engine.secrets import Crypter
from greenroom.sandbox.engine.values import PropertyMap, Secret

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")

NAME = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,100}")
"""A project's or a stack's name: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/tokens/stack.go.

Names are file names here, so that one of dots alone is none.
"""
NAME_RULE = "1 to 100 letters, digits, hyphens, underscores and periods"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """A stack's configuration as the program and the default providers see it.

    Attributes:
        config: ``namespace:key`` → value; what is no string is JSON, as Pulumi hands it to programs.
        secret_keys: the keys whose values are secret.
        salt: of the file's secrets; as in Pulumi, a new state's secrets are sealed under the same.
    """

    config: Mapping[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    salt: str = ""

    def of_package(self, package: str) -> PropertyMap:
        """The configuration of one package's default provider, by bare key."""
        prefix = f"{package}:"
        return {
            key.removeprefix(prefix): Secret(value) if key in self.secret_keys else value
            for key, value in self.config.items()
            if key.startswith(prefix)
        }

    def secrets(self) -> PropertyMap:
        """The secret part of the configuration."""
        return {key: Secret(value) for key, value in self.config.items() if key in self.secret_keys}

    def for_display(self) -> dict[str, str]:
        """The configuration with secrets blinded."""
        return {key: "[secret]" if key in self.secret_keys else value for key, value in sorted(self.config.items())}


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A Pulumi project.

    Attributes:
        name: the project's name, the second part of its URNs.
        root: the folder of Pulumi.yaml.
        main: the program: a folder with ``__main__.py``, or a file.
        runtime: always ``python``.
        config: what the project file itself configures, ``namespace:key`` → value.
        secret_keys: the keys of `config` that are secret.
        stack_config: the folder of the Pulumi.STACK.yaml files.
        site_packages: what the project's own virtual environment (``runtime.options.virtualenv``) has installed; None
            where it has none for this version of Python.
    """

    name: str
    root: Path
    main: Path
    runtime: str = "python"
    config: Mapping[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    stack_config: Path = Path()
    site_packages: Path | None = None

    def stack_settings(self, stack: str, passphrase_source: Callable[[], str]) -> StackSettings:
        """The configuration of a stack: Pulumi.STACK.yaml over Pulumi.yaml.

        Args:
            stack: its name.
            passphrase_source: gives the passphrase; called only if there are ``secure:`` values.

        Raises:
            ProjectError: the file is malformed.
            PassphraseError: a ``secure:`` value does not open.
        """
        file = self.stack_config / f"Pulumi.{stack}.yaml"
        if not file.is_file():
            return StackSettings(self.config, self.secret_keys)
        data = _mapping(_load_yaml(file), file, "")
        values, secret_keys = dict(self.config), set(self.secret_keys)
        opened = _Opener(str(data.get("encryptionsalt", "")), passphrase_source, file)
        for key, raw in _mapping(data.get("config") or {}, file, "config").items():
            full_key = key if ":" in key else f"{self.name}:{key}"
            value, is_secret = opened.open(raw, full_key)
            values[full_key] = _as_text(value)
            if is_secret:
                secret_keys.add(full_key)
        return StackSettings(values, frozenset(secret_keys), str(data.get("encryptionsalt", "")))


class _Opener:
    """Opens ``secure:`` values, wherever they stand in a configured value."""

    def __init__(self, salt: str, passphrase_source: Callable[[], str], file: Path) -> None:
        self._salt = salt
        self._source = passphrase_source
        self._file = file
        self._crypter: Crypter | None = None

    def open(self, raw: Any, key: str) -> tuple[Any, bool]:
        if isinstance(raw, dict) and set(raw) == {"secure"}:
            return self._decrypt(str(raw["secure"]), key), True
        if isinstance(raw, dict):
            opened = {name: self.open(item, key) for name, item in raw.items()}
            return {name: value for name, (value, _) in opened.items()}, any(secret for _, secret in opened.values())
        if isinstance(raw, list):
            items = [self.open(item, key) for item in raw]
            return [value for value, _ in items], any(secret for _, secret in items)
        return raw, False

    def _decrypt(self, ciphertext: str, key: str) -> str:
        if not self._salt:
            raise ProjectError(
                f"{self._file}: {key} is secure, but the file has no encryptionsalt",
                fix="the sandbox opens the secrets of Pulumi's passphrase provider only: "
                "`pulumi stack change-secrets-provider passphrase`",
            )
        if self._crypter is None:
            self._crypter = Crypter(self._source(), self._salt)
        return self._crypter.decrypt(key, ciphertext)


def load_project_file(folder: Path) -> ProjectFile:
    """Reads the project around a folder: its own Pulumi.yaml, or the nearest one above it.

    Raises:
        ProjectError: there is none, it is malformed, or its program is not Python.
    """
    file = _find(folder.resolve())
    data = _mapping(_load_yaml(file), file, "")
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise ProjectError(f"{file}: the project has no name", fix="add `name: NAME`")
    if NAME.fullmatch(name) is None:
        raise ProjectError(f"{file}: {name!r} cannot be a project's name", fix=NAME_RULE)
    runtime = _runtime(file, data)
    config, secret_keys = _project_config(data.get("config") or {}, name, file)
    return ProjectFile(
        name=name,
        root=file.parent,
        main=_main(file, data),
        runtime=runtime,
        config=config,
        secret_keys=secret_keys,
        site_packages=_site_packages(file, data),
        stack_config=file.parent / str(data.get("stackConfigDir") or "."),
    )


def _find(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        for name in PROJECT_FILES:
            if (candidate / name).is_file():
                return candidate / name
    raise ProjectError(
        f"no Pulumi.yaml in {folder} or above it", fix="run inside a Pulumi project, or name it: --project DIR"
    )


def _load_yaml(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ProjectError(f"{file} is not YAML: {error}") from error


def _mapping(data: Any, file: Path, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        at = f": {where}" if where else ""
        raise ProjectError(f"{file}{at}: expected a mapping, not {type(data).__name__}")
    return {str(key): value for key, value in data.items()}


def _runtime(file: Path, data: Mapping[str, Any]) -> str:
    runtime = data.get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise ProjectError(
            f"{file}: runtime is {name!r}; the sandbox runs Python programs",
            fix="run programs in other languages with `pulumi up` against `greenroom sandbox serve`",
        )
    return "python"


def _site_packages(file: Path, data: Mapping[str, Any]) -> Path | None:
    runtime = data.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    name = options.get("virtualenv") if isinstance(options, dict) else None
    if not name:
        return None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = file.parent / str(name) / "lib" / version / "site-packages"
    return found if found.is_dir() else None


def _main(file: Path, data: Mapping[str, Any]) -> Path:
    main = (file.parent / str(data.get("main") or ".")).resolve()
    if main.is_dir() and not (main / "__main__.py").is_file():
        raise ProjectError(f"{file}: no program: {main / '__main__.py'} is not there", fix="`main:` names its folder")
    if not main.exists():
        raise ProjectError(f"{file}: no program: {main} is not there", fix="`main:` names its folder or file")
    return main


def _project_config(raw: Any, project: str, file: Path) -> tuple[dict[str, str], frozenset[str]]:
    values: dict[str, str] = {}
    secret_keys: set[str] = set()
    for key, item in _mapping(raw, file, "config").items():
        full_key = key if ":" in key else f"{project}:{key}"
        declared = item if isinstance(item, dict) and {"type", "default", "value", "secret"} & item.keys() else None
        value = item if declared is None else declared.get("value", declared.get("default"))
        if declared is not None and declared.get("secret"):
            secret_keys.add(full_key)
        if value is not None:
            values[full_key] = _as_text(value)
    return values, frozenset(secret_keys)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
