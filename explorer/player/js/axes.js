// Scales, ticks and the marks that every picture shares. Positions are CSS pixels.

export function linear([low, high], [from, to]) {
  const factor = (to - from) / (high - low || 1);
  const scale = (value) => from + (value - low) * factor;
  scale.invert = (position) => low + (position - from) / factor;
  return scale;
}

// The largest of 1, 2 or 5 times a power of ten that does not exceed `step`.
export function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [5, 2, 1].map((m) => m * power).find((s) => s <= step * 1.001) ?? step;
}

// Round numbers inside [low, high], about `count` of them: steps of 1, 2 or 5 times a power of ten.
export function ticks(low, high, count, whole = false) {
  const raw = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  let step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999) ?? raw;
  if (whole) step = Math.max(1, Math.round(step));
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) values.push(i * step);
  return { values, step };
}

// Powers of ten inside [low, high], thinned to at most `count`; 1, 2 and 5 times them where there are hardly any.
export function logTicks(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1) {
    const fine = [];
    for (let p = last + 1; p >= first - 1; p--) for (const m of [5, 2, 1]) fine.push(m * 10 ** p);
    return fine.filter((value) => value >= low && value <= high);
  }
  const stride = Math.max(1, Math.ceil((last - first + 1) / count));
  const values = [];
  for (let p = last; p >= first; p -= stride) values.push(10 ** p);
  return values;
}

// Numbers as the reader writes them: a true minus sign, no exponent unless it must be, thin groups for thousands.
export function format(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return scientific(value, 2);
  const decimals = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return fixed(value, Math.min(decimals, 6));
}

export function fixed(value, decimals) {
  const text = value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1");
  const [whole, fraction] = text.replace("-", "−").split(".");
  const grouped = whole.replace(/(\d)(?=(\d{3})+$)/g, whole.replace("−", "").length > 4 ? "$1\u2009" : "$1");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export function scientific(value, digits = 1) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = [...String(Math.abs(Number(exponent)))].map((d) => SUPERSCRIPTS[Number(d)]).join("");
  const power = `10${Number(exponent) < 0 ? "⁻" : ""}${raised}`;
  return mantissa === "1" ? power : `${mantissa.replace("-", "−")}·${power}`;
}

// How many decimals tell neighbouring ticks apart.
export const decimalsOf = (step) => Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));

function setFont(ctx, theme, { bold = false, scale = 1 } = {}) {
  ctx.font = `${bold ? 600 : 400} ${theme.size.text * scale}px ${theme.font}`;
}

export function text(ctx, theme, string, x, y, { colour = theme.second, align = "left", bold = false, baseline = "alphabetic", halo = false, scale = 1 } = {}) {
  setFont(ctx, theme, { bold, scale });
  ctx.textAlign = align;
  ctx.textBaseline = baseline;
  if (halo) {
    ctx.lineJoin = "round";
    ctx.lineWidth = 5;
    ctx.strokeStyle = theme.paper;
    ctx.setLineDash([]);
    ctx.strokeText(string, x, y);
  }
  ctx.fillStyle = colour;
  ctx.fillText(string, x, y);
}

export function textWidth(ctx, theme, string, options) {
  setFont(ctx, theme, options);
  return ctx.measureText(string).width;
}

export function line(ctx, x0, y0, x1, y1, colour, width = 1, dash = []) {
  ctx.setLineDash(dash);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}

// The yellow frame around the block that this half step changes, with an ink edge so that it shows on white.
export function activeFrame(ctx, theme, { x, y, width, height }) {
  ctx.setLineDash([]);
  if (!theme.dark) {
    ctx.strokeStyle = theme.activeEdge;
    ctx.lineWidth = 1;
    ctx.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    ctx.strokeRect(x + 5.5, y + 5.5, width - 11, height - 11);
  }
  ctx.strokeStyle = theme.active;
  ctx.lineWidth = 4;
  ctx.strokeRect(x + 3, y + 3, width - 6, height - 6);
}

export const overlaps = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export const inside = (box, x, y) =>
  x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
