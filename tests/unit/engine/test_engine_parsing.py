"""Project files, URNs, durations, versions, provider names."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.sandbox.engine import urn
from greenroom.sandbox.engine.engine_service import satisfies
from greenroom.sandbox.engine.errors import ProjectError, RegistrationError
from greenroom.sandbox.engine.goal import seconds
from greenroom.sandbox.engine.project import StackSettings, load_project_file
from greenroom.sandbox.engine.providers import default_name, with_plugin


def project(folder: Path, text: str) -> Path:
    (folder / "Pulumi.yaml").write_text(text, encoding="utf-8")
    (folder / "__main__.py").write_text("", encoding="utf-8")
    return folder


def no_passphrase() -> str:
    raise AssertionError("no secret asked for it")


def test_the_nearest_project_is_found_from_below(tmp_path: Path) -> None:
    project(tmp_path, "name: p\nruntime: {name: python, options: {virtualenv: .venv}}\ndescription: x")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = load_project_file(below)
    assert (found.name, found.root, found.main, found.site_packages) == ("p", tmp_path, tmp_path, None)


def test_a_stack_s_configuration_stands_over_the_project_s(tmp_path: Path) -> None:
    project(
        tmp_path,
        "name: p\nruntime: python\nconfig:\n  aws:region: here\n  size: {type: integer, default: 3}\n  open: yes\n",
    )
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: there\n  p:list: [1, {a: b}]\n", encoding="utf-8")
    settings = load_project_file(tmp_path).stack_settings("dev", no_passphrase)
    assert settings == StackSettings(
        {"aws:region": "there", "p:size": "3", "p:open": "true", "p:list": '[1,{"a":"b"}]'}, frozenset()
    )
    assert settings.of_package("aws") == {"region": "there"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runtime: python", "the project has no name"),
        ("name: p\nruntime: nodejs", "runtime is 'nodejs'; the sandbox runs Python programs"),
        ("name: p\nruntime: python\nmain: nowhere", "no program"),
        ("name: [", "is not YAML"),
        ("- a", "expected a mapping, not list"),
        ("name: p\nruntime: python\nconfig: 3", "config: expected a mapping, not int"),
    ],
)
def test_a_malformed_project_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProjectError) as caught:
        load_project_file(project(tmp_path, text))
    assert message in caught.value.message


def test_where_there_is_no_project_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no Pulumi.yaml in .* or above it"):
        load_project_file(tmp_path)


def test_a_secret_without_salt_is_told(tmp_path: Path) -> None:
    project(tmp_path, "name: p\nruntime: python")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  p:pw:\n    secure: v1:a:b\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="no encryptionsalt"):
        load_project_file(tmp_path).stack_settings("dev", no_passphrase)


@pytest.mark.parametrize(
    ("parent", "made"),
    [
        ("", "urn:pulumi:dev::p::a:b:C::n"),
        ("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "urn:pulumi:dev::p::a:b:C::n"),
        ("urn:pulumi:dev::p::x:y:Z::r", "urn:pulumi:dev::p::x:y:Z$a:b:C::n"),
    ],
)
def test_a_urn_holds_the_parents_types(parent: str, made: str) -> None:
    assert urn.make("dev", "p", "a:b:C", "n", parent) == made
    assert (urn.type_of(made), urn.name_of(made)) == ("a:b:C", "n")


def test_a_name_may_hold_colons() -> None:
    assert urn.name_of(urn.make("dev", "p", "a:b:C", "x::y")) == "x::y"


@pytest.mark.parametrize("text", ["", "urn:pulumi:dev", "arn:aws:x::y::z::w"])
def test_what_is_no_urn_is_refused(text: str) -> None:
    with pytest.raises(RegistrationError, match="is not a URN"):
        urn.name_of(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("30s", 30), ("1h30m", 5400), ("1.5m", 90), ("250ms", 0.25), ("2h0m10s", 7210)]
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["5", "5 m", "m", "-1s", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(RegistrationError, match="is not a duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("version", "url", "name"),
    [
        ("", "", "default"),
        ("7.51.1", "", "default_7_51_1"),
        ("1.2.3-alpha.4+build", "", "default_1_2_3_alpha_4_build"),
        ("", "github://api.github.com/x", "default_github_/api.github.com/x"),
    ],
)
def test_default_providers_are_named_as_the_real_engine_names_them(version: str, url: str, name: str) -> None:
    assert default_name(version, url) == name


def test_the_plugin_that_was_asked_for_is_noted() -> None:
    assert with_plugin({"a": 1.0}, "", "") == {"a": 1.0}
    assert with_plugin({}, "1.0.0", "u") == {"version": "1.0.0", "__internal": {"pluginDownloadURL": "u"}}


@pytest.mark.parametrize(
    ("wanted", "is_satisfied"),
    [(">=3.5.0", True), (">=3.5.0 !3.272.0", False), ("<3.0.0 || >3.8", True), ("3.272.0", True), (">4.0.0", False)],
)
def test_version_ranges(wanted: str, is_satisfied: bool) -> None:
    assert satisfies("3.272.0", wanted) is is_satisfied
