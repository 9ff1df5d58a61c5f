// What a panel is made of: the same parts for EM and for ALS, because both alternate between two blocks.

import { fixed } from "./axes.js";
import { drawCompletion, drawResidual, hoverCompletion, hoverResidual, layoutCompletion, prepareCompletion } from "./completion.js";
import { drawErrors, hoverErrors } from "./errors.js";
import { factorsAt, productAt } from "./factors.js";
import { completionFormula, mixtureFormula } from "./formulas.js";
import { density } from "./gaussians.js";
import { assignmentOf, iterate, labelsAt, shownMixture } from "./iterates.js";
import { drawLikelihood, hoverLikelihood } from "./likelihood.js";
import { drawMixture, hoverMixture, mixtureTable, prepareMixture } from "./mixture.js";

export const emView = {
  name: "em",
  title: "EM",
  subtitle: "Gaussian mixture",
  verbs: ["E step: assign", "M step: refit"],
  blocks: ["E", "M"],
  noun: "iteration",
  phoneFigure: 244,
  transition: (half) => (half % 2 === 1 ? 250 : 450),
  prepare: prepareMixture,
  drawFigure: drawMixture,
  drawCurve: drawLikelihood,
  hoverFigure: (ctx, ...rest) => hoverMixture(...rest),
  hoverCurve: hoverLikelihood,
  formula: mixtureFormula,
  selection: (model) => ({ component: model.component }),
  select: (model, { component }) => {
    if (component !== undefined && component < model.components) model.component = component;
  },
  side: showTable,
  describe: (model, half) => `Histogram of ${model.label} with the fitted mixture of ${model.components} Gaussians after half step ${half} of ${model.last}, and the points by hard assignment.`,
  describeCurve: (model, half) => `Log-likelihood by iteration: ${fixed(model.log_likelihoods[Math.floor(half / 2)], 3)} at half step ${half}.`,
  // Labels and densities at half step h: what the picture shows there, for tests and other tools.
  values: (model, half, places = []) => {
    const mixture = shownMixture(model, { half, progress: 1 });
    return { labels: Array.from(labelsAt(model, assignmentOf(half))), densities: places.map((x) => density(x, mixture)), means: Array.from(iterate(model, Math.floor(half / 2)).means) };
  },
};

export const alsView = {
  name: "als",
  title: "ALS",
  subtitle: "matrix completion",
  verbs: ["solve X", "solve Y"],
  blocks: ["X", "Y"],
  noun: "sweep",
  phoneFigure: 330,
  transition: () => 300,
  prepare: prepareCompletion,
  drawFigure: drawCompletion,
  drawCurve: drawErrors,
  drawSide: drawResidual,
  hoverFigure: (ctx, ...rest) => hoverCompletion(...rest),
  hoverCurve: hoverErrors,
  hoverSide: (ctx, ...rest) => hoverResidual(...rest),
  formula: completionFormula,
  selection: ({ row, column }) => ({ row, column }),
  select: (model, { row, column }) => {
    if (row !== undefined && row < model.m) model.row = row;
    if (column !== undefined && column < model.n) model.column = column;
  },
  split: (model, box, theme) => layoutCompletion(model, box, theme).product.x - 12,
  describe: (model, half) => `${model.label}, ${model.m} by ${model.n}: the observed entries, the factors X and Y of rank ${model.rank} and their product after half step ${half} of ${model.last}.`,
  describeCurve: (model, half) => `Root mean squared error by sweep on a log scale: ${(model.rmse_observed[half] * model.scale).toPrecision(3)} on the seen entries at half step ${half}.`,
  values: (model, half) => ({ product: Array.from(productAt(model, factorsAt(model, half))) }),
};

const COUNTED = "Points whose largest posterior is this component's; of equals the first has it";

// Weights, means, deviations and counts at the shown step; what this half step changes is bold.
function showTable(side, model, now, theme) {
  const rows = mixtureTable(model, now.half);
  const parameters = now.active === "M" ? " xp-new" : "";
  const counts = now.active === "E" ? " xp-new" : "";
  const short = theme.kind === "present" || theme.kind === "phone";
  const head = short ? ["π", "μ", "σ", "n"] : ["weight π", "mean μ", "s.d. σ", "n"];
  const roomy = (1.6 + 2.3 * model.components) * theme.size.text; // what the rows of player.css take
  const dense = theme.kind === "phone" ? model.components > 5 : roomy > side.clientHeight;
  side.style.setProperty("--xp-rows", Math.max(model.components, 6));
  side.innerHTML = `
    <table class="xp-table${dense ? " xp-dense" : ""}">
      <thead><tr><th><span class="xp-unseen">component</span></th>${head.map((name) => `<th scope="col"${name === "n" ? ` title="${COUNTED}"` : ""}>${name}</th>`).join("")}</tr></thead>
      <tbody>${rows
        .map(
          (row, k) => `<tr data-component="${k}" title="Follow component ${k + 1} in the formula"${k === model.component ? ' class="xp-chosen"' : ""}>
            <th scope="row"><span class="xp-disc" style="background:${theme.components[k]};color:${theme.digits[k]}">${k + 1}</span></th>
            <td class="xp-weight${parameters}">${row.weight}</td><td class="xp-mean${parameters}">${row.mean}</td>
            <td class="xp-deviation${parameters}">${row.deviation}</td><td class="xp-points${counts}">${row.count}</td></tr>`,
        )
        .join("")}</tbody></table>`;
  if (model.components <= 3 && theme.kind !== "present") {
    const note = document.createElement("p");
    note.textContent = noteOf(model, now);
    side.append(note);
  }
}

function noteOf(model, { half, active }) {
  if (half === model.last) return model.end_note;
  if (half === 0) return "The start. Press play.";
  if (active === "E") return "Parameters wait for the M step.";
  return "Refit on the soft counts of the last E step.";
}
