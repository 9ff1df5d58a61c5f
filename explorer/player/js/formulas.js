// The formula of the current half step with this iteration's numbers in it, as HTML made of numbers and symbols only.

import { fixed, format } from "./axes.js";
import { factorsAt } from "./completion.js";
import { density, logJoint, responsibilities } from "./gaussians.js";
import { iterate } from "./iterates.js";

const v = (symbol, index = "") => `<i>${symbol}</i>${index === "" ? "" : `<sub>${index}</sub>`}`;
const fraction = (over, under) => `<span class="xp-fraction"><span>${over}</span><span>${under}</span></span>`;
const number = (value, digits) => `<b>${format(value, digits)}</b>`;

// E step: the responsibility of component k for the point it is least sure of.
function responsibilityFormula(model, t, k) {
  const mixture = iterate(model, t - 1);
  const i = leastCertain(model.data, mixture, k);
  const x = model.data[i];
  const normal = (j) => `${v("π", j)} ${v("N")}(${v("x", "i")}; ${v("μ", j)}, ${v("σ", j)})`;
  return {
    html: [
      `${v("τ", `i${k + 1}`)} =`, fraction(normal(k + 1), `Σ<sub>k</sub> ${normal("k")}`), "=",
      fraction(number(Math.exp(logJoint(x, mixture, k))), number(density(x, mixture))), "=",
    ].join(" "),
    value: fixed(responsibilities(x, mixture)[k], 2),
    note: `at x = ${format(x, 4)}, component ${k + 1}`,
  };
}

function leastCertain(data, mixture, k) {
  let best = { distance: Infinity, i: 0 };
  for (let i = 0; i < data.length; i++) {
    const distance = Math.abs(responsibilities(data[i], mixture)[k] - 0.5);
    if (distance < best.distance - 1e-9) best = { distance, i };
  }
  return best.i;
}

// M step: mean, variance or weight of component k from the soft counts of the E step before it.
function refitFormula(model, t, k, part) {
  const before = iterate(model, t - 1);
  const after = iterate(model, t);
  const sums = { soft: 0, first: 0, second: 0 };
  for (const x of model.data) {
    const tau = responsibilities(x, before)[k];
    sums.soft += tau;
    sums.first += tau * x;
    sums.second += tau * (x - after.means[k]) ** 2;
  }
  const name = k + 1;
  const soft = `Σ<sub>i</sub> ${v("τ", `i${name}`)}`;
  const { symbol, over, under, values, array } = {
    means: { symbol: v("μ", name), over: `${soft} ${v("x", "i")}`, under: soft, values: [sums.first, sums.soft], array: "means" },
    variances: { symbol: v("σ²", name), over: `${soft} (${v("x", "i")} − ${v("μ", name)})²`, under: soft, values: [sums.second, sums.soft], array: "variances" },
    weights: { symbol: v("π", name), over: soft, under: v("n"), values: [sums.soft, model.data.length], array: "weights" },
  }[part];
  return {
    html: [`${symbol} ←`, fraction(over, under), "=", fraction(number(values[0], 4), number(values[1], 3)), "="].join(" "),
    value: format(after[array][k]),
    note: `component ${name} · was ${format(before[array][k])}`,
  };
}

export function mixtureFormula(model, half, { component, part }) {
  const t = Math.ceil(half / 2);
  return half % 2 === 1 ? responsibilityFormula(model, t, component) : refitFormula(model, t, component, part);
}

// One row of X, or one row of Y, from the entries seen in its row or column of A.
export function completionFormula(model, half, { row, column }) {
  const solvingX = half % 2 === 1;
  const { left, right } = factorsAt(model, half);
  const index = solvingX ? row : column;
  const factor = solvingX ? left : right;
  const solved = Array.from(factor.subarray(index * model.rank, (index + 1) * model.rank));
  const seen = (solvingX ? model.rowCounts : model.columnCounts)[index];
  const shown = solved.slice(0, 3).map((value) => fixed(value, 2)).join(", ");
  const name = solvingX ? "i" : "j";
  const other = v(solvingX ? "Y" : "X", `Ω${name}`);
  const transposed = `${v(solvingX ? "Y" : "X")}<sup>T</sup><sub class="xp-under">Ω${name}</sub>`;
  return {
    html: `${v(solvingX ? "x" : "y", name)} ← (${transposed} ${other} + ${v("λI")})<sup>−1</sup> ${transposed} ${v("a", name)} =`,
    value: `(${shown}${model.rank > 3 ? ", …" : ""})`,
    note: solvingX ? `row ${index + 1} · ${seen} ${seen === 1 ? "column" : "columns"} seen` : `column ${index + 1} · ${seen} ${seen === 1 ? "row" : "rows"} seen`,
  };
}
