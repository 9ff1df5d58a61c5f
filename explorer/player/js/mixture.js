// The EM panel's picture: histogram, fitted density and weighted components; under it, on the same axis, the points
// in one lane per component. Pure functions of (model, moment, box, theme); a moment is { half, progress, ... }.

import { activeFrame, decimalsOf, fixed, format, inside, line, linear, overlaps, roundStep, text, textWidth, ticks } from "./axes.js";
import { componentDensity, density, hardAssignments, interpolate, responsibilities } from "./gaussians.js";
import { dashOf, rgb, withAlpha } from "./theme.js";
import { clamp } from "./transport.js";

// What does not change while the run plays.
export function prepareMixture(run) {
  const sorted = Float64Array.from(run.data).sort();
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  const model = { ...run, labelCache: new Map(), laneCache: new Map() };
  model.iterations = run.last / 2;
  model.histogram = histogram(sorted);
  const { first, step, heights } = model.histogram;
  model.domain = [Math.min(low - margin, first), Math.max(high + margin, first + step * heights.length)];
  model.top = densityTop(model);
  model.mixtureLabelAt = quietPlace(model);
  model.component = liveliest(model);
  return model;
}

// Iterate t: the parameters after M step t (0 is the start).
export function iterate(model, t) {
  const slice = (array) => array.subarray(t * model.components, (t + 1) * model.components);
  return { weights: slice(model.weights), means: slice(model.means), variances: slice(model.variances) };
}

// The parameters shown at a moment: they move in the M half (even half steps) only.
export function shownMixture(model, { half, progress }) {
  if (half === 0) return iterate(model, 0);
  const t = Math.ceil(half / 2);
  if (half % 2 === 1) return iterate(model, t - 1);
  return interpolate(iterate(model, t - 1), iterate(model, t), progress);
}

// Hard assignments of E step t; those of the start (t = 0) come from its responsibilities.
export function labelsAt(model, t) {
  if (t === 0) return model.start_labels;
  if (!model.labelCache.has(t)) {
    if (model.labelCache.size > 8) model.labelCache.clear();
    model.labelCache.set(t, hardAssignments(model.data, iterate(model, t - 1)));
  }
  return model.labelCache.get(t);
}

export const assignmentOf = (half) => Math.ceil(half / 2);

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

// One vertical scale for the whole run, so that nothing jumps; a spike may leave it and is then marked.
function densityTop(model) {
  const bars = Math.max(...model.histogram.heights);
  let peak = bars;
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

export function layoutMixture(model, { width, height }, theme) {
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
  drawHistogram(ctx, model, layout, theme);
  if (model.truth && model.options.truth) drawTruth(ctx, model, layout, theme);
  drawComponents(ctx, mixture, layout, theme);
  const ghost = moment.half > 0 && moment.half % 2 === 0 && model.options.ghost ? iterate(model, moment.half / 2 - 1) : null;
  if (ghost) drawCurve(ctx, layout, (x) => density(x, ghost), { colour: theme.ghost, width: theme.size.component, dash: [2, 4] });
  drawCurve(ctx, layout, (x) => density(x, mixture), { colour: theme.ink, width: theme.size.mixture });
  if (ghost) drawArrows(ctx, ghost, mixture, layout, theme);
  const taken = drawDiscs(ctx, model, mixture, moment, layout, theme);
  drawMixtureLabels(ctx, model, mixture, ghost, moment, layout, theme, taken);
  drawLanes(ctx, model, moment, layout, theme);
  drawAxis(ctx, model, layout, theme);
  if (moment.active === "M") activeFrame(ctx, theme, layout.figure);
  if (moment.active === "E") activeFrame(ctx, theme, { ...layout.lanes, y: layout.lanes.y - 1, height: layout.lanes.height + 2 });
}

function drawHistogram(ctx, { histogram: { first, step, heights } }, { x, y, base }, theme) {
  ctx.beginPath();
  ctx.moveTo(x(first), base);
  heights.forEach((height, i) => {
    const top = Math.max(y(height), 4);
    ctx.lineTo(x(first + i * step), top);
    ctx.lineTo(x(first + (i + 1) * step), top);
  });
  ctx.lineTo(x(first + heights.length * step), base);
  ctx.closePath();
  ctx.fillStyle = theme.histogram;
  ctx.fill();
  ctx.strokeStyle = theme.histogramEdge;
  ctx.lineWidth = 1;
  ctx.stroke();
}

function tracePath(ctx, { x, y, left, figure }, height) {
  const right = figure.width - 12;
  ctx.beginPath();
  for (let px = left; px <= right; px += 1.5) {
    const py = Math.max(y(height(x.invert(px))), -20);
    if (px === left) ctx.moveTo(px, py);
    else ctx.lineTo(px, py);
  }
}

function drawCurve(ctx, layout, height, { colour, width, dash = [] }) {
  ctx.save();
  clipTo(ctx, layout.figure);
  tracePath(ctx, layout, height);
  ctx.setLineDash(dash);
  ctx.lineJoin = "round";
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
  ctx.restore();
}

function clipTo(ctx, { x, y, width, height }) {
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
}

function drawTruth(ctx, model, layout, theme) {
  const truth = { weights: model.truth.weights, means: model.truth.means, variances: model.truth.deviations.map((s) => s * s) };
  drawCurve(ctx, layout, (x) => density(x, truth), { colour: theme.second, width: theme.size.component, dash: [1, 5] });
  const peak = truth.means.reduce((best, mean) => (density(mean, truth) > density(best, truth) ? mean : best));
  text(ctx, theme, "true density", layout.x(peak), Math.max(layout.y(density(peak, truth)) - 8, 20), { align: "center", halo: true });
}

function drawComponents(ctx, mixture, layout, theme) {
  ctx.save();
  clipTo(ctx, layout.figure);
  for (let k = 0; k < mixture.weights.length; k++) {
    const colour = theme.components[k];
    tracePath(ctx, layout, (x) => componentDensity(x, mixture, k));
    ctx.setLineDash(dashOf(k));
    ctx.strokeStyle = colour;
    ctx.lineWidth = theme.size.component;
    ctx.stroke();
    ctx.lineTo(layout.figure.width - 12, layout.base);
    ctx.lineTo(layout.left, layout.base);
    ctx.closePath();
    ctx.fillStyle = withAlpha(colour, theme.dark ? 0.3 : 0.2);
    ctx.fill();
  }
  ctx.restore();
  line(ctx, layout.left, layout.base, layout.figure.width - 12, layout.base, theme.ink, 1);
}

function drawArrows(ctx, before, mixture, { x, base }, theme) {
  const size = theme.size.text / 3;
  for (let k = 0; k < mixture.means.length; k++) {
    const from = x(before.means[k]);
    const to = x(mixture.means[k]);
    if (Math.abs(to - from) < 2) continue;
    const direction = Math.sign(to - from);
    const y = base - size - 3;
    line(ctx, from, y, to, y, theme.components[k], theme.size.component);
    ctx.fillStyle = theme.components[k];
    ctx.beginPath();
    ctx.moveTo(to + direction * size, y);
    ctx.lineTo(to - direction * size * 0.6, y - size);
    ctx.lineTo(to - direction * size * 0.6, y + size);
    ctx.fill();
  }
}

// Numbered discs sit half way up their bump; where two would touch, the later one moves to the nearest free place
// and a line leads back to its bump.
function drawDiscs(ctx, model, mixture, moment, layout, theme) {
  const radius = (model.components > 6 ? 8 : 10) * (theme.size.text / 14);
  const taken = [];
  for (let k = 0; k < model.components; k++) {
    const fallen = fallenComponent(model, moment, k);
    const px = clamp(layout.x(mixture.means[k]), layout.left + radius, layout.figure.width - 12 - radius);
    let py = fallen ? radius + 10 : layout.y(componentDensity(mixture.means[k], mixture, k) / 2);
    py = clamp(py, radius + 10, layout.base - radius - 1);
    const disc = freeDisc(px, py, radius, layout, taken);
    taken.push(disc);
    const [x, y] = [disc.x + radius, disc.y + radius];
    if (Math.abs(x - px) > radius) line(ctx, x, y, px, py, theme.components[k], 1.5);
    drawDisc(ctx, theme, k, x, y, radius);
    if (fallen) taken.push(drawFallen(ctx, model, fallen, px, layout, theme, radius));
  }
  return taken;
}

function freeDisc(px, py, radius, { left, figure, base }, taken) {
  const at = (x, y) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });
  const step = radius / 2;
  for (let distance = 0; distance < 12 * radius; distance += step) {
    for (const [dx, dy] of [[0, -1], [0, 1], [1, -1], [-1, -1], [1, 0], [-1, 0]]) {
      const [x, y] = [px + dx * distance, py + dy * distance];
      const within = x > left + radius && x < figure.width - 12 - radius && y > radius + 9 && y < base - radius;
      if ((distance === 0 || within) && !taken.some((other) => overlaps(at(x, y), other))) return at(x, y);
    }
  }
  return at(px, py);
}

export function drawDisc(ctx, theme, k, x, y, radius) {
  ctx.fillStyle = theme.components[k];
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.digits[k];
  ctx.font = `700 ${radius * 1.35}px ${theme.font}`;
  ctx.fillText(String(k + 1), x, y + radius * 0.08);
}

function fallenComponent(model, moment, k) {
  if (moment.half < model.last) return null;
  return model.degeneracies.find((fall) => fall.component === k) ?? null;
}

function drawFallen(ctx, model, fall, px, layout, theme, radius) {
  const right = px < layout.figure.width / 2;
  const x = px + (right ? 1 : -1) * (radius + 12);
  const y = radius + 10;
  const size = theme.size.text / 2.4;
  line(ctx, x, y + size * 1.5, x, y - size, theme.warning, theme.size.mixture);
  line(ctx, x - size, y, x, y - size, theme.warning, theme.size.mixture);
  line(ctx, x + size, y, x, y - size, theme.warning, theme.size.mixture);
  const edge = x + (right ? 1 : -1) * (size + 8);
  const align = right ? "left" : "right";
  text(ctx, theme, fall.head, edge, y, { colour: theme.warning, bold: true, align, halo: true });
  text(ctx, theme, fall.detail, edge, y + theme.size.text * 1.25, { align, halo: true });
  const width = Math.max(textWidth(ctx, theme, fall.head, { bold: true }), textWidth(ctx, theme, fall.detail));
  return { x: right ? x - size : edge - width, y: y - theme.size.text, width: width + 2 * size + 8, height: theme.size.text * 2.6 };
}

function drawMixtureLabels(ctx, model, mixture, ghost, moment, layout, theme, taken) {
  const height = theme.size.text * 1.15;
  const place = (string, right, bold) => {
    const width = textWidth(ctx, theme, string, { bold });
    let top = Infinity;
    for (let px = right - width; px <= right; px += 1) {
      const value = layout.x.invert(px);
      top = Math.min(top, layout.y(density(value, mixture)), ghost ? layout.y(density(value, ghost)) : Infinity);
    }
    const label = { x: right - width, y: top - 8 - height, width, height };
    const fits = label.y > 8 && label.x > layout.left && right < layout.figure.width - 8;
    if (!fits || taken.some((other) => overlaps(label, other))) return;
    taken.push(label);
    text(ctx, theme, string, label.x, label.y + height * 0.8, { colour: bold ? theme.ink : theme.second, bold, halo: true });
  };
  place("mixture", layout.x(model.mixtureLabelAt.x) - 2, true);
  if (!ghost) return;
  let widest = { gap: 0, x: 0 };
  for (let px = layout.left + 60; px < layout.figure.width - 60; px += 6) {
    const value = layout.x.invert(px);
    const gap = Math.abs(layout.y(density(value, ghost)) - layout.y(density(value, mixture)));
    if (gap > widest.gap) widest = { gap, x: px };
  }
  if (widest.gap > 5 && moment.progress === 1) {
    const width = textWidth(ctx, theme, "before this step");
    for (const right of [widest.x + width / 2, widest.x + width + 8, widest.x - 8]) {
      const before = taken.length;
      place("before this step", Math.min(right, layout.figure.width - 20), false);
      if (taken.length > before) break;
    }
  }
}

// A point's place across its lane, always the same, so that points do not tremble.
const jitter = (i) => (((i * 2654435761) >>> 0) / 4294967296 - 0.5) * 0.62;

function drawLanes(ctx, model, moment, layout, theme) {
  const { laneHeight, lanes } = layout;
  const middle = (k) => lanes.y + 4 + laneHeight * (k + 0.5);
  const crowded = laneHeight < theme.size.text * 0.95;
  for (let k = 0; k < model.components; k++) {
    line(ctx, layout.left, middle(k), lanes.width - 12, middle(k), theme.hairline, 1);
    const x = crowded && k % 2 === 1 ? 27 : 14;
    text(ctx, theme, String(k + 1), x * (theme.size.text / 14), middle(k), { colour: theme.ink, bold: true, align: "center", baseline: "middle", scale: crowded ? 0.9 : 1 });
  }
  const t = assignmentOf(moment.half);
  const recolouring = moment.half % 2 === 1;
  const moving = recolouring && moment.progress < 1;
  const labels = labelsAt(model, t);
  const before = recolouring ? labelsAt(model, t - 1) : labels;
  if (moving) drawPoints(ctx, model, layout, theme, before, labels, moment.progress, t);
  else ctx.drawImage(pointLayer(model, layout, theme, labels, t), 0, lanes.y, lanes.width, lanes.height);
  if (recolouring) drawMoved(ctx, model, layout, theme, before, labels, moment.progress, middle);
}

// The strip of points at rest is drawn once and kept; at most three strips are kept at a time.
function pointLayer(model, layout, theme, labels, t) {
  const { lanes } = layout;
  const key = [t, lanes.width, lanes.height, theme.dark, theme.kind, model.options.soft].join();
  if (!model.laneCache.has(key)) {
    if (model.laneCache.size > 2) model.laneCache.clear();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(lanes.width * ratio);
    canvas.height = Math.round(lanes.height * ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.translate(0, -lanes.y);
    drawPoints(ctx, model, layout, theme, labels, labels, 1, t);
    model.laneCache.set(key, canvas);
  }
  return model.laneCache.get(key);
}

function pointPlace(i, value, lane, layout) {
  return [layout.x(value), layout.lanes.y + 4 + layout.laneHeight * (lane + 0.5 + jitter(i))];
}

function pointRadius(model, layout, theme) {
  const crowd = model.data.length > 1500 ? 0.55 : 1;
  return Math.max(1, Math.min(2.6 * (theme.size.text / 14) * crowd, layout.laneHeight * 0.2));
}

function drawPoints(ctx, model, layout, theme, before, after, progress, t) {
  const radius = pointRadius(model, layout, theme);
  const shown = progress < 0.5 ? before : after;
  const soft = model.options.soft && t > 0 ? softColours(model, iterate(model, t - 1), theme) : null;
  ctx.globalAlpha = model.data.length > 1500 ? 0.5 : 0.65;
  for (let k = 0; k < model.components; k++) {
    ctx.fillStyle = theme.components[k];
    ctx.beginPath();
    for (let i = 0; i < model.data.length; i++) {
      if (shown[i] !== k) continue;
      const lane = before[i] + (after[i] - before[i]) * progress;
      const [px, py] = pointPlace(i, model.data[i], lane, layout);
      if (soft) {
        ctx.fillStyle = soft(model.data[i]);
        ctx.beginPath();
      }
      ctx.moveTo(px + radius, py);
      ctx.arc(px, py, radius, 0, 2 * Math.PI);
      if (soft) ctx.fill();
    }
    if (!soft) ctx.fill();
  }
  ctx.globalAlpha = 1;
}

// Soft colours: the components' colours mixed by the responsibilities.
function softColours(model, mixture, theme) {
  const colours = theme.components.map(rgb);
  return (value) => {
    const tau = responsibilities(value, mixture);
    const blend = [0, 1, 2].map((channel) => Math.round(tau.reduce((sum, share, k) => sum + share * colours[k][channel], 0)));
    return `rgb(${blend.join(",")})`;
  };
}

function drawMoved(ctx, model, layout, theme, before, after, progress, middle) {
  const moved = [];
  for (let i = 0; i < after.length; i++) if (before[i] !== after[i]) moved.push(i);
  ctx.strokeStyle = theme.ink;
  ctx.lineWidth = 1.5;
  const radius = pointRadius(model, layout, theme) + 1.5;
  for (const i of moved.slice(0, 300)) {
    const lane = before[i] + (after[i] - before[i]) * progress;
    const [px, py] = pointPlace(i, model.data[i], lane, layout);
    ctx.beginPath();
    ctx.arc(px, py, radius, 0, 2 * Math.PI);
    ctx.stroke();
  }
  text(ctx, theme, `${moved.length} moved`, layout.lanes.width - 14, middle(0), { colour: theme.ink, bold: true, align: "right", baseline: "middle", halo: true });
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
    return { x: nearest.x, y: nearest.y, ...describe(model, mixture, model.data[nearest.i], `point ${nearest.i + 1} of ${labels.length}`) };
  }
  if (!inside(layout.figure, px, py) || px < layout.left) return null;
  return { x: px, y: py, ...describe(model, mixture, layout.x.invert(px), "place") };
}

function describe(model, mixture, value, name) {
  const tau = responsibilities(value, mixture);
  return {
    lines: [
      [`x = ${format(value, 4)} ${model.unit}`, name === "place" ? "" : name],
      ["density", format(density(value, mixture), 3)],
      ...Array.from(tau, (share, k) => [`posterior of ${k + 1}`, share < 0.0005 ? "0" : fixed(share, 3), k]),
    ],
  };
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
