"""`package` for tests of what a release is made of: the judges would start a serving process for each."""

from __future__ import annotations

from functools import partial

import model_packaging
from model_packaging.judging import UNJUDGED

package = partial(model_packaging.package, judges=UNJUDGED)
