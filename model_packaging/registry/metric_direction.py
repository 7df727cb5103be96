"""Which way a metric is better, by its name: as scikit-learn names them, and as people shorten that.

https://scikit-learn.org/stable/modules/model_evaluation.html: what ends in `score` is better higher, what ends in
`error` or `loss` better lower. A name that says neither has no direction, and nothing is called better or worse.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

Direction = Literal["higher", "lower"]

_HIGHER_WORDS = (
    "accuracy auc auroc auprc ap roc_auc pr_auc average_precision balanced_accuracy precision recall sensitivity"
    " specificity f1 f2 f0_5 fbeta jaccard mcc matthews_corrcoef kappa cohen_kappa r2 explained_variance ndcg map bleu"
    " rouge gini ks top_1 top_5 iou dice lift correlation pearson spearman score"
)
_LOWER_WORDS = (
    "loss error logloss log_loss cross_entropy brier mse rmse mae mape smape msle rmsle wape deviance hinge perplexity"
    " ece latency p50_ms p90_ms p95_ms p99_ms seconds ms gap drift fpr fnr false_positive_rate false_negative_rate"
    " eer wer cer"
)
_HIGHER = frozenset(_HIGHER_WORDS.split())
_LOWER = frozenset(_LOWER_WORDS.split())
_AVERAGES = ("_macro", "_micro", "_weighted", "_binary", "_samples", "_mean", "_ovr", "_ovo")
_SPLITS = re.compile(r"^(train(ing)?|val(id(ation)?)?|test|eval|holdout|held_out|cv)[_./ -]")
_AT = re.compile(r"@\d+$")


def direction_of(metric: str) -> Direction | None:
    """`higher` or `lower`, whichever is better; None where the name does not say."""
    name = re.sub(r"[ -]", "_", metric.casefold())
    name = _AT.sub("", _SPLITS.sub("", name).rsplit("/", 1)[-1])
    for average in _AVERAGES:
        name = name.removesuffix(average)
    if _ends_in(name, _LOWER):
        return "lower"
    return "higher" if _ends_in(name, _HIGHER) else _by_first_words(name)


def _ends_in(name: str, words: Collection[str]) -> bool:
    return name in words or any(name.endswith(f"_{word}") for word in words)


def _by_first_words(name: str) -> Direction | None:
    """`accuracy_held_out`, `rmse_test`: the metric first, then what it was taken on."""
    for size in range(name.count("_"), 0, -1):
        head = "_".join(name.split("_")[:size])
        if head in _LOWER:
            return "lower"
        if head in _HIGHER:
            return "higher"
    return None
