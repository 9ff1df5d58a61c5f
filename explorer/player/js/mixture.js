// The EM panel's picture: histogram, fitted density and weighted components; under it, on the same axis, the points
// in one lane per component. Pure functions of (model, moment, box, theme); a moment is { half, progress, ... }.

import { activeFrame, decimalsOf, fixed, format, inside, line, linear, roundStep, text, textWidth, ticks } from "./axes.js";
import { drawArrows, drawComponents, drawCurve, drawDiscs, drawHistogram, drawLabels } from "./density.js";
import { density, responsibilities } from "./gaussians.js";
import { assignmentOf, iterate, labelsAt, responsibilitiesAt, shownMixture } from "./iterates.js";
import { drawLanes, pointPlace } from "./lanes.js";
import { clamp } from "./transport.js";

// What does not change while the run plays.
export function prepareMixture(run) {
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

function layoutMixture(model, { width, height }, theme) {
  const unit = theme.size.text / 14;
  const laneHeight = Math.min(16 * unit, (86 * unit) / model.components);
  const lanes = laneHeight * model.components + 8;
  const axis = 22 * unit;
  const left = 32 * unit;
  const figure = { x: 0, y: 0, width, height: height - lanes - axis };
  return {
    figure,
    lanes: { x: 0, y: figure.height, width, height: lanes },
    laneHeight,
    axisY: figure.height + lanes,
    left,
    base: figure.height - 7,
    x: linear(model.domain, [left, width - 12]),
    y: linear([0, model.top], [figure.height - 7, 8]),
  };
}

export function drawMixture(ctx, model, moment, box, theme) {
  const layout = layoutMixture(model, box, theme);
  const mixture = shownMixture(model, moment);
  const ghost = model.options.ghost && moment.half > 0 && moment.half % 2 === 0 ? iterate(model, moment.half / 2 - 1) : null;
  const truth = model.options.truth ? model.truth : null;
  const thin = theme.size.component;
  drawHistogram(ctx, model, layout, theme);
  if (truth) drawCurve(ctx, layout, truth, { colour: theme.second, width: thin, dash: [14, 5] });
  drawComponents(ctx, mixture, layout, theme);
  if (ghost) drawCurve(ctx, layout, ghost, { colour: theme.ghost, width: thin, dash: [2, 4] });
  drawCurve(ctx, layout, mixture, { colour: theme.ink, width: theme.size.mixture });
  if (ghost) drawArrows(ctx, ghost, mixture, layout, theme);
  const others = [
    ...(truth ? [{ name: "true density", curve: truth, least: 0 }] : []),
    ...(ghost && moment.progress === 1 ? [{ name: "before this step", curve: ghost, least: 5 }] : []),
  ];
  drawLabels(ctx, model, mixture, others, layout, theme, drawDiscs(ctx, model, mixture, moment, layout, theme));
  drawLanes(ctx, model, moment, layout, theme);
  drawAxis(ctx, model, layout, theme);
  if (moment.active === "M") activeFrame(ctx, theme, layout.figure);
  if (moment.active === "E") activeFrame(ctx, theme, { ...layout.lanes, y: layout.lanes.y - 1, height: layout.lanes.height + 2 });
}

function drawAxis(ctx, model, layout, theme) {
  const y = layout.axisY + theme.size.text * 1.15;
  const unitWidth = textWidth(ctx, theme, model.unit);
  text(ctx, theme, model.unit, layout.figure.width, y, { align: "right" });
  const [low, high] = model.domain;
  const { values, step } = ticks(low, high, layout.figure.width / (theme.size.text * 5));
  for (const value of values) {
    const px = layout.x(value);
    const label = fixed(value, decimalsOf(step));
    if (px + textWidth(ctx, theme, label) / 2 > layout.figure.width - unitWidth - 8) continue;
    line(ctx, px, layout.axisY - 2, px, layout.axisY + 2, theme.ghost, 1);
    text(ctx, theme, label, px, y, { align: "center" });
  }
}

// What the pointer is on: a point of the strip, or a place under the curve.
export function hoverMixture(model, moment, box, theme, px, py) {
  const layout = layoutMixture(model, box, theme);
  const mixture = shownMixture(model, { ...moment, progress: 1 });
  if (inside(layout.lanes, px, py)) {
    const labels = labelsAt(model, assignmentOf(moment.half));
    let nearest = { distance: 12 };
    for (let i = 0; i < labels.length; i++) {
      const [x, y] = pointPlace(i, model.data[i], labels[i], layout);
      const distance = Math.hypot(x - px, y - py);
      if (distance < nearest.distance) nearest = { distance, i, x, y };
    }
    if (nearest.i === undefined) return null;
    return { x: nearest.x, y: nearest.y, lines: describePoint(model, mixture, moment.half, nearest.i, labels[nearest.i]) };
  }
  if (!inside(layout.figure, px, py) || px < layout.left) return null;
  const value = layout.x.invert(px);
  return { x: px, y: py, lines: [...describePlace(model, mixture, value, ""), ...posteriors(responsibilities(value, mixture))] };
}

function describePlace(model, mixture, value, name) {
  return [[`x = ${format(value, 4)} ${model.unit}`, name], ["density", format(density(value, mixture), 3)]];
}

// A point's lane and colour are of the last E step, and so are its posteriors, though the M step has moved the curves.
function describePoint(model, mixture, half, i, label) {
  const head = describePlace(model, mixture, model.data[i], `point ${i + 1} of ${model.data.length}`);
  const t = assignmentOf(half);
  if (t === 0) return [...head, [`starts in component ${label + 1}`, ""], ...posteriors(responsibilities(model.data[i], mixture))];
  const tau = responsibilitiesAt(model, t).subarray(i * model.components, (i + 1) * model.components);
  return [...head, ...(half % 2 === 0 ? [["in the last E step", ""]] : []), ...posteriors(tau)];
}

function posteriors(tau) {
  return Array.from(tau, (share, k) => [`posterior of ${k + 1}`, share < 0.0005 ? "0" : fixed(share, 3), k]);
}

// A small deviation is not nothing: it keeps one significant digit.
const rounded = (value, decimals) => (value > 0 && value < 0.5 * 10 ** -decimals ? format(value, 1) : fixed(value, decimals));

// The rows of the table at a half step: parameters of the iterate, counts of the hard assignment.
export function mixtureTable(model, half) {
  const mixture = shownMixture(model, { half, progress: 1 });
  const counts = new Uint32Array(model.components);
  for (const label of labelsAt(model, assignmentOf(half))) counts[label] += 1;
  const span = model.domain[1] - model.domain[0];
  const decimals = clamp(2 - Math.floor(Math.log10(span)), 0, 6);
  return Array.from(counts, (count, k) => ({
    weight: fixed(mixture.weights[k], 2),
    mean: fixed(mixture.means[k], decimals),
    deviation: rounded(Math.sqrt(mixture.variances[k]), decimals),
    count: String(count),
  }));
}
