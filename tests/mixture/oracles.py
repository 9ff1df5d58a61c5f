"""Independent, slow and plain: what the engine is compared with. Only the standard library computes here."""

import math


def normal_density(x, mean, variance):
    return math.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def e_step(xs, weights, means, variances):
    rows = []
    for x in xs:
        row = [w * normal_density(x, m, v) for w, m, v in zip(weights, means, variances, strict=True)]
        rows.append([value / math.fsum(row) for value in row])
    return rows


def m_step(xs, rows):
    weights, means, variances = [], [], []
    for k in range(len(rows[0])):
        q = [row[k] for row in rows]
        count = math.fsum(q)
        mean = math.fsum(q_i * x for q_i, x in zip(q, xs, strict=True)) / count
        weights.append(count / len(xs))
        means.append(mean)
        variances.append(math.fsum(q_i * (x - mean) ** 2 for q_i, x in zip(q, xs, strict=True)) / count)
    return weights, means, variances


def log_likelihood(xs, weights, means, variances):
    return math.fsum(
        math.log(math.fsum(w * normal_density(x, m, v) for w, m, v in zip(weights, means, variances, strict=True)))
        for x in xs
    )


def em(xs, rows, n_iterations):
    """The iterates (weights, means, variances, log-likelihood) of EM from responsibilities, lists of rows."""
    theta = m_step(xs, rows)
    iterates = [(*theta, log_likelihood(xs, *theta))]
    for _ in range(n_iterations):
        theta = m_step(xs, e_step(xs, *theta))
        iterates.append((*theta, log_likelihood(xs, *theta)))
    return iterates
