// The lower part of the EM picture: every point in the lane and colour of its component.

import { assignmentOf, labelsAt, responsibilitiesAt } from "./iterates.js";
import { line, text } from "../shared/canvas.js";
import { rgb } from "../shared/theme.js";

// A point's place across its lane, always the same, so that points do not tremble.
const jitter = (i) => (((i * 2654435761) >>> 0) / 4294967296 - 0.5) * 0.62;

export function drawLanes(ctx, model, moment, layout, theme) {
  const { laneHeight, lanes } = layout;
  const middle = (k) => lanes.y + 4 + laneHeight * (k + 0.5);
  const crowded = laneHeight < theme.size.text * 0.95;
  for (let k = 0; k < model.components; k++) {
    line(ctx, layout.left, middle(k), lanes.width - 12, middle(k), theme.hairline, 1);
    const x = crowded && k % 2 === 1 ? 27 : 14;
    text(ctx, theme, String(k + 1), x * (theme.size.text / 14), middle(k), { colour: theme.ink, bold: true, align: "center", baseline: "middle" });
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

export function pointPlace(i, value, lane, layout) {
  return [layout.x(value), layout.lanes.y + 4 + layout.laneHeight * (lane + 0.5 + jitter(i))];
}

function pointRadius(model, layout, theme) {
  const crowd = isCrowd(model) ? 0.55 : 1;
  return Math.max(1, Math.min(2.6 * (theme.size.text / 14) * crowd, layout.laneHeight * 0.2));
}

function drawPoints(ctx, model, layout, theme, before, after, progress, t) {
  const mark = isCrowd(model) ? dot : disc;
  const radius = pointRadius(model, layout, theme);
  const shown = progress < 0.5 ? before : after;
  const place = (i) => pointPlace(i, model.data[i], before[i] + (after[i] - before[i]) * progress, layout);
  ctx.globalAlpha = isCrowd(model) ? 0.5 : 0.65;
  if (model.options.soft && t > 0) {
    const colours = softColours(model, t, progress, theme);
    for (let i = 0; i < model.data.length; i++) {
      ctx.fillStyle = colours[i];
      ctx.beginPath();
      mark(ctx, place(i), radius);
      ctx.fill();
    }
  } else {
    for (let k = 0; k < model.components; k++) {
      ctx.fillStyle = theme.components[k];
      ctx.beginPath();
      for (let i = 0; i < model.data.length; i++) if (shown[i] === k) mark(ctx, place(i), radius);
      ctx.fill();
    }
  }
  ctx.globalAlpha = 1;
}

// Thousands of points are a pixel or two wide each, where a square cannot be told from a disc but is drawn faster.
const isCrowd = (model) => model.data.length > 1500;

function disc(ctx, [px, py], radius) {
  ctx.moveTo(px + radius, py);
  ctx.arc(px, py, radius, 0, 2 * Math.PI);
}

function dot(ctx, [px, py], radius) {
  ctx.rect(px - radius, py - radius, 2 * radius, 2 * radius);
}

// Soft colours: the components' colours mixed by the responsibilities. They blend from one E step to the next; those
// of a crowd change half way, as hard colours do, or a frame would take too long.
function softColours(model, t, progress, theme) {
  const blending = t > 1 && progress < 1 && !isCrowd(model);
  const key = [t, theme.dark, blending ? progress : t > 1 && progress < 0.5].join();
  if (model.softKey === key) return model.softColours;
  const colours = theme.components.map(rgb);
  const after = responsibilitiesAt(model, t);
  const before = t > 1 && progress < 1 ? responsibilitiesAt(model, t - 1) : after;
  const share = blending ? progress : progress < 0.5 ? 0 : 1;
  const mixed = new Array(model.data.length);
  for (let i = 0; i < mixed.length; i++) {
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < model.components; k++) {
      const tau = before[i * model.components + k] * (1 - share) + after[i * model.components + k] * share;
      red += tau * colours[k][0];
      green += tau * colours[k][1];
      blue += tau * colours[k][2];
    }
    mixed[i] = `rgb(${Math.round(red)},${Math.round(green)},${Math.round(blue)})`;
  }
  model.softKey = key;
  model.softColours = mixed;
  return mixed;
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
