"""A release that is being written is nobody's until it is whole."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys

import pytest

from model_packaging import ReleaseFile, ReleaseStore
from model_packaging.errors import StoreError
from model_packaging.images import pinned_image
from tests.unit.packaging.model_folders import write_model_folder
from tests.unjudged import package

DIES_STAGING = """
import sys, time
from pathlib import Path
from model_packaging.store import ReleaseStore
with ReleaseStore(Path(sys.argv[1])).staging() as staged:
    staged.copy(Path(sys.executable), "model/a")
    print("staged", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def sources(tmp_path):
    found = {}
    for index in range(20):
        path = tmp_path / f"source-{index}"
        path.write_bytes(b"%d" % index * 1000)
        found[f"model/{index % 3}/{index}"] = path
    return found


def test_files_are_staged_on_all_cores_and_told_in_their_order(store, sources):
    with store.staging() as staged:
        told = staged.copy_all(sources)
        assert told == tuple(
            ReleaseFile(
                path=path, sha256=hashlib.sha256(source.read_bytes()).hexdigest(), size_bytes=len(source.read_bytes())
            )
            for path, source in sources.items()
        )
        assert [file.path for file in staged.files] == sorted(sources)
        assert not any((staged.folder / path).samefile(source) for path, source in sources.items())


def test_a_file_that_is_swapped_once_it_was_scanned_is_not_in_the_release(tmp_path, store, monkeypatch):
    folder = write_model_folder(tmp_path)

    def meanwhile(*arguments, **named):
        (folder / "model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        return pinned_image(*arguments, **named)

    monkeypatch.setattr("model_packaging.packaging.pinned_image", meanwhile)
    release = package(folder, store)
    assert (store.folder("fraud", release.digest) / "model" / "model.bin").read_bytes() == b"\x00weights\r\n"
    store.verify_files(release)


def test_a_full_disk_is_told_and_leaves_nothing(store, sources, monkeypatch):
    def is_full(_descriptor, _content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("model_packaging.hashing.write_all", is_full)
    with pytest.raises(StoreError, match="No space left on device; nothing was kept"), store.staging() as staged:
        staged.copy_all(sources)
    assert list(store.root.iterdir()) == []


def test_a_store_that_may_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.* cannot be written: "), ReleaseStore(tmp_path / "file").staging():
        pass


@pytest.mark.slow
def test_a_folder_of_a_process_that_died_is_cleared_and_one_that_is_written_is_not(store):
    command = [sys.executable, "-c", DIES_STAGING, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        [theirs] = store.root.iterdir()
        with store.staging() as staged:
            assert sorted(store.root.iterdir()) == sorted([theirs, staged.folder])
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(store.root.iterdir()) == [theirs]
    with store.staging() as staged:
        assert list(store.root.iterdir()) == [staged.folder]
    assert list(store.root.iterdir()) == []


def test_a_folder_without_a_manifest_is_in_nobodys_way(tmp_path, store):
    folder = write_model_folder(tmp_path)
    release = package(folder, store)
    place = store.folder("fraud", release.digest)
    (place / "release.json").unlink()
    assert package(folder, store) == release
    store.verify_files(release)
    assert [path.name for path in store.root.iterdir()] == ["fraud"]


@pytest.mark.slow
def test_several_processes_package_the_same_model_at_once(tmp_path, store):
    folder = write_model_folder(tmp_path)
    code = (
        "import sys; from pathlib import Path; from model_packaging import ReleaseStore, package;"
        "from model_packaging.judging import UNJUDGED;"
        "print(package(Path(sys.argv[1]), ReleaseStore(Path(sys.argv[2])), judges=UNJUDGED).digest)"
    )
    command = [sys.executable, "-c", code, str(folder), str(store.root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = {process.communicate()[0].strip() for process in processes}
    [release] = store.list()
    assert told == {release.digest}
    store.verify_files(release)
    assert [path.name for path in store.root.iterdir()] == ["fraud"]


@pytest.mark.slow
def test_thousands_of_small_files_are_a_release(tmp_path, store):
    count = 2_000
    sources = {}
    for index in range(count):
        path = tmp_path / "many" / f"{index % 100}" / f"{index}"
        if index < 100:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % index)
        sources[f"model/{path.parent.name}/{path.name}"] = path
    with store.staging() as staged:
        staged.copy_all(sources)
        assert len(staged.files) == count
        assert staged.files[0].sha256 == hashlib.sha256(b"0").hexdigest()
