// The ALS panel's picture: the observed matrix, the factors X and Y' around the product XY' so that rows and columns
// line up, and the residual. Pure functions of (model, moment, box, theme).

import { activeFrame, fixed, inside, text, textWidth } from "./axes.js";
import { matrixColours, withAlpha } from "./theme.js";

export function prepareCompletion(run) {
  const model = { ...run, cells: run.m * run.n, layers: new Map() };
  model.sweeps = run.last / 2;
  model.seen = new Float64Array(model.cells).fill(NaN);
  model.rowCounts = new Uint32Array(run.m);
  model.columnCounts = new Uint32Array(run.n);
  for (let e = 0; e < run.values.length; e++) {
    model.seen[run.rows[e] * run.n + run.cols[e]] = run.values[e];
    model.rowCounts[run.rows[e]] += 1;
    model.columnCounts[run.cols[e]] += 1;
  }
  model.limit = roundUp(largest(run.values));
  model.leftLimit = usualSize(run.lefts.subarray(run.lefts.length - run.m * run.rank));
  model.rightLimit = usualSize(run.rights.subarray(run.rights.length - run.n * run.rank));
  model.row = Math.floor(run.m / 3);
  model.column = Math.floor(run.n / 3);
  return model;
}

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// The size that 95 % of the last factor's entries keep below: a few wild ones would leave all others pale.
function usualSize(factor) {
  const sizes = Float32Array.from(factor, Math.abs).sort();
  return sizes[Math.floor(0.95 * (sizes.length - 1))] || 1;
}

function roundUp(value) {
  if (value === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value) - 1);
  return Math.ceil(value / power - 1e-9) * power;
}

// X after the last solve for X, Y after the last solve for Y: odd half steps solve X, even ones Y.
export function factorsAt(model, half) {
  const { m, n, rank } = model;
  const a = Math.floor((half + 1) / 2);
  const b = Math.floor(half / 2);
  return {
    left: model.lefts.subarray(a * m * rank, (a + 1) * m * rank),
    right: model.rights.subarray(b * n * rank, (b + 1) * n * rank),
  };
}

function shownFactors(model, { half, progress }) {
  const now = factorsAt(model, half);
  if (progress >= 1 || half === 0) return now;
  const before = factorsAt(model, half - 1);
  const mix = (from, to) => from.map((value, i) => value + (to[i] - value) * progress);
  return half % 2 === 1 ? { left: mix(before.left, now.left), right: now.right } : { left: now.left, right: mix(before.right, now.right) };
}

export function productAt(model, { left, right }) {
  const { m, n, rank } = model;
  const product = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < rank; c++) sum += left[i * rank + c] * right[j * rank + c];
      product[i * n + j] = sum;
    }
  }
  return product;
}

const TICKS = 14; // room outside the product for the ticks of undetermined rows and columns

export function layoutCompletion(model, { width, height }, theme) {
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

export function drawCompletion(ctx, model, moment, box, theme) {
  const layout = layoutCompletion(model, box, theme);
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

function outline(ctx, { x, y, width, height }, theme) {
  ctx.strokeStyle = theme.ghost;
  ctx.lineWidth = 1;
  ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

// Missing cells are paper with one centred dot, so that "not seen" differs from "seen and zero".
function drawPaper(ctx, model, { x, y, width, height }, theme) {
  const cellWidth = width / model.n;
  const cellHeight = height / model.m;
  if (Math.min(cellWidth, cellHeight) < 3) return;
  ctx.fillStyle = theme.ghost;
  for (let i = 0; i < model.m; i++) {
    for (let j = 0; j < model.n; j++) {
      if (!Number.isNaN(model.seen[i * model.n + j])) continue;
      ctx.fillRect(x + (j + 0.5) * cellWidth - 0.5, y + (i + 0.5) * cellHeight - 0.5, 1, 1);
    }
  }
}

// One pixel a cell, enlarged without smoothing: cells snap to device pixels and a frame costs one drawImage.
function drawCells(ctx, model, name, area, rows, columns, value, theme) {
  const pixels = pixelsOf(model, name, rows, columns);
  const colours = coloursOf(model, theme);
  const steps = colours.length - 1;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const share = value(i, j);
      pixels.words[i * columns + j] = Number.isNaN(share) ? 0 : colours[Math.round((Math.max(-1, Math.min(1, share)) + 1) * 0.5 * steps)];
    }
  }
  pixels.ctx.putImageData(pixels.image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(pixels.canvas, area.x, area.y, area.width, area.height);
  if (name !== "observed") outline(ctx, area, theme);
}

function pixelsOf(model, name, rows, columns) {
  if (!model.layers.has(name)) {
    const canvas = document.createElement("canvas");
    canvas.width = columns;
    canvas.height = rows;
    const ctx = canvas.getContext("2d");
    const image = ctx.createImageData(columns, rows);
    model.layers.set(name, { canvas, ctx, image, words: new Uint32Array(image.data.buffer) });
  }
  return model.layers.get(name);
}

function coloursOf(model, theme) {
  if (model.coloursFor !== theme.dark) {
    model.colours = matrixColours(theme);
    model.coloursFor = theme.dark;
  }
  return model.colours;
}

function cached(model, key, area, draw) {
  if (model.observedKey !== key) {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(area.width * ratio);
    canvas.height = Math.round(area.height * ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    draw(ctx, { x: 0, y: 0, width: area.width, height: area.height });
    model.observedCanvas = canvas;
    model.observedKey = key;
  }
  return model.observedCanvas;
}

// Rows and columns that no method can fill are hatched amber in factor and product, with ticks outside. A hollow tick
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

// A small triangle with its tip at (x, y), pointing against the direction (dx, dy).
function tick(ctx, [x, y, dx, dy], unit, theme, filled) {
  const half = 4 * unit;
  const [endX, endY] = [x + 1.6 * half * dx, y + 1.6 * half * dy];
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(endX - half * dy, endY - half * dx);
  ctx.lineTo(endX + half * dy, endY + half * dx);
  ctx.closePath();
  ctx.fillStyle = ctx.strokeStyle = theme.warning;
  ctx.lineWidth = 1.3 * unit;
  if (filled) ctx.fill();
  else ctx.stroke();
}

function hatch(ctx, { x, y, width, height }, theme) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.fillStyle = withAlpha(theme.paper, 0.75);
  ctx.fillRect(x, y, width, height);
  if (Math.min(width, height) < 3) {
    // Too thin for a hatch.
    ctx.fillStyle = withAlpha(theme.warning, 0.45);
    ctx.fillRect(x, y, width, height);
  } else {
    ctx.strokeStyle = theme.warning;
    ctx.lineWidth = 1.2;
    ctx.beginPath();
    for (let offset = -height; offset < width; offset += 4) {
      ctx.moveTo(x + offset, y + height);
      ctx.lineTo(x + offset + height, y);
    }
    ctx.stroke();
  }
  ctx.restore();
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

export function hoverCompletion(model, moment, box, theme, px, py) {
  const layout = layoutCompletion(model, box, theme);
  for (const name of ["observed", "product"]) {
    const cell = cellAt(layout[name], model.m, model.n, px, py);
    if (cell) return describeCell(model, moment, ...cell, px, py);
  }
  const inLeft = cellAt(layout.left, model.m, model.rank, px, py);
  if (inLeft) return describeFactor(model, moment, "X", inLeft[0], inLeft[1], px, py);
  const inRight = cellAt(layout.right, model.rank, model.n, px, py);
  return inRight ? describeFactor(model, moment, "Y", inRight[1], inRight[0], px, py) : null;
}

export function hoverResidual(model, moment, box, theme, px, py) {
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
  const singular = (name === "X" ? model.singular_rows : model.singular_cols).includes(index);
  const note = singular ? [["no unique solution:", "the shortest"]] : [];
  return { x: px, y: py, ...place, lines: [[label, ""], [`${name}, factor ${c + 1}`, fixed(factor[index * model.rank + c], 3)], ...note] };
}
