// The ALS panel's figure: the observed matrix, the factors X and Y' around the product XY' so that rows and columns line
// up; and the residual, which stands beside the curve.

import { factorsAt, productAt, shownFactors } from "./factors.js";
import { cached, drawCells, drawPaper, hatch, outline, tick } from "./heat_map.js";
import { activeFrame, inside, text, textWidth } from "../shared/canvas.js";
import { fixed } from "../shared/numbers.js";

const TICKS = 14; // room outside the product for the ticks of undetermined rows and columns

export function layoutOf(model, { width, height }, theme) {
  const unit = theme.size.text / 14;
  const narrow = theme.kind === "phone";
  const factor = Math.round(Math.min(60, Math.max(26, model.rank * 11)) * unit);
  const gap = 8;
  const head = (narrow ? 28 : 24) * unit;
  const side = Math.floor((width - factor - 2 * gap - TICKS) / 2);
  const top = head + factor + gap;
  const matrixHeight = height - top - TICKS;
  const x = side + gap;
  const right = x + factor + gap;
  return {
    observed: { x: 0, y: top, width: side, height: matrixHeight },
    left: { x, y: top, width: factor, height: matrixHeight },
    product: { x: right, y: top, width: side, height: matrixHeight },
    right: { x: right, y: head, width: side, height: factor },
    unit,
  };
}

export function drawFigure(ctx, model, moment, box, theme) {
  const layout = layoutOf(model, box, theme);
  const factors = shownFactors(model, moment);
  const { m, n, rank } = model;
  drawMatrix(ctx, layout.observed, observedLayer(model, layout.observed, theme), theme);
  drawCells(ctx, model, "left", layout.left, m, rank, (i, c) => factors.left[i * rank + c] / model.leftLimit, theme);
  drawCells(ctx, model, "right", layout.right, rank, n, (c, j) => factors.right[j * rank + c] / model.rightLimit, theme);
  const product = productAt(model, factors);
  drawCells(ctx, model, "product", layout.product, m, n, (i, j) => product[i * n + j] / model.limit, theme);
  drawUndetermined(ctx, model, layout, theme);
  drawHeadings(ctx, model, layout, theme);
  if (moment.active === "X") activeFrame(ctx, theme, grow(layout.left));
  if (moment.active === "Y") activeFrame(ctx, theme, grow(layout.right));
}

const grow = ({ x, y, width, height }) => ({ x: x - 6, y: y - 6, width: width + 12, height: height + 12 });

// As wide as the product above it.
function residualArea({ width, height }, theme) {
  const head = theme.size.text * 1.5;
  return { x: 0, y: head, width: width - TICKS, height: height - head - 2 };
}

// The residual on the observed entries; the others stay paper, as in the observed matrix.
export function drawResidual(ctx, model, moment, box, theme) {
  const area = residualArea(box, theme);
  const product = productAt(model, shownFactors(model, moment));
  text(ctx, theme, "residual", 0, theme.size.text, { colour: theme.ink, bold: true });
  const after = textWidth(ctx, theme, "residual", { bold: true }) + 8;
  text(ctx, theme, "A − XYᵀ where seen", after, theme.size.text);
  drawPaper(ctx, model, area, theme);
  drawCells(ctx, model, "residual", area, model.m, model.n, (i, j) => (model.seen[i * model.n + j] - product[i * model.n + j]) / model.limit, theme);
}

function observedLayer(model, area, theme) {
  return cached(model, `observed,${area.width},${area.height},${theme.dark}`, area, (ctx, local) => {
    drawPaper(ctx, model, local, theme);
    drawCells(ctx, model, "observed", local, model.m, model.n, (i, j) => model.seen[i * model.n + j] / model.limit, theme);
  });
}

function drawMatrix(ctx, area, layer, theme) {
  ctx.drawImage(layer, area.x, area.y, area.width, area.height);
  outline(ctx, area, theme);
}

// Rows and columns that no method can fill at this rank are hatched amber in factor and product, with ticks outside. A hollow tick
// marks one without a unique solution in some sweep, for which the shortest was taken (ridge 0 only).
function drawUndetermined(ctx, model, layout, theme) {
  const { product, left, right } = layout;
  const width = product.width / model.n;
  const height = product.height / model.m;
  for (const j of model.short_cols) {
    const x = product.x + j * width;
    hatch(ctx, { x, y: product.y, width, height: product.height }, theme);
    hatch(ctx, { x, y: right.y, width, height: right.height }, theme);
  }
  for (const i of model.short_rows) {
    const y = product.y + i * height;
    hatch(ctx, { x: product.x, y, width: product.width, height }, theme);
    hatch(ctx, { x: left.x, y, width: left.width, height }, theme);
  }
  const below = product.y + product.height + 4;
  const beside = product.x + product.width + 2;
  const column = (j) => [product.x + (j + 0.5) * width, below, 0, 1];
  const row = (i) => [beside, product.y + (i + 0.5) * height, 1, 0];
  const rest = (singular, short) => singular.filter((index) => !short.includes(index));
  for (const at of [...model.short_cols.map(column), ...model.short_rows.map(row)]) tick(ctx, at, layout.unit, theme, true);
  const hollow = [...rest(model.singular_cols, model.short_cols).map(column), ...rest(model.singular_rows, model.short_rows).map(row)];
  for (const at of hollow) tick(ctx, at, layout.unit, theme, false);
}

function drawHeadings(ctx, model, layout, theme) {
  const { observed, left, product, right } = layout;
  const size = theme.size.text;
  const ink = { colour: theme.ink, bold: true };
  const legendY = right.y + right.height - size * 1.9;
  if (theme.kind !== "phone") drawLegend(ctx, model, layout, theme, legendY);
  text(ctx, theme, "A observed", 0, observed.y - 7, ink);
  const used = textWidth(ctx, theme, "A observed", ink) + 8;
  const detail = `${model.m}×${model.n}, ${Math.round((100 * model.values.length) / model.cells)} % seen`;
  if (used + textWidth(ctx, theme, detail) < observed.width) text(ctx, theme, detail, used, observed.y - 7);
  text(ctx, theme, "X", left.x + left.width / 2, left.y - 7, { ...ink, align: "center" });
  text(ctx, theme, "product XYᵀ", product.x, right.y - 9, ink);
  text(ctx, theme, `rank ${model.rank}`, product.x + textWidth(ctx, theme, "product XYᵀ", ink) + 8, right.y - 9);
  text(ctx, theme, "Yᵀ", right.x + right.width, right.y - 9, { ...ink, align: "right" });
}

// The only legend: what the colours of the matrix mean, in the matrix's own units.
function drawLegend(ctx, model, layout, theme, y) {
  const size = theme.size.text;
  const low = ownUnits(model, -model.limit);
  const high = `${ownUnits(model, model.limit, true)}${model.unit ? ` ${model.unit}` : ""}`;
  let x = 0;
  text(ctx, theme, low, x, y + size * 0.75);
  x += textWidth(ctx, theme, low) + 6;
  const bar = Math.min(100 * layout.unit, layout.observed.width * 0.3);
  const gradient = ctx.createLinearGradient(x, 0, x + bar, 0);
  theme.matrix.forEach((colour, i) => gradient.addColorStop(i / 4, colour));
  ctx.fillStyle = gradient;
  ctx.fillRect(x, y, bar, size * 0.75);
  x += bar + 6;
  text(ctx, theme, high, x, y + size * 0.75);
  x += textWidth(ctx, theme, high) + 16;
  if (x + size * 6 > layout.observed.width) return;
  ctx.strokeStyle = theme.ghost;
  ctx.strokeRect(x + 0.5, y + 0.5, size * 0.75, size * 0.75);
  ctx.fillStyle = theme.second;
  ctx.fillRect(x + size * 0.375 - 0.5, y + size * 0.375 - 0.5, 2, 2);
  text(ctx, theme, "missing", x + size * 1.2, y + size * 0.75);
}

// Model values are centred and scaled for real data; people read the data's own units.
function ownUnits(model, value, signed = false) {
  const own = model.offset + model.scale * value;
  const span = 2 * model.scale * model.limit;
  const shown = fixed(own, Math.max(0, Math.min(6, 3 - Math.ceil(Math.log10(span) - 1e-9)))).replace(/\.0+$/, "");
  return signed && own > 0 && model.offset === 0 ? `+${shown}` : shown;
}

export function hoverFigure(ctx, model, moment, box, theme, px, py) {
  const layout = layoutOf(model, box, theme);
  for (const name of ["observed", "product"]) {
    const cell = cellAt(layout[name], model.m, model.n, px, py);
    if (cell) return describeCell(model, moment, ...cell, px, py);
  }
  const inLeft = cellAt(layout.left, model.m, model.rank, px, py);
  if (inLeft) return describeFactor(model, moment, "X", inLeft[0], inLeft[1], px, py);
  const inRight = cellAt(layout.right, model.rank, model.n, px, py);
  return inRight ? describeFactor(model, moment, "Y", inRight[1], inRight[0], px, py) : null;
}

export function hoverResidual(ctx, model, moment, box, theme, px, py) {
  const cell = cellAt(residualArea(box, theme), model.m, model.n, px, py);
  return cell ? describeCell(model, moment, ...cell, px, py) : null;
}

function cellAt(area, rows, columns, px, py) {
  if (!inside(area, px, py)) return null;
  const i = Math.min(rows - 1, Math.floor(((py - area.y) / area.height) * rows));
  const j = Math.min(columns - 1, Math.floor(((px - area.x) / area.width) * columns));
  return [i, j];
}

// Rows and columns without names of their own are numbered from 1.
const nameOf = (kind, labels, i) => (labels[i] === String(i + 1) ? `${kind} ${i + 1}` : labels[i]);

function describeCell(model, moment, i, j, px, py) {
  const { left, right } = factorsAt(model, moment.half);
  let fitted = 0;
  for (let c = 0; c < model.rank; c++) fitted += left[i * model.rank + c] * right[j * model.rank + c];
  const seen = model.seen[i * model.n + j];
  const unit = model.unit ? ` ${model.unit}` : "";
  return {
    x: px, y: py, row: i, column: j,
    lines: [
      [nameOf("row", model.row_labels, i), nameOf("column", model.col_labels, j)],
      ["observed", Number.isNaN(seen) ? "not seen" : `${ownUnits(model, seen)}${unit}`],
      ["fitted", `${ownUnits(model, fitted)}${unit}`],
    ],
  };
}

function describeFactor(model, moment, name, index, c, px, py) {
  const { left, right } = factorsAt(model, moment.half);
  const factor = name === "X" ? left : right;
  const place = name === "X" ? { row: index } : { column: index };
  const label = name === "X" ? nameOf("row", model.row_labels, index) : nameOf("column", model.col_labels, index);
  const solved = moment.half >= (name === "X" ? 1 : 2);
  const singular = solved && (name === "X" ? model.singular_rows : model.singular_cols).includes(index);
  const note = singular ? [["no unique solution:", "the shortest"]] : [];
  return { x: px, y: py, ...place, lines: [[label, ""], [`${name}, factor ${c + 1}`, fixed(factor[index * model.rank + c], 3)], ...note] };
}
