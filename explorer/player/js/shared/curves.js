// What the curves of both panels share: the window that grows with the run, and the rule by which labels dodge.

import { overlaps, text, textWidth } from "./canvas.js";

// The first iterations fill the width; the window grows as the run goes on, so early steps stay visible.
export function windowEnd(position, iterations) {
  return Math.min(iterations, Math.max(12, position));
}

// The first candidate box that lies within bounds and covers neither points nor boxes; null where all do.
export function freePlace(candidates, bounds, points, boxes) {
  return (
    candidates.find(
      (box) =>
        box.x >= bounds.x && box.y >= bounds.y &&
        box.x + box.width <= bounds.x + bounds.width && box.y + box.height <= bounds.y + bounds.height &&
        !boxes.some((other) => overlaps(box, other)) &&
        !points.some(([x, y]) => x > box.x - 3 && x < box.x + box.width + 3 && y > box.y - 3 && y < box.y + box.height + 3),
    ) ?? null
  );
}

// Points every few pixels along a path, for the dodging.
export function sampled(path, step = 4) {
  const points = [];
  for (let i = 1; i < path.length; i++) {
    const [x0, y0] = path[i - 1];
    const [x1, y1] = path[i];
    const count = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / step));
    for (let s = 0; s <= count; s++) points.push([x0 + ((x1 - x0) * s) / count, y0 + ((y1 - y0) * s) / count]);
  }
  return points;
}

// A label beside a point, clear of `points` and, where that leaves room, of `faint` points too: right above, left above, right below, left below, further above, and at a run's end the empty corner.
export function labelNear(ctx, theme, string, [x, y], bounds, { points, faint = [] }, boxes, options = {}) {
  const width = textWidth(ctx, theme, string, options);
  const height = theme.size.text * 1.15;
  const gap = 4 + theme.size.mixture * 1.6;
  const right = bounds.x + bounds.width - width;
  const places = [
    [x - width - gap, y - height - gap], [x - width / 2, y - height - gap], [x + gap, y - height - gap],
    [x + gap, y - height / 2], [x - width - gap, y - height / 2], [x + gap, y + gap], [x - width / 2, y + gap], [x - width - gap, y + gap],
    ...[2, 3, 4].flatMap((row) => [[x + gap, y - row * height - gap], [x - width / 2, y - row * height - gap], [x + gap, y + (row - 1) * height]]),
    ...(x > bounds.x + bounds.width / 2 ? [0, 1.2, 2.4, 3.6].map((row) => [right, bounds.y + row * height]) : []),
  ];
  const preferred = options.order ? options.order.map((i) => places[i]).concat(places) : places;
  const candidates = preferred.map(([px, py]) => ({ x: px, y: py, width, height }));
  const box = freePlace(candidates, bounds, [...points, ...faint], boxes) ?? freePlace(candidates, bounds, points, boxes);
  if (!box) return null;
  boxes.push(box);
  text(ctx, theme, string, box.x, box.y + height * 0.8, { ...options, halo: true });
  return box;
}

export function strokePath(ctx, path, colour, width, dash = []) {
  if (path.length < 2) return;
  ctx.setLineDash(dash);
  ctx.lineJoin = "round";
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  path.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.stroke();
  ctx.setLineDash([]);
}

// The label of the horizontal axis' end, and whole numbers of iterations before it.
export function iterationTicks(ctx, theme, x, end, iterations, y, right, whole) {
  const label = end < iterations ? `of ${iterations}` : "";
  const taken = label ? textWidth(ctx, theme, label) + 10 : 0;
  if (label) text(ctx, theme, label, right, y, { align: "right" });
  for (const value of whole) {
    const string = String(value);
    const px = x(value);
    if (px + textWidth(ctx, theme, string) / 2 <= right - taken + 2) text(ctx, theme, string, px, y, { align: "center" });
  }
}
