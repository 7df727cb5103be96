"""Secrets, places, headers and names that lie: each is told with its file, and all at once."""

import io
import json
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from model_packaging.trust.allowed import AllowedFindings
from model_packaging.trust.report import RefusedFilesError
from model_packaging.trust.scanning import scan_files

pytestmark = pytest.mark.unit

AWS_KEY = "AKIA" + "QWERTYUIOPASDFGH"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzzzzzzzKEY"


def findings(folder: Path, files: dict[str, bytes], **allowed: tuple[str, ...]) -> list[str]:
    sources = {}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sources[f"model/{name}"] = path
    try:
        scan_files(sources, allowed=AllowedFindings(**allowed), root=folder)
    except RefusedFilesError as refused:
        return [str(one).split(";")[0].replace(f"{folder.as_posix()}/", "") for one in refused.violations]
    return []


def test_secrets_are_told_by_line_and_never_shown(tmp_path: Path) -> None:
    told = findings(
        tmp_path,
        {
            "code/inference.py": f'import os\nKEY = "{AWS_KEY}"\npassword = os.environ["PASSWORD"]\n'.encode(),
            "settings.yaml": b"name: model\napi_key: q8Zr2-PbT9xLw4Vn\n",
            "settings.env": f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}\n".encode(),
            "id_rsa": b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
            "hub.json": json.dumps({"token": "hf_" + "a" * 34}).encode(),
        },
    )
    assert told == [
        "code/inference.py:2: has what looks like a secret: AWS Access Key, AKIA…",
        "hub.json:1: has what looks like a secret: Hugging Face token, hf_a…",
        "id_rsa:1: has what looks like a secret: Private Key, BEGI…",
        "settings.env:1: has what looks like a secret: AWS Secret Access Key, wJal…",
        "settings.yaml:2: has what looks like a secret: password behind a keyword, q8Zr…",
    ]


def test_what_only_looks_like_a_secret_is_let_through(tmp_path: Path) -> None:
    files = {
        "lock.json": json.dumps(
            {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
        ).encode(),
        "code/inference.py": b"password = settings.password\ntoken = tokenizer.next_token\nsecret: str = read_secret()\n",
        "settings.yaml": b"password: ${PASSWORD}\napi_key: <your-key>\nsecret: changeme-please\n",
        "marked.py": f'KEY = "{AWS_KEY}"  # pragma: allowlist secret\n'.encode(),
        "allowed.txt": AWS_KEY.encode(),
    }
    assert findings(tmp_path, files, allow_secrets=("model/allowed.txt",)) == []


def onnx_with_external_data(location: str) -> bytes:
    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    entry = field(1, b"location") + field(2, location.encode())
    return field(7, field(5, field(13, entry)))


def safetensors(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("m.onnx", b"\x80\x04N.", "is a pickle file, and its name says otherwise; allowed: a .onnx file"),
        ("m.onnx", onnx_with_external_data("../../etc/passwd"), "keeps weights outside of its folder"),
        ("m.onnx", onnx_with_external_data("/etc/passwd"), "keeps weights outside of its folder"),
        (
            "m.onnx",
            onnx_with_external_data("weights.bin"),
            "keeps weights in 'weights.bin', which is not in the release",
        ),
        ("m.onnx", onnx_with_external_data("weights.bin")[:-3], "is no ONNX model, or one that is cut off"),
        ("m.safetensors", struct.pack("<Q", 2**60) + b"{}", "is cut off: its header is said to have"),
        ("m.safetensors", safetensors({"a": TENSOR}, b"1234"), "has tensors of 8 bytes, and 4 bytes of data"),
        (
            "m.safetensors",
            safetensors({"a": {**TENSOR, "data_offsets": [4, 8]}}, b"12345678"),
            "overlap or leave a gap",
        ),
        ("m.safetensors", struct.pack("<Q", 4) + b"\xff\xfe{}", "has a header that is no JSON object of tensors"),
        ("library.json", b"\x7fELF\x02\x01", "is native code: executable (ELF)"),
        ("code/module.pyc", b"\xa7\r\r\n\0\0\0\0", "is native code: executable (compiled Python)"),
        ("a.npy", b"\x93NUMPY\x01\x00\x08\x00{broken}", "cannot be read: its header is not an array's"),
        ("m.json", b"PK\x05\x06" + bytes(18), "is a zip file, and its name says otherwise"),
    ],
    ids=range(13),
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    found = findings(tmp_path, {name: content})
    assert len(found) == 1
    assert told.split("; allowed", maxsplit=1)[0] in found[0]


def test_weights_beside_an_onnx_model_and_whole_tensors_are_let_through(tmp_path: Path) -> None:
    files = {
        "m.onnx": onnx_with_external_data("weights.bin"),
        "weights.bin": bytes(64),
        "m.safetensors": safetensors({"a": TENSOR, "__metadata__": {"format": "pt"}}, b"12345678"),
        "libop.so": b"\x7fELF\x02\x01",
    }
    assert findings(tmp_path, files, allow_binaries=("model/libop.so",)) == []


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("m.zip", archive({"../../etc/cron.d/x": b"x"}), "has a path that leads out of its folder"),
        ("m.zip", archive({"/etc/x": b"x"}), "has a path that leads out of its folder"),
        ("m.keras", archive({"config.json": b'{"class_name": "Lambda"}'}), "Keras model with a Lambda layer"),
        (
            "m.keras",
            archive({"config.json": b'{"class_name": "run", "module": "subprocess"}'}),
            "Keras model that imports subprocess.run",
        ),
        (
            "m.skops",
            archive({"schema.json": b'{"__class__": "system", "__module__": "os"}'}),
            "skops file with the dangerous type os.system",
        ),
        ("m.h5", b"\x89HDF\r\n\x1a\n" + bytes(99) + b'{"class_name": "Lambda"}', "Keras model with a Lambda layer"),
        ("m.zip", archive({"a": b"x"}, zipfile.ZIP_BZIP2), "is compressed by method 12"),
        ("m.zip", archive({"a": b"x"})[:-10], "is a zip archive that cannot be read"),
    ],
    ids=range(8),
)
def test_archives_are_looked_into(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    assert any(told in one for one in findings(tmp_path, {name: content}))


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as written, written.open("a.npy", "w") as member:
        for _ in range(260):
            member.write(bytes(1024 * 1024))
    found = findings(tmp_path, {"m.npz": (tmp_path / "bomb").read_bytes()})
    assert found == ["m.npz: is a zip archive that unpacks to 272,629,760 bytes: a zip bomb"]


def test_what_is_no_file_and_what_leads_out_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "gone").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    names = ("link", "gone", "pipe")
    files = {f"model/{name}": folder / name for name in names} | {"../outside": folder / "link"}
    with pytest.raises(RefusedFilesError) as refused:
        scan_files(files, root=folder)
    assert [
        (Path(one.file).name, one.message.split(",")[0].split(f" {tmp_path}")[0]) for one in refused.value.violations
    ] == [
        ("gone", "cannot be read: No such file or directory"),
        ("link", "'../outside' is not a plain path: no '..'"),
        ("link", "is a link that leads out of"),
        ("link", "is a link that leads out of"),
        ("pipe", "is a pipe"),
    ]


def test_the_report_says_what_was_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("{}", encoding="utf-8")
    report = json.loads(scan_files({"model/m.json": path}).to_json())
    assert (report["passed"], report["files"], report["pickles"], sorted(report["tools"])) == (
        True,
        ["model/m.json"],
        [],
        ["detect-secrets", "greenroom-scan"],
    )


@pytest.mark.parametrize("copied", [b"cos\nsystem\n(S'true'\ntR.", b"weights"])
def test_what_is_looked_into_is_the_copy_whatever_becomes_of_the_file(tmp_path: Path, copied: bytes) -> None:
    source, link = tmp_path / "w.bin", tmp_path / "link.bin"
    link.symlink_to("/etc/hosts")
    asked: list[str] = []

    def copy(files: Mapping[str, Path]) -> dict[str, Path]:
        asked.extend(files)
        (tmp_path / "copy.bin").write_bytes(copied)
        return dict.fromkeys(files, tmp_path / "copy.bin")

    source.write_bytes(b"weights" if copied != b"weights" else b"cos\nsystem\n(S'true'\ntR.")
    files = {"model/w.bin": source, "model/link.bin": link}
    with pytest.raises(RefusedFilesError) as refused:
        scan_files(files, root=tmp_path, copy=copy)
    assert asked == ["model/w.bin"]  # what leads out is not copied
    told = {"w.bin"} if copied != b"weights" else set()
    assert {Path(one.file).name for one in refused.value.violations} == {"link.bin", *told}
