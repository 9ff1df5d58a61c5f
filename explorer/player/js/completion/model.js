// A run of ALS made ready for drawing: what does not change while it plays.

export function prepare(run) {
  const model = { ...run, cells: run.m * run.n, layers: new Map() };
  model.sweeps = run.last / 2;
  model.seen = new Float64Array(model.cells).fill(NaN);
  run.values.forEach((value, e) => {
    model.seen[run.rows[e] * run.n + run.cols[e]] = value;
  });
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
