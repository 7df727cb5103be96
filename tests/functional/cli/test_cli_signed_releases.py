"""An environment that names keys: `sandbox up` deploys what one of them signed, and before that nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_packaging import ReleaseStore
from model_packaging.trust.keys import make_key_pair
from tests.functional.cli.conftest import Shell

pytestmark = pytest.mark.slow


def key_pair(shell: Shell, name: str) -> Path:
    """The private half; the public half lies beside it, in the project."""
    private = shell.project / f"{name}.key.pem"
    make_key_pair(private, shell.project / f"{name}.pub.pem")
    return private


def refused(shell: Shell, *arguments: str) -> str:
    ended = shell.run(*arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "environments/dev.yaml: releases_signed_by: releases.tumor: release sha256:" in ended.stderr
    assert "Nothing was deployed. Sign what you trust, or trust the key that signed it." in ended.stderr
    assert shell.cloud.status().state == "stopped"  # not even the artifact store was brought up
    return ended.stderr


def test_up_refuses_a_release_until_a_trusted_key_has_signed_it(greenroom_project: Shell) -> None:
    shell = greenroom_project
    trusted, other = key_pair(shell, "trusted"), key_pair(shell, "other")
    with (shell.project / "environments" / "dev.yaml").open("a", encoding="utf-8") as environment:
        environment.write("\nreleases_signed_by: [trusted.pub.pem]\n")

    told = refused(shell, "sandbox", "up", "dev")
    [release] = ReleaseStore(shell.home / "releases").list()
    fix = f"sign it: greenroom release sign tumor@{release.hex_digest[:12]} --sign-key KEY"
    assert f"of model 'tumor' is not signed; {fix}" in told
    refused(shell, "sandbox", "preview", "dev")

    shell.ok("release", "sign", "tumor", "--sign-key", str(other))
    assert "is signed by no trusted key; trusted: " in refused(shell, "sandbox", "up", "dev")

    shell.ok("release", "sign", "tumor", "--sign-key", str(trusted))
    assert "dev-tumor" in shell.ok("sandbox", "up", "dev").stdout


def test_a_release_is_packaged_and_signed_at_once(greenroom_project: Shell) -> None:
    shell = greenroom_project
    key = key_pair(shell, "release")
    packaged = shell.ok("package", "models/tumor", "--no-check", "--sign-key", str(key))
    assert f"  signed by {key}\n" in packaged.stderr
    verified = shell.ok("release", "verify", "tumor", "--signed-by", str(shell.project / "release.pub.pem"))
    assert verified.stdout.splitlines()[-1] == f"signed by {shell.project / 'release.pub.pem'}"
