// The upper part of the EM picture: histogram, mixture, weighted components, and what is written on them.

import { componentDensity, density } from "./gaussians.js";
import { isHeld } from "./iterates.js";
import { line, overlaps, text, textWidth } from "../shared/canvas.js";
import { clamp, format } from "../shared/numbers.js";
import { dashOf, withAlpha } from "../shared/theme.js";

export function drawHistogram(ctx, { histogram: { first, step, heights } }, { x, y, base }, theme) {
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

export function drawCurve(ctx, layout, curve, { colour, width, dash = [] }) {
  ctx.save();
  clipTo(ctx, layout.figure);
  tracePath(ctx, layout, (x) => density(x, curve));
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

export function drawComponents(ctx, mixture, layout, theme) {
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

export function drawArrows(ctx, before, mixture, { x, base }, theme) {
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
export function drawDiscs(ctx, model, mixture, moment, layout, theme) {
  const tight = model.components > 6 && theme.kind !== "present";
  const radius = (tight ? 9 : 10.5) * (theme.size.text / 14);
  const taken = [];
  const falls = [];
  const floors = [];
  for (let k = 0; k < model.components; k++) {
    const fallen = fallenComponent(model, moment, k);
    const held = isHeld(model, moment.half, k);
    const px = clamp(layout.x(mixture.means[k]), layout.left + radius, layout.figure.width - 12 - radius);
    let py = fallen ? radius + 10 : layout.y(componentDensity(mixture.means[k], mixture, k) / 2);
    py = clamp(py, radius + 10, layout.base - radius - 1);
    const disc = freeDisc(px, py, radius, layout, taken);
    taken.push(disc);
    const [x, y] = [disc.x + radius, disc.y + radius];
    if (Math.abs(x - px) > radius) line(ctx, x, y, px, py, theme.components[k], 1.5);
    drawDisc(ctx, theme, k, x, y, radius);
    if (fallen) falls.push([fallen, x]);
    if (held) {
      line(ctx, x - radius, y + radius + 2, x + radius, y + radius + 2, theme.warning, theme.size.mixture);
      floors.push([k, x]);
    }
  }
  for (const [fallen, x] of falls) taken.push(drawFallen(ctx, fallen, x, layout, theme, radius, taken));
  if (floors.length) taken.push(drawHeld(ctx, floors, mixture, model, layout, theme, radius, taken));
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

function drawDisc(ctx, theme, k, x, y, radius) {
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

// One note for all components that are held at the floor: there they are equally narrow.
function drawHeld(ctx, floors, mixture, model, layout, theme, radius, taken) {
  const [[first, px]] = floors;
  const names = floors.map(([k]) => k + 1).join(", ");
  const note = {
    head: "held at the floor",
    detail: `${names}: σ = ${format(Math.sqrt(mixture.variances[first]), 2)} ${model.unit}`,
  };
  return drawNote(ctx, note, px, layout, theme, radius, taken, 0).box;
}

// An arrow up beside the disc, and what happened to the component.
function drawFallen(ctx, fall, px, layout, theme, radius, taken) {
  const size = theme.size.text / 2.4;
  const { x, box } = drawNote(ctx, fall, px, layout, theme, radius, taken, size);
  const top = radius + 10;
  line(ctx, x, top + size * 1.5, x, top - size, theme.warning, theme.size.mixture);
  line(ctx, x - size, top, x, top - size, theme.warning, theme.size.mixture);
  line(ctx, x + size, top, x, top - size, theme.warning, theme.size.mixture);
  return box;
}

// A note in two lines beside a disc at px, where it covers no other; `room` is kept free for an arrow.
function drawNote(ctx, note, px, layout, theme, radius, taken, room) {
  const row = theme.size.text * 1.25;
  const width = Math.max(textWidth(ctx, theme, note.head, { bold: true }), textWidth(ctx, theme, note.detail));
  const sides = px < layout.figure.width / 2 ? [1, -1] : [-1, 1];
  const places = [0, 1, 2, 3, 4, 5].flatMap((down) => sides.map((side) => {
    const x = px + side * (radius + 12);
    const y = radius + 10 + down * row;
    const left = side > 0 ? x + room + 8 : x - room - 8 - width;
    return { side, x, y, box: { x: left, y: y - row, width, height: 2.6 * row } };
  }));
  const within = ({ box }) => box.x >= layout.left && box.x + box.width <= layout.figure.width - 12;
  const free = places.filter(within).find(({ box }) => !taken.some((other) => overlaps(box, other)));
  const { side, x, box, y } = free ?? places[0];
  const edge = side > 0 ? box.x : box.x + width;
  const align = side > 0 ? "left" : "right";
  text(ctx, theme, note.head, edge, y, { colour: theme.warning, bold: true, align, halo: true });
  text(ctx, theme, note.detail, edge, y + row, { align, halo: true });
  return { x, box };
}

// Words on the curves themselves. `others` are { name, curve, least }: named where they leave the mixture most, if
// that is at least `least` pixels; a name that would cover a curve or a disc is left out.
export function drawLabels(ctx, model, mixture, others, layout, theme, taken) {
  const height = theme.size.text * 1.15;
  const curves = [mixture, ...others.map(({ curve }) => curve)];
  const place = (string, right, bold = false) => {
    const width = textWidth(ctx, theme, string, { bold });
    let top = Infinity;
    for (let px = right - width; px <= right; px += 1) {
      const value = layout.x.invert(px);
      for (const curve of curves) top = Math.min(top, layout.y(density(value, curve)));
    }
    const label = { x: right - width, y: top - 8 - height, width, height };
    const fits = label.y > 8 && label.x > layout.left && right < layout.figure.width - 8;
    if (!fits || taken.some((other) => overlaps(label, other))) return false;
    taken.push(label);
    text(ctx, theme, string, label.x, label.y + height * 0.8, { colour: bold ? theme.ink : theme.second, bold, halo: true });
    return true;
  };
  place("mixture", layout.x(model.mixtureLabelAt.x) - 2, true);
  for (const { name, curve, least } of others) {
    const { gap, x } = widestGap(curve, mixture, layout);
    const width = textWidth(ctx, theme, name);
    if (gap >= least) [x + width / 2, x + width + 8, x - 8].some((right) => place(name, Math.min(right, layout.figure.width - 20)));
  }
}

function widestGap(curve, mixture, layout) {
  let widest = { gap: 0, x: layout.left + 60 };
  for (let px = layout.left + 60; px < layout.figure.width - 60; px += 6) {
    const value = layout.x.invert(px);
    const gap = Math.abs(layout.y(density(value, curve)) - layout.y(density(value, mixture)));
    if (gap > widest.gap) widest = { gap, x: px };
  }
  return widest;
}
