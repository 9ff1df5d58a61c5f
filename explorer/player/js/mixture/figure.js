// The EM panel's figure: histogram, fitted density and weighted components; under it, on the same axis, the points in one
// lane per component.

import { drawArrows, drawComponents, drawCurve, drawDiscs, drawHistogram, drawLabels } from "./density.js";
import { density, responsibilities } from "./gaussians.js";
import { assignmentOf, iterate, labelsAt, responsibilitiesAt, shownMixture } from "./iterates.js";
import { drawLanes, pointPlace } from "./lanes.js";
import { linear, ticks } from "../shared/axes.js";
import { activeFrame, inside, line, text, textWidth } from "../shared/canvas.js";
import { decimalsOf, fixed, format } from "../shared/numbers.js";

function layoutOf(model, { width, height }, theme) {
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

export function drawFigure(ctx, model, moment, box, theme) {
  const layout = layoutOf(model, box, theme);
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
export function hoverFigure(ctx, model, moment, box, theme, px, py) {
  const layout = layoutOf(model, box, theme);
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
