// The formula of the current half step of ALS with this sweep's numbers in it.

import { factorsAt } from "./factors.js";
import { format } from "../shared/numbers.js";
import { v } from "../shared/symbols.js";

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
