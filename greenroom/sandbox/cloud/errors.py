"""What can go wrong with the local AWS, as a tree.

```
CloudError
├── CloudStartError        the server did not come up: its log's tail is in the message
├── CloudUnresponsiveError a server of ours runs, yet does not answer: stop it and start again
├── JournalError           the record that the state is restored from cannot be read: reset, or mend the file
└── ModelLoadError         a model cannot be served; becomes an endpoint's FailureReason, never a traceback
```

The first three are for the user to settle; what AWS itself would refuse is never one of these but AWS's own
error, in AWS's words, over HTTP.
"""

from __future__ import annotations


class CloudError(Exception):
    """The local AWS cannot do what was asked; the message says what to do."""


class CloudStartError(CloudError):
    """The server process ended, or was not ready in time."""


class CloudUnresponsiveError(CloudError):
    """The server process lives and does not answer."""


class JournalError(CloudError):
    """The journal on disk cannot be replayed."""


class ModelLoadError(CloudError):
    """A production variant's model cannot be brought up. `str()` is the endpoint's FailureReason."""
