"""Which names a model's pickle may import: what model libraries need to build themselves, and nothing else.

Unpickling is calling: every name that a pickle imports may be called with what the pickle says. So names are *allowed*
one by one (or by a family of classes whose constructors only keep what they are given), names that run code, read or
write files or reach the network are *dangerous* and cannot be allowed, and all others are *unknown*: refused, until
whoever packages the model allows them by name.

What is left out on purpose, though model libraries have it: `torch.load`, `joblib.load`, `numpy.load` and
`torch.storage._load_from_bytes` (a pickle within), `scipy.stats` distributions (their `__setstate__` executes text of
the pickle: https://github.com/scipy/scipy/blob/main/scipy/stats/_distn_infrastructure.py), `functools.partial`,
`operator` and `getattr` (make any callable of an allowed one), `builtins.type` (makes classes).

Sources: torch's own list for `weights_only`
(https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py), numpy's `__reduce__` methods, and the
lists of picklescan and fickling, whose every dangerous name is refused here too (the tests hold it).
"""

from __future__ import annotations

import re

# Python 2's names of modules, which protocols 0 to 2 are read with.
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Collection
from enum import Enum

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CLASS_NAME = re.compile(r"_?[A-Z][A-Za-z0-9_]*")
_MAXIMUM_NAME_LENGTH = 256


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Verdict(Enum):
    """What is thought of an imported name."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"


_NUMPY_TYPES = (
    "bool_ bool bool8 byte bytes_ cdouble clongdouble complex128 complex64 csingle datetime64 double float16 float32"
    " float64 generic half int16 int32 int64 int8 int_ intc intp long longdouble longlong number object_ short single"
    " str_ timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp ulong ulonglong ushort void"
)
_NUMPY_FUNCTIONS = (
    "abs absolute add arccos arccosh arcsin arcsinh arctan arctanh argmax argmin cbrt ceil clip cos cosh deg2rad divide"
    " exp exp2 expm1 fabs floor invert isfinite isnan log log10 log1p log2 logaddexp logical_not max maximum mean"
    " median min minimum multiply nan_to_num nanmean nanmedian negative power rad2deg ravel reciprocal rint round sign"
    " sin sinh sqrt square std subtract sum tan tanh true_divide trunc var"
)
_SPARSE_KINDS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
_SPARSE = " ".join(f"{kind}_{what}" for kind in _SPARSE_KINDS for what in ("matrix", "array"))
_TORCH_DTYPES = (
    "bfloat16 bcomplex32 bits16 bits1x8 bits2x4 bits4x2 bits8 bool complex128 complex32 complex64 float16 float32"
    " float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu int1 int16"
    " int2 int3 int32 int4 int5 int6 int64 int7 int8 per_channel_affine per_channel_affine_float_qparams"
    " per_channel_symmetric per_tensor_affine per_tensor_symmetric qint32 qint8 quint2x4 quint4x2 quint8 uint1 uint16"
    " uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 uint8"
)
_TORCH_ELEMENTS = "BFloat16 Bool Byte Char ComplexDouble ComplexFloat Double Float Half Int Long Short"
_TORCH_STORAGES = " ".join(f"{one}Storage {one}Tensor" for one in _TORCH_ELEMENTS.split())

_ALLOWED: dict[str, frozenset[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple"
        " Ellipsis NotImplemented",
        "collections": "Counter OrderedDict defaultdict deque",
        "copyreg": "_reconstructor",
        "_codecs": "encode",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "re": "_compile",
        "numpy": f"dtype ndarray matrix recarray record {_NUMPY_TYPES} {_NUMPY_FUNCTIONS}",
        "numpy._core.multiarray": "_reconstruct scalar",
        "numpy.core.multiarray": "_reconstruct scalar",
        "numpy._core.numeric": "_frombuffer",
        "numpy.core.numeric": "_frombuffer",
        "numpy._core": "_ufunc_reconstruct",
        "numpy.core": "_ufunc_reconstruct",
        "numpy._core._multiarray_umath": _NUMPY_FUNCTIONS,
        "numpy.core._multiarray_umath": _NUMPY_FUNCTIONS,
        "numpy.ma": "MaskedArray",
        "numpy.ma.core": "MaskedArray _mareconstruct",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64 PCG64DXSM",
        "numpy.random._philox": "Philox",
        "numpy.random._sfc64": "SFC64",
        "numpy.random._generator": "Generator",
        "numpy.random.mtrand": "RandomState",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "scipy.sparse": _SPARSE,
        **{f"scipy.sparse.{part}": _SPARSE for part in _SPARSE_KINDS},
        **{f"scipy.sparse._{part}": _SPARSE for part in _SPARSE_KINDS},
        "scipy._lib.array_api_compat.numpy._aliases": "asarray",
        "scipy.interpolate": "interp1d BSpline PPoly",
        "scipy.interpolate._interpolate": "interp1d PPoly",
        "scipy.interpolate._bsplines": "BSpline",
        "joblib.numpy_pickle": "NumpyArrayWrapper",
        "sklearn.utils": "Bunch",
        "sklearn.utils._bunch": "Bunch",
        "sklearn.metrics._dist_metrics": "newObj",
        "sklearn.neighbors._ball_tree": "newObj",
        "sklearn.neighbors._kd_tree": "newObj",
        "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
        "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
        "xgboost.core": "Booster",
        "lightgbm.basic": "Booster",
        "torch": f"Size Tensor device dtype {_TORCH_DTYPES} {_TORCH_STORAGES} QInt32Storage QInt8Storage"
        " QUInt2x4Storage QUInt4x2Storage QUInt8Storage",
        "torch.cuda": _TORCH_STORAGES,
        "torch.sparse": _TORCH_STORAGES,
        "torch.cuda.sparse": _TORCH_STORAGES,
        "torch.storage": "TypedStorage UntypedStorage",
        "torch._tensor": "_rebuild_from_type_v2",
        "torch._utils": "_rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy"
        " _rebuild_meta_tensor_no_storage _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor"
        " _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_wrapper_subclass",
        "torch.nn.parameter": "Buffer Parameter",
        "torch.serialization": "_get_layout",
        # Only torch's C++ reader knows these, in a TorchScript archive.
        "torch.jit._pickle": "build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist"
        " restore_type_tag",
        "pandas._libs.internals": "_unpickle_block",
        "pandas.core.arrays.categorical": "Categorical",
        "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype",
        "pandas.core.frame": "DataFrame",
        "pandas.core.indexes.base": "Index _new_Index",
        "pandas.core.indexes.range": "RangeIndex",
        "pandas.core.internals.managers": "BlockManager SingleBlockManager",
        "pandas.core.series": "Series",
        "pandas": "DataFrame Index RangeIndex Series",
    }.items()
}
"""Module to names, in Python 3's words."""

_SKLEARN = (
    "base|calibration|cluster|compose|covariance|cross_decomposition|decomposition|discriminant_analysis|dummy|ensemble"
    "|feature_extraction|feature_selection|frozen|gaussian_process|impute|isotonic|kernel_approximation|kernel_ridge"
    "|linear_model|manifold|metrics|mixture|model_selection|multiclass|multioutput|naive_bayes|neighbors"
    "|neural_network|pipeline|preprocessing|random_projection|semi_supervised|svm|tree|_loss"
)
_FAMILIES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    # scikit-learn's estimators keep their parameters and do nothing else when they are made
    # (https://scikit-learn.org/stable/developers/develop.html); datasets, externals and test code are not among them.
    (re.compile(rf"sklearn\.({_SKLEARN})(\.\w+)*"), CLASS_NAME),
    (re.compile(rf"sklearn\.({_SKLEARN})(\.\w+)*"), re.compile(r"__pyx_unpickle_[A-Z]\w*")),
    (re.compile(r"sklearn\.metrics(\._\w+)*"), re.compile(r"[a-z0-9_]+_(score|loss|error|deviance)")),
    (re.compile(r"sklearn\.metrics\.pairwise"), re.compile(r"[a-z0-9_]+_(kernel|distances|similarity)")),
    (re.compile(r"xgboost(\.sklearn)?"), re.compile(r"XGB[A-Z]\w*")),
    (re.compile(r"lightgbm(\.sklearn)?"), re.compile(r"LGBM[A-Z]\w*")),
    (re.compile(r"catboost(\.core)?"), re.compile(r"(CatBoost(Classifier|Regressor|Ranker)?|_CatBoost)")),
    (re.compile(r"numpy\.dtypes"), CLASS_NAME),
    (re.compile(r"numpy\.polynomial\.\w+"), CLASS_NAME),
    (re.compile(r"torch\.nn\.modules\.\w+"), CLASS_NAME),
    # The types of a TorchScript archive: no module of Python has this name.
    (re.compile(r"__torch__(\.[\w$]+)*"), re.compile(r"[\w$]+")),
)
"""Families of classes: a module's pattern, and the pattern of its names."""

_DANGEROUS_MODULES = _words(
    "__builtin__ _aix_support _io _operator _osx_support _pickle _posixsubprocess _pyrepl _socket _thread _winapi"
    " aiohttp asyncio atexit bdb bz2 cProfile cffi cloudpickle code codecs codeop commands compileall concurrent"
    " cpython ctypes dbm dill dis distutils doctest ensurepip faulthandler fileinput ftplib functools gc glob gzip"
    " http httplib idlelib imaplib imp importlib inspect io jsonpickle lib2to3 logging lzma mailbox marshal mmap"
    " msvcrt multiprocessing netrc nntplib nt numexpr numpy.ctypeslib numpy.f2py numpy.testing operator os"
    " paramiko pdb pickle pickletools pip pipes pkg_resources pkgutil poplib posix profile pty py_compile pydoc"
    " requests resource rlcompleter runpy sched setuptools shelve shlex shutil signal site smtplib socket"
    " socketserver sqlite3 ssl subprocess sys sysconfig tarfile telnetlib tempfile test threading timeit trace"
    " tracemalloc types unittest urllib urllib2 urllib3 uuid venv webbrowser winreg wsgiref xmlrpc zipapp zipfile"
    " zipimport torch._dynamo torch._inductor torch.distributed torch.fx torch.hub"
    " torch.jit.unsupported_tensor_ops torch.multiprocessing torch.package torch.utils"
    " tensorflow.python.ops.script_ops"
)
"""Modules, each with all that is below it, whose names run code, start processes, or read and write what is not the
model's."""

_DANGEROUS_NAMES = _words(
    "eval exec execfile compile open system popen getattr setattr delattr __import__ import_module load loads"
    " load_module memmap fromfile tofile genfromtxt loadtxt savetxt save savez read_pickle runstring call_command"
    " _load_from_bytes load_library run run_code subimport apply breakpoint input globals locals vars Popen spawn"
)
"""Names that mean danger in whatever module they are."""


def in_python_3(module: str, name: str, protocol: int) -> tuple[str, str]:
    """The name that Python 3 imports: protocols before 3 carry Python 2's names."""
    if protocol >= 3:
        return module, name
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def judge(module: str, name: str, allowed_by_user: Collection[str] = ()) -> Verdict:
    """What is thought of a pickle that imports `name` of `module`.

    Args:
        module: In Python 3's words (`in_python_3`).
        name: As the pickle has it; a dotted one is an attribute of an attribute.
        allowed_by_user: `module.name` that `package.yaml` allows.
    """
    if _is_allowed(module, name):
        return Verdict.ALLOWED
    if _is_dangerous(module, name):
        return Verdict.DANGEROUS
    return Verdict.ALLOWED if f"{module}.{name}" in allowed_by_user else Verdict.UNKNOWN


def _is_allowed(module: str, name: str) -> bool:
    if name in _ALLOWED.get(module, ()):
        return True
    if max(len(module), len(name)) > _MAXIMUM_NAME_LENGTH:
        return False
    return any(home.fullmatch(module) and names.fullmatch(name) for home, names in _FAMILIES)


def _is_dangerous(module: str, name: str) -> bool:
    parts = module.split(".")
    if parts[0] in ("builtins", "joblib", "copyreg", "_codecs"):
        return True  # what they have beside the allowed runs code or reads files
    if not set(name.split(".")).isdisjoint(_DANGEROUS_NAMES):
        return True
    places = {".".join(parts[: length + 1]) for length in range(min(len(parts), 8))}
    if not places.isdisjoint(_DANGEROUS_MODULES):
        return True
    # An attribute of an attribute reaches through a module into whatever that has imported.
    return any(part in _DANGEROUS_MODULES or part.startswith("__") for part in name.split(".")[:-1])


def is_name(module: str, name: str) -> bool:
    """Whether these can be a module's and an attribute's name: pickled text that happens to look so is none."""
    parts = [*module.split("."), *name.split(".")]
    return all(part.isidentifier() or IDENTIFIER.fullmatch(part.replace("$", "_")) is not None for part in parts)
