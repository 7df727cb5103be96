"""The bias metrics of SageMaker Clarify that are simple formulas of counts.

`d` is the sensitive group of a facet (the disadvantaged one), `a` everyone else; 1 is the positive label, 0 the other;
n counts rows by true label, n̂ by predicted one. A ratio 0/0 is 0, and one to nothing is infinite, as in
aws/amazon-sagemaker-clarify (`bias/metrics/common.py`, `divide`), with whose results these were compared.

Pre-training (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html):
CI (nₐ - n_d)/(nₐ + n_d); DPL qₐ - q_d, q = n(1)/n; KL Σ Pₐ ln(Pₐ/P_d); JS ½(KL(Pₐ, P) + KL(P_d, P)), P their mean;
LP the 2-norm, TVD half the 1-norm and KS the maximum norm of Pₐ - P_d; CDDL Σ nᵢ DDᵢ / n over the groups i,
DD = n_d(0)/n(0) - n_d(1)/n(1).

Post-training (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html):
DPPL q̂ₐ - q̂_d; DI q̂_d/q̂ₐ; DCA cₐ - c_d, c = n(1)/n̂(1); DCR r_d - rₐ, r = n(0)/n̂(0); RD the difference of recalls
(a - d), SD of specificities (d - a); DAR of precisions TP/n̂(1) (a - d); DRR of TN/n̂(0) (d - a); AD of accuracies
(a - d); TE τ_d - τₐ, τ = FN/FP; CDDPL as CDDL of predicted labels; GE the generalized entropy of the benefits ŷ - y + 1
with parameter 2. The guide writes DCAcc where the library and its reports have DCA.

The flip test FT is not computed here: it needs a nearest-neighbour search over all features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

DESCRIPTIONS: Mapping[str, str] = {
    "CI": "Class Imbalance (CI)",
    "DPL": "Difference in Positive Proportions in Labels (DPL)",
    "KL": "Kullback-Liebler Divergence (KL)",
    "JS": "Jensen-Shannon Divergence (JS)",
    "LP": "L-p Norm (LP)",
    "TVD": "Total Variation Distance (TVD)",
    "KS": "Kolmogorov-Smirnov Distance (KS)",
    "CDDL": "Conditional Demographic Disparity in Labels (CDDL)",
    "DPPL": "Difference in Positive Proportions in Predicted Labels (DPPL)",
    "DI": "Disparate Impact (DI)",
    "DCA": "Difference in Conditional Acceptance (DCA)",
    "DCR": "Difference in Conditional Rejection (DCR)",
    "RD": "Recall Difference (RD)",
    "SD": "Specificity Difference (SD)",
    "DAR": "Difference in Acceptance Rates (DAR)",
    "DRR": "Difference in Rejection Rates (DRR)",
    "AD": "Accuracy Difference (AD)",
    "TE": "Treatment Equality (TE)",
    "CDDPL": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
    "GE": "Generalized Entropy (GE)",
}
"""The metrics that are computed here, by short name, as Clarify's reports describe them."""

PRE_TRAINING = ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL")
POST_TRAINING = ("DPPL", "DI", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "TE", "CDDPL", "FT", "GE")
"""Every metric that Clarify knows, in its order."""

NOT_COMPUTED = ("FT",)
NEED_GROUP = ("CDDL", "CDDPL")


@dataclass(frozen=True)
class GroupedRows:
    """A facet's rows: which are of the sensitive group, and their labels."""

    sensitive: Mask
    positive: Mask
    answered: Mask | None
    groups: np.ndarray[tuple[int], np.dtype[np.int64]] | None

    def count(self, *, sensitive: bool | None = None, actual: bool | None = None, predicted: bool | None = None) -> int:
        """How many rows there are of a group, of a true label, of a predicted one."""
        import numpy as np

        chosen = np.ones(len(self.sensitive), dtype=bool)
        for mask, wanted in ((self.sensitive, sensitive), (self.positive, actual), (self.answered, predicted)):
            if wanted is not None and mask is not None:
                chosen &= mask == wanted
        return int(chosen.sum())

    def difference(self, share: Callable[[bool], float], *, first_sensitive: bool = False) -> float:
        """Of a figure of both groups: a - d, or d - a; none where both are infinite."""
        advantaged, disadvantaged = share(False), share(True)
        if advantaged == disadvantaged:
            return 0.0
        return disadvantaged - advantaged if first_sensitive else advantaged - disadvantaged

    def distributions(self) -> list[tuple[float, float]]:
        """Shares of each label among a and among d, of the labels that both have."""
        shares = [
            (
                _divide(self.count(sensitive=False, actual=label), self.count(sensitive=False)),
                _divide(self.count(sensitive=True, actual=label), self.count(sensitive=True)),
            )
            for label in (False, True)
        ]
        return [pair for pair in shares if min(pair) > 0]

    def disparity(self, labels: Mask) -> float:
        """Conditional demographic disparity."""
        if self.groups is None:
            raise AssertionError("conditional disparity is asked for with a group only")
        total = 0.0
        for group in range(int(self.groups.max()) + 1):
            chosen = self.groups == group
            rejected, accepted = chosen & ~labels, chosen & labels
            shares = [_divide(int((one & self.sensitive).sum()), int(one.sum())) for one in (rejected, accepted)]
            total += int(chosen.sum()) * (shares[0] - shares[1])
        return total / len(self.groups)


def _divide(part: float, whole: float) -> float:
    if whole == 0:
        return 0.0 if part == 0 else math.inf
    return part / whole


def _positive_share(rows: GroupedRows, *, of_answers: bool) -> Callable[[bool], float]:
    def share(sensitive: bool) -> float:
        chosen = (
            rows.count(sensitive=sensitive, predicted=True)
            if of_answers
            else rows.count(sensitive=sensitive, actual=True)
        )
        return _divide(chosen, rows.count(sensitive=sensitive))

    return share


def _ratio_of(rows: GroupedRows, part: Mapping[str, bool], whole: Mapping[str, bool]) -> Callable[[bool], float]:
    return lambda sensitive: _divide(rows.count(sensitive=sensitive, **part), rows.count(sensitive=sensitive, **whole))


def _accuracy(rows: GroupedRows) -> Callable[[bool], float]:
    return lambda sensitive: _divide(
        rows.count(sensitive=sensitive, actual=True, predicted=True)
        + rows.count(sensitive=sensitive, actual=False, predicted=False),
        rows.count(sensitive=sensitive),
    )


def _disparate_impact(rows: GroupedRows) -> float:
    share = _positive_share(rows, of_answers=True)
    return _divide(share(True), share(False))


def _jensen_shannon(rows: GroupedRows) -> float:
    def divergence(side: int) -> float:
        return math.fsum(pair[side] * math.log(pair[side] / (sum(pair) / 2)) for pair in rows.distributions())

    return 0.5 * (divergence(0) + divergence(1))


def _entropy(rows: GroupedRows) -> float:
    """Of the benefits 0 (missed), 1 (right) and 2 (wrongly accepted)."""
    total = rows.count()
    wrongly, missed = rows.count(actual=False, predicted=True), rows.count(actual=True, predicted=False)
    mean = (total + wrongly - missed) / total
    if mean == 0:
        return math.inf
    squares = ((total - wrongly - missed) + 4 * wrongly) / mean**2
    return (squares - total) / (2 * total)


def _predictions(rows: GroupedRows) -> Mask:
    if rows.answered is None:
        raise AssertionError("a post-training metric is asked for with predictions only")
    return rows.answered


_ACTUAL_1, _ACTUAL_0, _SAID_1, _SAID_0 = {"actual": True}, {"actual": False}, {"predicted": True}, {"predicted": False}

METRICS: Mapping[str, Callable[[GroupedRows], float]] = {
    "CI": lambda rows: (rows.count(sensitive=False) - rows.count(sensitive=True)) / rows.count(),
    "DPL": lambda rows: rows.difference(_positive_share(rows, of_answers=False)),
    "KL": lambda rows: math.fsum(a * math.log(a / d) for a, d in rows.distributions()),
    "JS": _jensen_shannon,
    "LP": lambda rows: math.sqrt(math.fsum((a - d) ** 2 for a, d in rows.distributions())),
    "TVD": lambda rows: 0.5 * math.fsum(abs(a - d) for a, d in rows.distributions()),
    "KS": lambda rows: max((abs(a - d) for a, d in rows.distributions()), default=0.0),
    "CDDL": lambda rows: rows.disparity(rows.positive),
    "DPPL": lambda rows: rows.difference(_positive_share(rows, of_answers=True)),
    "DI": _disparate_impact,
    "DCA": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_1, _SAID_1)),
    "DCR": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_0, _SAID_0), first_sensitive=True),
    "RD": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_1 | _SAID_1, _ACTUAL_1)),
    "SD": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_0 | _SAID_0, _ACTUAL_0), first_sensitive=True),
    "DAR": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_1 | _SAID_1, _SAID_1)),
    "DRR": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_0 | _SAID_0, _SAID_0), first_sensitive=True),
    "AD": lambda rows: rows.difference(_accuracy(rows)),
    "TE": lambda rows: rows.difference(_ratio_of(rows, _ACTUAL_1 | _SAID_0, _ACTUAL_0 | _SAID_1), first_sensitive=True),
    "CDDPL": lambda rows: rows.disparity(_predictions(rows)),
    "GE": _entropy,
}
