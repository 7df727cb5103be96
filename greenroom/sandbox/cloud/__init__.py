"""The local AWS: moto as a server on loopback, made true where deployments depend on it.

`LocalCloud` starts it as a process that outlives the command and restores its state when it was killed;
`in_process_cloud` runs it in a test. Any client reaches it by `AWS_ENDPOINT_URL`; the access key id says which
account it is: `AWS_ACCESS_KEY_ID=111122223333`.

Importing this package imports no moto: a command that only asks for the status stays fast.
"""

from greenroom.sandbox.cloud.address import CloudAddress, CloudStatus
from greenroom.sandbox.cloud.errors import CloudError, CloudStartError, CloudUnresponsiveError, JournalError
from greenroom.sandbox.cloud.in_process import in_process_cloud
from greenroom.sandbox.cloud.local_cloud import LocalCloud

__all__ = [
    "CloudAddress",
    "CloudError",
    "CloudStartError",
    "CloudStatus",
    "CloudUnresponsiveError",
    "JournalError",
    "LocalCloud",
    "in_process_cloud",
]
