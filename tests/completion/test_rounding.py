"""The bounds that decide which arithmetic can be trusted."""

import numpy as np
import pytest

from explorer.completion.rounding import surely_well_conditioned


@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.parametrize("ridge", [0.0, 1e-6, 0.1])
@pytest.mark.parametrize(
    ("limit", "condition"),
    [(1e6, 1e2), (1e6, 1e5), (1e6, 1e7), (1e6, 1e16), (1e8, 1e3), (1e8, 1e7), (1e8, 1e9), (1e8, 1e16)],
)
def test_what_is_surely_well_conditioned_is(rank, ridge, limit, condition):
    rng = np.random.default_rng(0)
    designs = rng.standard_normal((200, 12, rank)) * np.sqrt(condition) ** -rng.random((200, 1, rank))
    grams = designs.swapaxes(1, 2) @ designs
    with_ridge = grams + ridge * np.eye(rank)
    pivots = np.einsum("raa->ar", np.linalg.cholesky(with_ridge)) ** 2
    sure = surely_well_conditioned(pivots, np.einsum("raa->r", grams), np.array([ridge]), limit)
    assert (np.linalg.cond(with_ridge)[sure] < 1.01 * limit).all()
    assert np.count_nonzero(sure) > 20 or condition == 1e16
