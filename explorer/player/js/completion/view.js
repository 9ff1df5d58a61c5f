// ALS for matrix completion: the cells of one factor, then of the other, and their product with either.

import { factorsAt, productAt } from "./factors.js";
import { drawFigure, drawResidual, hoverFigure, hoverResidual, layoutOf } from "./figure.js";
import { completionFormula } from "./formula.js";
import { prepare } from "./model.js";
import { drawErrors, hoverErrors } from "./rmse.js";

export const completionView = {
  name: "als",
  title: "ALS",
  subtitle: "matrix completion",
  verbs: ["solve X", "solve Y"],
  blocks: ["X", "Y"],
  noun: "sweep",
  phoneFigure: 330,
  transition: () => 300,
  prepare,
  figure: {
    draw: drawFigure,
    hover: hoverFigure,
    describe: (model, half) => `${model.label}, ${model.m} by ${model.n}: the observed entries, the factors X and Y of rank ${model.rank} and their product after half step ${half} of ${model.last}.`,
  },
  curve: {
    draw: drawErrors,
    hover: hoverErrors,
    describe: (model, half) => `Root mean squared error by sweep on a log scale: ${(model.rmse_observed[half] * model.scale).toPrecision(3)} on the seen entries at half step ${half}.`,
  },
  side: { draw: drawResidual, hover: hoverResidual },
  split: (model, box, theme) => layoutOf(model, box, theme).product.x - 12,
  formula: completionFormula,
  selection: ({ row, column }) => ({ row, column }),
  select: (model, { row, column }) => {
    if (row !== undefined && row < model.m) model.row = row;
    if (column !== undefined && column < model.n) model.column = column;
  },
  values: (model, half) => ({ product: Array.from(productAt(model, factorsAt(model, half))) }),
};
