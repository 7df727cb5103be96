"""From the trained model to the one that is served: converted, simplified, made smaller and faster, and measured.

`optimise.yaml` beside the model says which steps; `optimise(model_folder)` takes them in order, measures each against
the original on the sample rows, and writes the served model and `optimisation.json` (the table, a lock of both files'
digests) only when every step kept within its tolerance. Packaging reads both and converts nothing, so that a release's
digest does not depend on the converters' versions of the day.
"""

from model_packaging.optimisation.optimise import OPTIMISATION_FILE, optimise, pinned_optimisation
from model_packaging.optimisation.spec import OPTIMISE_FILE, OptimiseSpec, read_optimise_spec

__all__ = [
    "OPTIMISATION_FILE",
    "OPTIMISE_FILE",
    "OptimiseSpec",
    "optimise",
    "pinned_optimisation",
    "read_optimise_spec",
]
