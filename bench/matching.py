"""How well names and addresses are matched: FEBRL 4, beside the classifiers of `recordlinkage`.

    ours       bits of verifiers/matching/likeness.py; weights fitted to no data. A pair is one
               person if its bits outweigh the odds of 1 in 5,000 against it
    the others the package's classifiers on its own comparisons of the same fields of the same
               pairs. ECM and k-means learn from the pairs without answers; the last three
               are shown the answers of half of FEBRL 4, which is more than ours knows

Recall is over all 5,000 true pairs. `python -m bench.matching`
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Sequence

from tests.verifiers import febrl

Pairs = Sequence[tuple[int, int]]


def main() -> int:
    first, second = febrl.read("dataset4a"), febrl.read("dataset4b")
    pairs = febrl.candidates(first, second)
    print(f"{len(pairs):,} pairs of 5,000 x 5,000 records share a word or a code\n")
    print(f"{'classifier':<22} {'precision':>9} {'recall':>7} {'F1':>7} {'CPU s':>7}")
    begun = time.process_time()
    bits = febrl.weigh(first, second, pairs)
    spent = time.process_time() - begun
    _tell("ours", first, second, pairs, [b >= math.log2(len(first)) for b in bits], spent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, of newer pandas and scikit-learn
        _others(first, second, pairs)
    return 0


def _tell(
    name: str,
    first: list[febrl.Row],
    second: list[febrl.Row],
    pairs: Pairs,
    claimed: Sequence[bool],
    spent: float,
) -> None:
    precision, recall, f1 = febrl.measures(first, second, pairs, claimed)
    print(f"{name:<22} {precision:>9.4f} {recall:>7.4f} {f1:>7.4f} {spent:>7.1f}", flush=True)


def _others(first: list[febrl.Row], second: list[febrl.Row], pairs: Pairs) -> None:
    import pandas
    import recordlinkage

    left, right = pandas.DataFrame(first), pandas.DataFrame(second)
    links = pandas.MultiIndex.from_tuples(pairs)
    begun = time.process_time()
    compare = recordlinkage.Compare()
    for field in febrl.FIELDS:
        compare.string(field, field, method="jarowinkler", threshold=0.85, label=field)
    features = compare.compute(links, left, right)
    compared = time.process_time() - begun
    same = [febrl.person(first[a]) == febrl.person(second[b]) for a, b in pairs]
    half = len(pairs) // 2
    truth = links[:half][[bool(one) for one in same[:half]]]
    for name, classifier, taught in (
        ("k-means", recordlinkage.KMeansClassifier(), False),
        ("ECM", recordlinkage.ECMClassifier(), False),
        ("naive Bayes, taught", recordlinkage.NaiveBayesClassifier(), True),
        ("logistic, taught", recordlinkage.LogisticRegressionClassifier(), True),
        ("SVM, taught", recordlinkage.SVMClassifier(), True),
    ):
        begun = time.process_time()
        if taught:
            classifier.fit(features.iloc[:half], truth)
            found = set(classifier.predict(features))
        else:
            found = set(classifier.fit_predict(features))
        spent = compared + time.process_time() - begun
        _tell(name, first, second, pairs, [pair in found for pair in pairs], spent)


if __name__ == "__main__":
    sys.exit(main())
