// The formula of the current half step with this iteration's numbers in it, as HTML made of numbers and symbols only.

import { fixed, format } from "./axes.js";
import { factorsAt } from "./factors.js";
import { density, logJoint } from "./gaussians.js";
import { iterate, responsibilitiesAt } from "./iterates.js";

const v = (symbol, index = "") => `<i>${symbol}</i>${index === "" ? "" : `<sub>${index}</sub>`}`;
const fraction = (over, under) => `<span class="xp-fraction"><span>${over}</span><span>${under}</span></span>`;
const number = (value, digits) => `<b>${format(value, digits)}</b>`;

// E step: the responsibility of component k for the point it is least sure of.
function responsibilityFormula(model, t, k) {
  const mixture = iterate(model, t - 1);
  const tau = responsibilitiesAt(model, t);
  const i = leastCertain(model, tau, k);
  const x = model.data[i];
  const normal = (j) => `${v("π", j)} ${v("N")}(${v("x", "i")}; ${v("μ", j)}, ${v("σ", j)})`;
  return {
    terms: `${v("τ", `i${k + 1}`)} = ${fraction(normal(k + 1), `Σ<sub>k</sub> ${normal("k")}`)} =`,
    numbers: `${fraction(number(Math.exp(logJoint(x, mixture, k))), number(density(x, mixture)))} =`,
    value: fixed(tau[i * model.components + k], 2),
    note: `at x = ${format(x, 4)}, component ${k + 1}`,
  };
}

function leastCertain({ data, components }, tau, k) {
  let best = { distance: Infinity, i: 0 };
  for (let i = 0; i < data.length; i++) {
    const distance = Math.abs(tau[i * components + k] - 0.5);
    if (distance < best.distance - 1e-9) best = { distance, i };
  }
  return best.i;
}

// M step: mean, variance or weight of component k from the soft counts of the E step before it.
function refitFormula(model, t, k, part) {
  const before = iterate(model, t - 1);
  const after = iterate(model, t);
  const all = responsibilitiesAt(model, t);
  const sums = { soft: 0, first: 0, second: 0 };
  model.data.forEach((x, i) => {
    const tau = all[i * model.components + k];
    sums.soft += tau;
    sums.first += tau * x;
    sums.second += tau * (x - after.means[k]) ** 2;
  });
  const name = k + 1;
  const soft = `Σ<sub>i</sub> ${v("τ", `i${name}`)}`;
  const { symbol, over, under, values, array } = {
    means: { symbol: v("μ", name), over: `${soft} ${v("x", "i")}`, under: soft, values: [sums.first, sums.soft], array: "means" },
    variances: { symbol: v("σ²", name), over: `${soft} (${v("x", "i")} − ${v("μ", name)})²`, under: soft, values: [sums.second, sums.soft], array: "variances" },
    weights: { symbol: v("π", name), over: soft, under: v("n"), values: [sums.soft, model.data.length], array: "weights" },
  }[part];
  return {
    terms: `${symbol} ← ${fraction(over, under)} =`,
    numbers: `${fraction(number(values[0], 4), number(values[1], 3))} =`,
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
  const [index, factor, other] = solvingX ? [row, left, right] : [column, right, left];
  const { rank, ridge } = model;
  const solved = Array.from(factor.subarray(index * rank, (index + 1) * rank));
  const { gram, moment, count } = normalEquations(model, other, index, solvingX);
  const [name, fixedName] = solvingX ? ["i", "Y"] : ["j", "X"];
  const seen = v(fixedName, "Ω"); // its rows at the entries seen
  const transposed = `${v(fixedName)}<sup>T</sup><sub class="xp-under">Ω</sub>`;
  const singular = (solvingX ? model.singular_rows : model.singular_cols).includes(index);
  const inverse = `<sup>${singular ? "+" : "−1"}</sup>`; // the pseudoinverse gives the shortest solution
  const [one, many, what] = solvingX ? ["column", "columns", "row"] : ["row", "rows", "column"];
  return {
    terms: `${v(solvingX ? "x" : "y", name)} ← (${transposed} ${seen} + ${v("λI")})${inverse} ${transposed} ${v("a", name)} =`,
    numbers: rank > 2 ? "" : `${solution(gram, moment, ridge, inverse)} =`,
    value: list(solved),
    note: `${what} ${index + 1}\u00a0· ${count} ${count === 1 ? one : many} seen\u00a0· λ\u00a0=\u00a0${ridge}${singular ? "\u00a0· shortest solution" : ""}`,
  };
}

// Y'Y and Y'a over the entries seen in a row of A; X'X and X'a over those seen in a column.
function normalEquations({ rows, cols, values, rank }, other, index, solvingX) {
  const [mine, theirs] = solvingX ? [rows, cols] : [cols, rows];
  const gram = new Float64Array(rank * rank);
  const moment = new Float64Array(rank);
  let count = 0;
  for (let e = 0; e < values.length; e++) {
    if (mine[e] !== index) continue;
    count += 1;
    const at = theirs[e] * rank;
    for (let a = 0; a < rank; a++) {
      moment[a] += other[at + a] * values[e];
      for (let b = 0; b < rank; b++) gram[a * rank + b] += other[at + a] * other[at + b];
    }
  }
  return { gram, moment, count };
}

const short = (value) => format(value, Math.abs(value) < 1 ? 2 : 3);

function list(vector) {
  const shown = Array.from(vector).slice(0, 3).map(short).join(", ");
  return `(${shown}${vector.length > 3 ? ", …" : ""})`;
}

// The numbers of a problem of rank 1 or 2: the inverse of G + lambda I, times Y'a.
function solution(gram, moment, ridge, inverse) {
  const rank = moment.length;
  const entry = (a, b) => short(gram[a * rank + b] + (a === b ? ridge : 0));
  if (rank === 1) return `<b>${entry(0, 0)}</b>${inverse} · <b>${short(moment[0])}</b>`;
  const cells = (...shown) => shown.map((each) => `<span>${each}</span>`).join("");
  const matrix = `<span class="xp-matrix">${cells(entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1))}</span>`;
  return `${matrix}${inverse} <span class="xp-matrix xp-vector">${cells(...Array.from(moment, short))}</span>`;
}
