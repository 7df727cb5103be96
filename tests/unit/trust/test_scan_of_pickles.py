"""A pickle is judged by what it would import, and is never unpickled."""

import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging.trust.allowed import AllowedFindings
from model_packaging.trust.known_globals import Verdict, judge
from model_packaging.trust.report import RefusedFilesError, ScanReport
from model_packaging.trust.scanning import scan_files
from tests.unit.trust.malicious_pickles import calling, global_by_stack, harmless, variants

pytestmark = pytest.mark.unit

NAMES = sorted(variants(Path("marker")))


def scan(folder: Path, name: str, content: bytes, **allowed: tuple[str, ...]) -> ScanReport:
    path = folder / Path(name).name
    path.write_bytes(content)
    return scan_files({f"model/{name}": path}, allowed=AllowedFindings(**allowed))


def refusal(folder: Path, name: str, content: bytes, **allowed: tuple[str, ...]) -> list[str]:
    with pytest.raises(RefusedFilesError) as refused:
        scan(folder, name, content, **allowed)
    return [one.message for one in refused.value.violations]


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "marker"
    assert refusal(tmp_path, "model.pkl", variants(marker)[name])
    assert not marker.exists()


def packed_in_zip(content: bytes, name: str = "archive/data.pkl", method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/version", b"3\n")
        archive.writestr(name, content)
    return buffer.getvalue()


def with_wrong_checksum(archive: bytes) -> bytes:
    """Every checksum of local headers and of the directory is another; torch's reader does not look."""
    changed = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        at = changed.find(signature)
        while at >= 0:
            struct.pack_into("<I", changed, at + offset, 0xDEADBEEF)
            at = changed.find(signature, at + 4)
    return bytes(changed)


def with_encryption_flag(archive: bytes) -> bytes:
    changed = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def in_tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("model.pkl")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def object_array(content: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


WRAPPINGS = {
    "model.joblib": lambda one: one,
    "model.bin": lambda one: one,
    "model.weights": lambda one: one,
    "gzip.joblib": gzip.compress,
    "zlib.joblib": zlib.compress,
    "bz2.joblib": bz2.compress,
    "xz.joblib": lzma.compress,
    "lzma.joblib": lambda one: lzma.compress(one, format=lzma.FORMAT_ALONE),
    "lzma_other_dictionary.joblib": lambda one: lzma.compress(
        one, format=lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 0x10000}]
    ),
    "model.pt": packed_in_zip,
    "deflated.pt": lambda one: packed_in_zip(one, method=zipfile.ZIP_DEFLATED),
    "other_name.pt": lambda one: packed_in_zip(one, "archive/data/0"),
    "wrong_checksum.pt": lambda one: with_wrong_checksum(packed_in_zip(one)),
    "encrypted_by_flag.pt": lambda one: with_encryption_flag(packed_in_zip(one)),
    "archive_in_archive.pt": lambda one: packed_in_zip(packed_in_zip(one), "weights.pt"),
    "archive_in_deflated_archive.pt": lambda one: packed_in_zip(packed_in_zip(one), "weights.pt", zipfile.ZIP_DEFLATED),
    "behind_another_archive.pt": lambda one: packed_in_zip(harmless()) + packed_in_zip(one),
    "before_another_archive.pt": lambda one: packed_in_zip(one) + packed_in_zip(harmless()),
    "arrays.npz": lambda one: packed_in_zip(object_array(one), "a.npy"),
    "array.npy": object_array,
    "model.tar": in_tar,
    "model.tar.gz": lambda one: gzip.compress(in_tar(one)),
    "cut_off.joblib": lambda one: zlib.compress(one + bytes(100_000))[:-20],
    "archive_behind_weights.bin": lambda one: bytes(64) + packed_in_zip(one),
    "seven_zip.pt": lambda one: b"7z\xbc\xaf\x27\x1c" + one,
}


@pytest.mark.parametrize("name", sorted(WRAPPINGS))
def test_however_it_is_packed(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "marker"
    wrap = WRAPPINGS[name]
    assert refusal(tmp_path, name, wrap(calling("os", "system", marker)))
    assert not marker.exists()


@pytest.mark.parametrize("name", [one for one in sorted(WRAPPINGS) if "." in one])
def test_what_is_harmless_is_let_through_in_the_same_packing(tmp_path: Path, name: str) -> None:
    refused_whatever_is_in_it = {
        "archive_behind_weights.bin",
        "before_another_archive.pt",
        "behind_another_archive.pt",
        "cut_off.joblib",
        "seven_zip.pt",
    }
    content = WRAPPINGS[name](harmless())
    if name in refused_whatever_is_in_it:
        assert refusal(tmp_path, name, content)
    else:
        assert scan(tmp_path, name, content).files == (f"model/{name}",)


DANGEROUS = (
    ("os", "system"),
    ("posix", "system"),
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("__builtin__", "eval"),
    ("importlib", "import_module"),
    ("runpy", "run_path"),
    ("pip", "main"),
    ("pip._internal", "main"),
    ("pkgutil", "resolve_name"),
    ("operator", "attrgetter"),
    ("functools", "partial"),
    ("pickle", "loads"),
    ("_pickle", "loads"),
    ("torch", "load"),
    ("torch.storage", "_load_from_bytes"),
    ("joblib", "load"),
    ("numpy", "load"),
    ("numpy.f2py.crackfortran", "getlincoef"),
    ("numpy.testing._private.utils", "runstring"),
    ("ctypes", "CDLL"),
    ("cloudpickle.cloudpickle", "_make_function"),
    ("types", "CodeType"),
    ("timeit", "timeit"),
    ("cProfile", "run"),
    ("ssl", "get_server_certificate"),
    ("logging", "FileHandler"),
    ("_io", "FileIO"),
    ("uuid", "_get_command_stdout"),
    ("imaplib", "IMAP4_stream"),
    ("idlelib.pyshell", "ModifiedInterpreter.runcode"),
    ("lib2to3.pgen2.grammar", "Grammar.loads"),
    ("torch._inductor.codecache", "compile_file"),
    ("torch.hub", "load"),
    ("torch.utils.collect_env", "run"),
    ("test.support.script_helper", "assert_python_ok"),
)


@pytest.mark.parametrize(("module", "name"), DANGEROUS)
def test_a_dangerous_name_stays_refused_when_it_is_allowed(tmp_path: Path, module: str, name: str) -> None:
    content = calling(module, name, tmp_path / "marker")
    messages = refusal(tmp_path, "model.pkl", content, allow_globals=(f"{module}.{name}",))
    assert messages == [
        f"is a pickle that imports {module}.{name}, which can run code or reach files: a dangerous global"
    ]


def test_what_was_written_beside_dill_is_told_to_be_written_without(tmp_path: Path) -> None:
    with pytest.raises(RefusedFilesError) as refused:
        scan(tmp_path, "model.pkl", calling("dill._dill", "_load_type", tmp_path / "marker"))
    (one,) = refused.value.violations
    assert one.fix.startswith("if the file is yours, its process had imported dill")


def test_an_unknown_name_is_told_and_can_be_allowed(tmp_path: Path) -> None:
    content = pickle.PROTO + b"\x04" + global_by_stack("my_features", "Ratio") + b")\x81."
    with pytest.raises(RefusedFilesError) as refused:
        scan(tmp_path, "model.pkl", content)
    shown = (tmp_path / "model.pkl").as_posix()
    assert str(refused.value) == (
        f"{shown}: byte 22: is a pickle that imports my_features.Ratio: an unknown global; if the name is yours, allow "
        "it in package.yaml: scan: {allow_globals: [my_features.Ratio]}; otherwise keep the model in a format that "
        "carries no code: ONNX, skops, safetensors, or the framework's own (XGBoost JSON, LightGBM text, CatBoost cbm)"
    )
    report = scan(tmp_path, "model.pkl", content, allow_globals=("my_features.Ratio",))
    assert [(one.place, one.imports) for one in report.pickles] == [("model/model.pkl", ("my_features.Ratio",))]
    assert report.allowed_by_name == ("my_features.Ratio",)


def test_nothing_that_picklescan_calls_dangerous_is_allowed_here() -> None:
    scanner = pytest.importorskip("picklescan.scanner")
    allowed = []
    for module, names in scanner._unsafe_globals.items():
        told = {names} if isinstance(names, str) else names
        for name in {"run" if one == "*" else one for one in told}:
            if judge(module, name) is Verdict.ALLOWED:
                allowed.append(f"{module}.{name}")
    assert allowed == []


def test_the_classes_that_are_allowed_as_a_family_are_no_functions_of_others() -> None:
    known = [judge("sklearn.tree._classes", name) for name in ("DecisionTreeClassifier", "Path.unlink", "export", "os")]
    assert known == [Verdict.ALLOWED, Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_text_and_code_are_no_pickles(tmp_path: Path) -> None:
    texts = {
        "inference.py": b"import os\nimport subprocess\n\ncos = 1\n",
        "readme.md": b"classifier of tumours\nwith two lines\nand a third.\n",
        "vocabulary.txt": b"cos\nsin\ntan\n",
        "trees.txt": b"tree\nversion=v4\nnum_class=1\n",
    }
    for name, content in texts.items():
        assert scan(tmp_path, name, content).pickles == ()


ALLOWED_NAMES = st.sampled_from([("collections", "OrderedDict"), ("numpy", "dtype"), ("builtins", "set")])


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), name=st.sampled_from(["model.pkl", "model.bin", "model.pt", "a.npy", "x.onnx"]))
def test_no_bytes_make_the_scan_fail(tmp_path: Path, content: bytes, name: str) -> None:
    with contextlib.suppress(RefusedFilesError):
        scan(tmp_path, name, content)


@st.composite
def pickles_with_a_call(draw: st.DrawFn) -> bytes:
    """Anything picklable before a dangerous call, which ends, goes on, or is cut off behind the call."""
    before = draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
            max_leaves=8,
        )
    )
    module, name = draw(st.sampled_from(DANGEROUS))
    protocol = draw(st.integers(2, 5))
    opening = pickle.dumps(before, protocol=protocol)[:-1]
    named = global_by_stack(module, name) if protocol >= 4 else f"c{module}\n{name}\n".encode()
    call = named + b")R"
    return (
        opening + pickle.POP + call + draw(st.sampled_from([b".", b"", b"\xff", b"0N."])) + draw(st.binary(max_size=9))
    )


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=pickles_with_a_call(), name=st.sampled_from(["model.pkl", "model.bin", "weights"]))
def test_a_call_of_a_dangerous_name_is_never_judged_safe(tmp_path: Path, content: bytes, name: str) -> None:
    assert any("a dangerous global" in message for message in refusal(tmp_path, name, content))


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_pickle_that_is_cut_off_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    whole = harmless()
    cut = data.draw(st.integers(1, len(whole) - 1))
    assert refusal(tmp_path, "model.pkl", whole[:cut])
