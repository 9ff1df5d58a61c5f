// The lower part of the EM picture: every point in the lane and colour of its component.

import { line, text } from "./axes.js";
import { responsibilities } from "./gaussians.js";
import { assignmentOf, iterate, labelsAt } from "./iterates.js";
import { rgb } from "./theme.js";

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
