import pytest

from tests.benchmarks.ngram import WittenBell


@pytest.mark.parametrize("context", ["", "ab", "bra", "zz", "az"])
def test_probabilities_sum_to_one(context):
    model = WittenBell("abracadabra", 3, 6)
    assert sum(model.probability(context, c) for c in "abcdrz") == pytest.approx(1)


def test_it_is_the_equation():
    model = WittenBell("abab", 2, 3)
    # below: uniform 1/3; of 4 characters 2 are a, 2 kinds: (2 + 2/3) / 6 = 4/9
    assert model.probability("", "a") == pytest.approx(4 / 9)
    # a was followed twice, always by b: (2 + 4/9) / 3
    assert model.probability("a", "b") == pytest.approx((2 + 4 / 9) / 3)
    assert model.loss("ba") > model.loss("ab")
