// Scales and ticks. Positions are CSS pixels.

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
