// The formula of the current half step of EM with this iteration's numbers in it.

import { density, logJoint } from "./gaussians.js";
import { iterate, responsibilitiesAt } from "./iterates.js";
import { fixed, format } from "../shared/numbers.js";
import { fraction, number, v } from "../shared/symbols.js";

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
