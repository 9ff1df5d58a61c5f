// The marks that every picture shares: text, lines, the frame around what changes. Positions are CSS pixels.

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
