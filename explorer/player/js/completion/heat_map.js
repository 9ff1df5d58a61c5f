// Heat maps: matrices as cells of colour, and the marks on their rows and columns.

import { matrixColours, withAlpha } from "../shared/theme.js";

export function outline(ctx, { x, y, width, height }, theme) {
  ctx.strokeStyle = theme.ghost;
  ctx.lineWidth = 1;
  ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

// Missing cells are paper with one centred dot, so that "not seen" differs from "seen and zero".
export function drawPaper(ctx, model, { x, y, width, height }, theme) {
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
export function drawCells(ctx, model, name, area, rows, columns, value, theme) {
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

export function cached(model, key, area, draw) {
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

// A small triangle with its tip at (x, y), pointing against the direction (dx, dy).
export function tick(ctx, [x, y, dx, dy], unit, theme, filled) {
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

export function hatch(ctx, { x, y, width, height }, theme) {
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
