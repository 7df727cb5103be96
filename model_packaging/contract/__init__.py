"""The container contract: whether a release behaves as SageMaker needs it to, found out before AWS does.

```python
from model_packaging.contract import SampleRequest, ServedRelease, check_contract, sample_requests

served = ServedRelease(store.folder(release.name, release.digest), release)
report = check_contract(served, sample_requests(served.folder, release), memory_limit_mib=8192)
print(report.startup_seconds, [check.name for check in report.checks])
```

A release that fails raises `ContractFailedError` (exit code 1), with the whole report and what the container's log says
of the first failure. Each check says what was asked, what was seen, what the limit is and where AWS says so.

- `report`: what is found out, check by check.
- `samples`: the requests that a release says it answers.
- `malformed`: requests that it must refuse, made of the samples.
- `answers`: whether an answer is one: finite numbers, of the type that it says.
- `probe`: the running container, started again where a request ended it, and what its memory came to (`memory_watch`).
- `invocation_checks`, `lifecycle_checks`, `model_folder`: the checks themselves; `checking` runs them in order.
"""

from model_packaging.contract.checking import ServedRelease, check_contract
from model_packaging.contract.report import Check, ContractFailedError, ContractReport
from model_packaging.contract.samples import SampleRequest, sample_requests

__all__ = [
    "Check",
    "ContractFailedError",
    "ContractReport",
    "SampleRequest",
    "ServedRelease",
    "check_contract",
    "sample_requests",
]
