// ALS: root mean squared error by sweep on a log scale, on the observed entries and, where known, on the hidden ones.

import { linear, logTicks, ticks } from "../shared/axes.js";
import { line, text, textWidth } from "../shared/canvas.js";
import { iterationTicks, labelNear, sampled, strokePath, windowEnd } from "../shared/curves.js";
import { fixed, format, scientific } from "../shared/numbers.js";

function scales(ctx, model, position, { width, height }, theme) {
  const size = theme.size.text;
  const end = windowEnd(position, model.axes?.iterations ?? model.sweeps);
  const own = [...model.rmse_observed, ...(model.rmse_hidden ?? [])].map((value) => value * model.scale);
  const errors = [...own, ...(model.axes?.curve ?? [])]; // of the run beside this one, too
  const high = Math.max(...errors, 1e-300);
  const low = Math.max(Math.min(...errors), high * 1e-9);
  const levels = logTicks(low * 0.8, high * 1.25, 5);
  const left = Math.max(...levels.map((value) => textWidth(ctx, theme, tick(value))), size * 2) + 10;
  const plot = { x: left, y: size * 1.7, width: width - left - 8, height: height - size * 3.4 };
  const room = size * 1.5; // for a label above the highest marker and below the lowest
  const logs = linear([Math.log(low), Math.log(high)], [plot.y + plot.height - room, plot.y + room]);
  return {
    plot, end, levels,
    x: linear([0, Math.max(end, 1)], [plot.x, plot.x + plot.width]),
    y: (value) => logs(Math.log(Math.max(value * model.scale, low))),
    level: (value) => logs(Math.log(value)),
  };
}

const tick = (value) => (value >= 0.001 && value < 1e5 ? fixed(value, Math.max(0, -Math.floor(Math.log10(value) + 1e-9))) : scientific(value));

const pathOf = (values, x, y, from, upTo) => {
  const path = [];
  for (let half = from; half <= upTo; half++) path.push([x(half / 2), y(values[half])]);
  return path;
};

export function drawErrors(ctx, model, moment, box, theme) {
  const size = theme.size.text;
  const { half } = moment;
  const { plot, x, y, level, end, levels } = scales(ctx, model, moment.position / 2, box, theme);
  const right = plot.x + plot.width;
  text(ctx, theme, "RMSE", 0, size, { colour: theme.ink, bold: true });
  const unit = model.unit ? `${model.unit}, log scale` : "log scale";
  text(ctx, theme, unit, textWidth(ctx, theme, "RMSE", { bold: true }) + 8, size);
  const objective = `objective F = ${format(model.objectives[half], 3)}`;
  const short = `F = ${format(model.objectives[half], 3)}`;
  const room = box.width - textWidth(ctx, theme, `RMSE  ${unit}`, { bold: true }) - 24;
  text(ctx, theme, textWidth(ctx, theme, objective) < room ? objective : short, box.width, size, { align: "right" });
  for (const value of levels) {
    const py = level(value);
    if (py < plot.y || py > plot.y + plot.height) continue;
    line(ctx, plot.x, py, right, py, theme.hairline, theme.kind === "present" ? 1.5 : 1);
    text(ctx, theme, tick(value), plot.x - 8, py, { align: "right", baseline: "middle" });
  }
  const whole = ticks(0, Math.max(end, 1), plot.width / (size * 3.5), true).values;
  iterationTicks(ctx, theme, x, end, model.sweeps, plot.y + plot.height + size * 1.25, right, whole);

  const hidden = model.rmse_hidden;
  const upTo = moment.hide ? half : Math.min(model.last, Math.ceil(end * 2));
  const series = [
    ...(hidden ? [{ name: "hidden", values: hidden, dash: [7, 5] }] : []),
    { name: "seen", values: model.rmse_observed, dash: [] },
  ];
  const points = [];
  const faint = [];
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x - 7, 0, plot.width + 15, box.height);
  ctx.clip();
  for (const { values, dash } of series) {
    const coming = pathOf(values, x, y, half, upTo);
    const done = pathOf(values, x, y, 0, half);
    strokePath(ctx, coming, theme.coming, theme.size.mixture, dash);
    strokePath(ctx, done, theme.ink, theme.size.mixture, dash);
    points.push(...sampled(done));
    faint.push(...sampled(coming));
  }
  ctx.restore();
  const boxes = series.map(({ values }) => ({ x: x(half / 2) - 7, y: y(values[half]) - 7, width: 14, height: 14 }));
  const heights = series.map(({ values }) => y(values[half]));
  const upper = heights.length === 1 ? null : heights[0] <= heights[1] ? 0 : 1;
  series.forEach(({ name, values }, i) => {
    const at = [x(half / 2), heights[i]];
    drawMarker(ctx, at, name === "hidden", theme);
    const order = i === upper ? [2, 1, 0] : [7, 6, 5];
    const bounds = upper === null ? plot : beside(plot, heights, i === upper);
    labelNear(ctx, theme, `${name} ${format(values[half] * model.scale, 2)}`, at, bounds, { points, faint }, boxes, { colour: theme.ink, bold: true, order });
  });
}

// Where the label of the upper or the lower of two markers may stand, so that none seems to belong to the other.
function beside(plot, heights, above) {
  const margin = 6; // free between the plot and what is written above and below it
  const [top, bottom] = above ? [plot.y - margin, Math.max(...heights)] : [Math.min(...heights), plot.y + plot.height + margin];
  return { ...plot, y: top, height: bottom - top };
}

function drawMarker(ctx, [x, y], hollow, theme) {
  const radius = theme.size.mixture * 1.6;
  ctx.lineWidth = 2;
  if (hollow) {
    ctx.fillStyle = theme.paper;
    ctx.strokeStyle = theme.ink;
    ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    ctx.strokeRect(x - radius, y - radius, 2 * radius, 2 * radius);
    return;
  }
  ctx.fillStyle = theme.ink;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

export function hoverErrors(ctx, model, moment, box, theme, px, py) {
  const { plot, x, y } = scales(ctx, model, moment.position / 2, box, theme);
  if (px < plot.x - 6 || px > plot.x + plot.width + 8 || py < plot.y - 6 || py > plot.y + plot.height + 8) return null;
  const half = Math.max(0, Math.min(model.last, Math.round(x.invert(px) * 2)));
  if (moment.hide && half > moment.half) return null;
  const unit = model.unit ? ` ${model.unit}` : "";
  return {
    x: x(half / 2), y: y(model.rmse_observed[half]), half,
    lines: [
      [`sweep ${Math.ceil(half / 2)}`, half === 0 ? "start" : half % 2 === 1 ? "X solved" : "Y solved"],
      ["seen", `${format(model.rmse_observed[half] * model.scale, 3)}${unit}`],
      ...(model.rmse_hidden ? [["hidden", `${format(model.rmse_hidden[half] * model.scale, 3)}${unit}`]] : []),
      ["objective F", format(model.objectives[half], 4)],
    ],
  };
}
