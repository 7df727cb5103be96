"""An environment that names keys deploys nothing that none of them signed: the Pulumi program says so at once."""

from pathlib import Path

import pytest
import yaml

from components.specs.project import load_project
from components.specs.violations import SpecError
from model_packaging.evidence import write_evidence
from model_packaging.release import sealed
from model_packaging.store import ReleaseStore
from model_packaging.trust.keys import make_key_pair, read_private_key
from model_packaging.trust.signing import sign_release
from stacks.releases import UndeployableError, resolved_models
from tests.unit.manifests import manifest

pytestmark = pytest.mark.unit

MODEL = {
    "owner": "team@example.com",
    "description": "A model.",
    "serving": {
        "kind": "realtime",
        "production_variants": [{"name": "main", "instance_type": "ml.m5.large", "initial_instance_count": 1}],
    },
}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def released(store: ReleaseStore, name: str) -> str:
    with store.staging() as staged:
        source = store.root.parent / f"{name}.onnx"
        source.write_bytes(name.encode())
        staged.copy(source, "model/model.onnx")
        release = sealed(manifest(name=name, files=staged.files))
        write_evidence(staged.folder, release.digest, {"gate.json": b"{}\n"})
        return store.add(release, staged).digest


def environment(digests: dict[str, str], **more: object) -> dict[str, object]:
    return {
        "name": "dev",
        "account_id": "111122223333",
        "region": "us-east-1",
        "endpoint_name_prefix": "dev-",
        "releases": digests,
        **more,
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    artifacts = {"account_id": "123456789012", "region": "us-east-1", "bucket": "example-artifacts"}
    write(tmp_path / "environments" / "artifacts.yaml", artifacts)
    store = ReleaseStore(tmp_path / "releases")
    digests = {}
    for name in ("churn", "tumor"):
        write(tmp_path / "models" / name / "model.yaml", {**MODEL, "name": name})
        digests[name] = released(store, name)
    make_key_pair(tmp_path / "release.key.pem", tmp_path / "release.pub.pem")
    write(tmp_path / "environments" / "dev.yaml", environment(digests, releases_signed_by=["release.pub.pem"]))
    return tmp_path


def names_deployed(root: Path) -> list[str]:
    models = resolved_models(load_project(root), "dev", ReleaseStore(root / "releases"), root=root)
    return sorted(one.release.name for one in models)


def test_unsigned_releases_are_refused_all_at_once_with_their_pins(root: Path) -> None:
    with pytest.raises(UndeployableError) as refused:
        names_deployed(root)
    told = str(refused.value).splitlines()
    assert [line.split(": release sha256:")[0] for line in told] == [
        "environments/dev.yaml: releases.churn",
        "environments/dev.yaml: releases.tumor",
    ]
    assert all("is not signed; sign it: greenroom release sign" in line for line in told)


def test_signed_releases_are_deployed(root: Path) -> None:
    store = ReleaseStore(root / "releases")
    for release in store.list():
        sign_release(store, release, read_private_key(root / "release.key.pem"))
    assert names_deployed(root) == ["churn", "tumor"]


def test_an_environment_that_names_no_keys_deploys_unsigned_releases(root: Path) -> None:
    file = root / "environments" / "dev.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    del content["releases_signed_by"]
    write(file, content)
    assert names_deployed(root) == ["churn", "tumor"]


@pytest.mark.parametrize("name", ["/etc/key.pem", "../key.pem", "keys/release", "arn:aws:s3:::key", ""])
def test_what_names_no_key_is_refused(root: Path, name: str) -> None:
    file = root / "environments" / "dev.yaml"
    write(file, {**yaml.safe_load(file.read_text(encoding="utf-8")), "releases_signed_by": [name]})
    with pytest.raises(SpecError, match="is not a key that signs releases"):
        load_project(root)
