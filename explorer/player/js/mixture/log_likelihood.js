// The log-likelihood by iteration, with the lower bound G as a staircase that touches L after each E step.

import { linear, ticks } from "../shared/axes.js";
import { line, text, textWidth } from "../shared/canvas.js";
import { freePlace, iterationTicks, labelNear, sampled, strokePath, windowEnd } from "../shared/curves.js";
import { decimalsOf, fixed, format } from "../shared/numbers.js";

// Within iteration t the likelihood stays at L_t until the next M step moves the parameters.
const likelihoodAt = (model, half) => model.log_likelihoods[Math.floor(half / 2)];

function scales(ctx, model, position, { width, height }, theme) {
  const size = theme.size.text;
  const end = windowEnd(position, model.axes?.iterations ?? model.iterations);
  const known = model.best === null || model.best === undefined ? [] : [model.best];
  // The start can lie far below everything else (its responsibilities need not fit): it may leave the picture.
  const [least, most] = model.axes?.curve ?? [Infinity, -Infinity]; // of the run beside this one, too
  const low = Math.min(least, model.log_likelihoods[0], ...model.lower_bounds.subarray(1));
  const highest = Math.max(most, ...model.log_likelihoods, ...known);
  const high = highest - low < 1e-9 * Math.abs(highest) ? low : highest; // nothing but rounding to show
  const span = high - low || Math.abs(high) * 1e-3 || 1;
  const levels = ticks(low, high, 3);
  const decimals = decimalsOf(levels.step);
  const left = Math.max(...levels.values.map((value) => textWidth(ctx, theme, fixed(value, decimals))), size) + 10;
  const plot = { x: left, y: size * 1.7, width: width - left - 8, height: height - size * 3.4 };
  return {
    plot, end, levels, decimals, span,
    x: linear([0, Math.max(end, 1) + 0.5], [plot.x, plot.x + plot.width]),
    y: clampedBelow(linear([low - span * 0.04, high + span * 0.04], [plot.y + plot.height, plot.y + 4]), plot.y + plot.height),
  };
}

const clampedBelow = (scale, bottom) => (value) => Math.min(scale(value), bottom);

// Both step lines from half step 0 to `upTo`; half step h stands at iteration h / 2.
function stairs(model, x, y, from, upTo) {
  const bound = [];
  const likelihood = [];
  for (let half = from; half <= upTo; half++) {
    const px = x(half / 2);
    const next = x(half < upTo ? (half + 1) / 2 : half / 2);
    bound.push([px, y(model.lower_bounds[half])], [next, y(model.lower_bounds[half])]);
    likelihood.push([px, y(likelihoodAt(model, half))], [next, y(likelihoodAt(model, half))]);
  }
  return { bound, likelihood };
}

// The gap between bound and likelihood, from each M step until the next E step closes it.
function fillGaps(ctx, model, x, y, from, upTo, theme) {
  ctx.fillStyle = theme.active;
  for (let half = from + (from % 2); half <= upTo; half += 2) {
    const top = y(likelihoodAt(model, half));
    const right = x(Math.min(half + 1, Math.max(upTo, half + 0.4)) / 2);
    ctx.fillRect(x(half / 2), top, right - x(half / 2), y(model.lower_bounds[half]) - top);
  }
}

export function drawLikelihood(ctx, model, moment, box, theme) {
  const size = theme.size.text;
  const { half } = moment;
  const { plot, x, y, end, levels, decimals } = scales(ctx, model, moment.position / 2, box, theme);
  const right = plot.x + plot.width;
  text(ctx, theme, "log-likelihood L", 0, size, { colour: theme.ink, bold: true });
  const used = textWidth(ctx, theme, "log-likelihood L", { bold: true }) + 8;
  const total = `total over ${model.data.length} points`;
  if (used + textWidth(ctx, theme, total) < box.width) text(ctx, theme, total, used, size);
  for (const value of levels.values) {
    line(ctx, plot.x, y(value), right, y(value), theme.hairline, theme.kind === "present" ? 1.5 : 1);
    text(ctx, theme, fixed(value, decimals), plot.x - 8, y(value), { align: "right", baseline: "middle" });
  }
  const whole = ticks(0, Math.max(end, 1), plot.width / (size * 3.5), true).values;
  iterationTicks(ctx, theme, x, end, model.iterations, plot.y + plot.height + size * 1.25, right, whole);

  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x - 6, 0, plot.width + 14, box.height);
  ctx.clip();
  const done = stairs(model, x, y, 0, half);
  const coming = moment.hide ? { likelihood: [] } : stairs(model, x, y, half, Math.min(model.last, Math.ceil(end * 2) + 1));
  strokePath(ctx, coming.likelihood, theme.coming, theme.size.mixture);
  const boxes = [];
  const points = [...sampled(done.likelihood), ...sampled(done.bound)];
  const faint = sampled(coming.likelihood);
  if (model.best !== null && model.best !== undefined && !moment.hide) {
    line(ctx, plot.x, y(model.best), right, y(model.best), theme.ink, 2, [3, 4]);
    points.push(...sampled([[plot.x, y(model.best)], [right, y(model.best)]]));
  }
  fillGaps(ctx, model, x, y, 0, half, theme);
  strokePath(ctx, done.bound, theme.second, theme.size.component);
  strokePath(ctx, done.likelihood, theme.ink, theme.size.mixture);
  ctx.restore();
  drawMarkers(ctx, model, half, x, y, theme);
  const marker = [x(half / 2), y(likelihoodAt(model, half))];
  boxes.push({ x: marker[0] - 7, y: marker[1] - 7, width: 14, height: 14 });
  const shownDigits = Math.max(1, decimals + 1);
  labelNear(ctx, theme, fixed(likelihoodAt(model, half), Math.min(shownDigits, 6)), marker, plot, { points, faint }, boxes, { colour: theme.ink, bold: true });
  if (model.best !== null && model.best !== undefined && !moment.hide) {
    const label = `${model.best_label} ${fixed(model.best, Math.min(shownDigits, 6))}`;
    const near = (x, order) => labelNear(ctx, theme, label, [x, y(model.best)], plot, { points, faint }, boxes, { order });
    if (!near(plot.x - 3, [5, 2])) near(right + 3, [7, 0]);
  }
  if (half > 0) drawLens(ctx, model, half, plot, [...points, ...faint], boxes, theme);
}

// After an E step bound and likelihood meet in one disc; after an M step the square of G stays below.
function drawMarkers(ctx, model, half, x, y, theme) {
  const px = x(half / 2);
  const radius = theme.size.mixture * 1.6;
  if (likelihoodAt(model, half) !== model.lower_bounds[half]) {
    ctx.fillStyle = theme.second;
    ctx.fillRect(px - radius * 0.8, y(model.lower_bounds[half]) - radius * 0.8, radius * 1.6, radius * 1.6);
  }
  ctx.fillStyle = theme.ink;
  ctx.beginPath();
  ctx.arc(px, y(likelihoodAt(model, half)), radius, 0, 2 * Math.PI);
  ctx.fill();
}

// A lens on the last two iterations, where it covers nothing; otherwise it is left out.
function drawLens(ctx, model, half, plot, points, boxes, theme) {
  const size = theme.size.text;
  const width = Math.min(size * 11.5, plot.width * 0.55);
  const height = Math.min(size * 5.4, plot.height * 0.62);
  const rightX = plot.x + plot.width - width;
  const lowY = plot.y + plot.height - height;
  const from = Math.max(0, half - 3);
  const low = Math.min(...model.lower_bounds.subarray(from, half + 1));
  const high = likelihoodAt(model, half);
  if (high - low < 1e-9 * Math.abs(high)) return; // nothing but rounding to magnify
  const lens = freePlace(
    [{ x: rightX, y: lowY }, { x: rightX - 30, y: lowY }, { x: plot.x + 8, y: plot.y + 2 }, { x: rightX, y: plot.y + 2 }].map((corner) => ({ ...corner, width, height })),
    plot, points, boxes,
  );
  if (!lens) return;
  ctx.fillStyle = theme.paper;
  ctx.strokeStyle = theme.ghost;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.roundRect(lens.x, lens.y, width, height, 6);
  ctx.fill();
  ctx.stroke();
  const x = linear([from / 2, (half + 0.8) / 2], [lens.x + 8, lens.x + width * 0.46]);
  const y = linear([low, high], [lens.y + height - 10, lens.y + 12]);
  const path = stairs(model, x, y, from, half);
  const end = x((half + 0.8) / 2);
  path.bound.push([end, path.bound.at(-1)[1]]);
  path.likelihood.push([end, path.likelihood.at(-1)[1]]);
  fillGaps(ctx, model, x, y, from, half + 0.8, theme);
  strokePath(ctx, path.bound, theme.second, theme.size.component);
  strokePath(ctx, path.likelihood, theme.ink, theme.size.mixture);
  const gap = likelihoodAt(model, half) - model.lower_bounds[half];
  const column = lens.x + width * 0.52;
  const row = (i) => lens.y + height / 2 + (i - 1) * size * 1.3 + size * 0.35;
  if (half % 2 === 1) {
    text(ctx, theme, "L = G", column, row(0.5), { colour: theme.ink, bold: true });
    text(ctx, theme, "gap 0", column, row(1.5));
    return;
  }
  text(ctx, theme, "L", column, row(0), { colour: theme.ink, bold: true });
  text(ctx, theme, `gap ${format(gap, 2)}`, column, row(1));
  text(ctx, theme, "bound G", column, row(2), { bold: true });
}

export function hoverLikelihood(ctx, model, moment, box, theme, px, py) {
  const { plot, x, y } = scales(ctx, model, moment.position / 2, box, theme);
  if (px < plot.x - 6 || px > plot.x + plot.width + 8 || py < plot.y - 6 || py > plot.y + plot.height + 8) return null;
  const half = Math.max(0, Math.min(model.last, Math.round(x.invert(px) * 2)));
  if (moment.hide && half > moment.half) return null;
  return {
    x: x(half / 2), y: y(likelihoodAt(model, half)), half,
    lines: [
      [`iteration ${Math.ceil(half / 2)}`, half === 0 ? "start" : half % 2 === 1 ? "after E" : "after M"],
      ["L", fixed(likelihoodAt(model, half), 4)],
      ["bound G", fixed(model.lower_bounds[half], 4)],
    ],
  };
}
