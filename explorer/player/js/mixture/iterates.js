// What a run of EM holds at a half step: odd ones are E steps (points change), even ones M steps (parameters change).

import { allResponsibilities, hardAssignments, interpolate } from "./gaussians.js";

// Iterate t: the parameters after M step t (0 is the start). On a line, d = 1, a covariance is a variance.
export function iterate(model, t) {
  const slice = (array) => array.subarray(t * model.components, (t + 1) * model.components);
  return { weights: slice(model.weights), means: slice(model.means), variances: slice(model.covariances) };
}

// The parameters shown at a moment: they move in the M half (even half steps) only.
export function shownMixture(model, { half, progress }) {
  if (half === 0) return iterate(model, 0);
  const t = Math.ceil(half / 2);
  if (half % 2 === 1) return iterate(model, t - 1);
  return interpolate(iterate(model, t - 1), iterate(model, t), progress);
}

// Whether the shown component k is held at the variance floor.
export const isHeld = (model, half, k) => model.held[Math.floor(half / 2) * model.components + k] === 1;

// Hard assignments of E step t; those of the start (t = 0) come from its responsibilities.
export function labelsAt(model, t) {
  if (t === 0) return model.start_labels;
  if (!model.labelCache.has(t)) {
    if (model.labelCache.size > 8) model.labelCache.clear();
    model.labelCache.set(t, hardAssignments(model.data, iterate(model, t - 1)));
  }
  return model.labelCache.get(t);
}

// Responsibilities of E step t >= 1, (n, K) row by row. Two steps are kept, for one changes into the other.
export function responsibilitiesAt(model, t) {
  const cache = model.responsibilityCache;
  let found = cache.get(t);
  if (!found) {
    const [oldest] = cache.keys();
    const target = cache.size < 2 ? new Float64Array(model.data.length * model.components) : cache.get(oldest);
    if (cache.size === 2) cache.delete(oldest);
    found = allResponsibilities(model.data, iterate(model, t - 1), target);
  }
  cache.delete(t); // the step last asked for is the youngest
  cache.set(t, found);
  return found;
}

export const assignmentOf = (half) => Math.ceil(half / 2);
