// A run of EM made ready for drawing: what does not change while it plays.

import { density } from "./gaussians.js";
import { iterate } from "./iterates.js";
import { roundStep } from "../shared/axes.js";
import { clamp } from "../shared/numbers.js";

export function prepare(run) {
  if (run.d !== 1) throw new Error(`This picture shows points on a line, not in ${run.d} dimensions.`);
  const sorted = Float64Array.from(run.data).sort();
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  const truth = run.truth && { ...run.truth, variances: run.truth.deviations.map((deviation) => deviation ** 2) };
  const model = { ...run, truth, unit: run.columns[0].unit, labelCache: new Map(), laneCache: new Map(), responsibilityCache: new Map() };
  model.iterations = run.last / 2;
  model.histogram = histogram(sorted);
  const { first, step, heights } = model.histogram;
  model.domain = [Math.min(low - margin, first), Math.max(high + margin, first + step * heights.length)];
  model.top = densityTop(model);
  model.mixtureLabelAt = quietPlace(model);
  model.component = liveliest(model);
  return model;
}

// About 2 sqrt(n) bins or Freedman and Diaconis' number, the larger (theirs alone is too coarse for separate bumps),
// with a width of 1, 2 or 5 times a power of ten.
function histogram(sorted) {
  const count = sorted.length;
  const range = sorted[count - 1] - sorted[0] || 1;
  const quartile = (q) => sorted[Math.min(count - 1, Math.floor(q * count))];
  const spread = quartile(0.75) - quartile(0.25) || range / 4;
  const wanted = clamp(Math.max(2 * Math.sqrt(count), range / ((2 * spread) / Math.cbrt(count))), 8, 80);
  const step = roundStep((range / wanted) * 1.25);
  const first = Math.floor(sorted[0] / step + 1e-9) * step;
  const heights = new Float64Array(Math.floor((sorted[count - 1] - first) / step + 1e-9) + 1);
  for (const value of sorted) heights[Math.floor((value - first) / step + 1e-9)] += 1 / (count * step);
  return { first, step, heights };
}

// One vertical scale for the whole run, so that nothing jumps; a spike may leave it and is then marked. Beside another
// run on the same data it is the scale of both.
function densityTop(model) {
  const bars = Math.max(...model.histogram.heights);
  let peak = Math.max(bars, model.axes?.density ?? 0);
  for (let t = 0; t <= model.iterations; t++) {
    const mixture = iterate(model, t);
    for (const mean of mixture.means) peak = Math.max(peak, density(mean, mixture));
  }
  return Math.min(peak, 1.35 * bars) * 1.08;
}

// Where the word "mixture" disturbs least: the right half's lowest place under the curves of the whole run.
function quietPlace(model) {
  const [low, high] = model.domain;
  const shown = [0, 0.25, 0.5, 0.75, 1].map((share) => iterate(model, Math.round(share * model.iterations)));
  let best = { height: Infinity, x: high };
  for (let share = 0.98; share >= 0.5; share -= 0.02) {
    const places = [0, 0.05, 0.1, 0.14].map((back) => low + (share - back) * (high - low));
    const bars = places.map((x) => model.histogram.heights[Math.floor((x - model.histogram.first) / model.histogram.step)] ?? 0);
    const curves = places.flatMap((x) => shown.map((mixture) => density(x, mixture)));
    const height = Math.max(...curves, ...bars) + (0.98 - share) * 0.2 * model.top;
    if (height < best.height) best = { height, x: low + share * (high - low) };
  }
  return best;
}

// The component whose mean travels furthest: the formula follows it until another is chosen.
function liveliest(model) {
  const first = iterate(model, 0).means;
  const last = iterate(model, model.iterations).means;
  const travel = Array.from(first, (mean, k) => Math.abs(last[k] - mean));
  return travel.indexOf(Math.max(...travel));
}
