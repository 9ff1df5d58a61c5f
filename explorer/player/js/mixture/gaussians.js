// The few formulas that exist both here and in Python (explorer/mixture); a browser test holds them together.

const LOG_2_PI = Math.log(2 * Math.PI);

// log pi_k + log N(x; mu_k, sigma_k^2); a component of weight zero has none.
export function logJoint(x, { weights, means, variances }, k) {
  const difference = x - means[k];
  return Math.log(weights[k]) - 0.5 * (LOG_2_PI + Math.log(variances[k]) + (difference * difference) / variances[k]);
}

export function componentDensity(x, mixture, k) {
  return Math.exp(logJoint(x, mixture, k));
}

export function density(x, mixture) {
  let sum = 0;
  for (let k = 0; k < mixture.weights.length; k++) sum += componentDensity(x, mixture, k);
  return sum;
}

// tau_k = pi_k N(x; mu_k, sigma_k^2) / sum_l pi_l N(x; mu_l, sigma_l^2), shifted by the largest exponent so that
// points far from every component keep their responsibilities.
export function responsibilities(x, mixture) {
  const exponents = mixture.weights.map((_, k) => logJoint(x, mixture, k));
  const largest = Math.max(...exponents);
  const terms = exponents.map((e) => Math.exp(e - largest));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map((term) => term / sum);
}

// The responsibilities of many points, (n, K) row by row, into `target`: nothing is allocated per point.
export function allResponsibilities(data, mixture, target) {
  const count = mixture.weights.length;
  const constants = logConstants(mixture);
  for (let i = 0; i < data.length; i++) {
    let largest = -Infinity;
    for (let k = 0; k < count; k++) {
      const difference = data[i] - mixture.means[k];
      const joint = constants[k] - (0.5 * difference * difference) / mixture.variances[k];
      target[i * count + k] = joint;
      largest = Math.max(largest, joint);
    }
    let sum = 0;
    for (let k = i * count; k < (i + 1) * count; k++) sum += target[k] = Math.exp(target[k] - largest);
    for (let k = i * count; k < (i + 1) * count; k++) target[k] /= sum;
  }
  return target;
}

// log pi_k - 1/2 log(2 pi sigma_k^2)
function logConstants({ weights, variances }) {
  return Array.from(weights, (w, k) => Math.log(w) - 0.5 * (LOG_2_PI + Math.log(variances[k])));
}

// Hard assignments: the component of the largest responsibility, the first of equals.
export function hardAssignments(data, mixture) {
  const { means, variances } = mixture;
  const count = means.length;
  const constants = logConstants(mixture);
  const labels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    let best = -Infinity;
    for (let k = 0; k < count; k++) {
      const difference = data[i] - means[k];
      const joint = constants[k] - (0.5 * difference * difference) / variances[k];
      if (joint > best) {
        best = joint;
        labels[i] = k;
      }
    }
  }
  return labels;
}

// Between two iterates: weights and means linearly, variances geometrically, so that widths change evenly.
export function interpolate(from, to, progress) {
  if (progress >= 1) return to;
  const mix = (a, b) => a + (b - a) * progress;
  return {
    weights: from.weights.map((w, k) => mix(w, to.weights[k])),
    means: from.means.map((m, k) => mix(m, to.means[k])),
    variances: from.variances.map((v, k) => Math.exp(mix(Math.log(v), Math.log(to.variances[k])))),
  };
}
