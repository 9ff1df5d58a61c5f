// EM for Gaussian mixtures, on a line: the points move in an E step, the curves in an M step.

import { drawFigure, hoverFigure } from "./figure.js";
import { mixtureFormula } from "./formula.js";
import { density } from "./gaussians.js";
import { assignmentOf, isHeld, iterate, labelsAt, shownMixture } from "./iterates.js";
import { drawLikelihood, hoverLikelihood } from "./log_likelihood.js";
import { prepare } from "./model.js";
import { tableOf } from "./table.js";
import { fixed } from "../shared/numbers.js";

function heldInWords(model, half) {
  const held = Array.from({ length: model.components }, (_, k) => k + 1).filter((k) => isHeld(model, half, k - 1));
  if (!held.length) return "";
  return ` Held at the variance floor: ${held.length > 1 ? "components" : "component"} ${held.join(", ")}.`;
}

export const mixtureView = {
  name: "em",
  title: "EM",
  subtitle: "Gaussian mixture",
  verbs: ["E step: assign", "M step: refit"],
  blocks: ["E", "M"],
  noun: "iteration",
  phoneFigure: 244,
  transition: (half) => (half % 2 === 1 ? 250 : 450),
  prepare,
  figure: {
    draw: drawFigure,
    hover: hoverFigure,
    describe: (model, half) => `Histogram of ${model.label} with the fitted mixture of ${model.components} Gaussians after half step ${half} of ${model.last}, and the points by hard assignment.${heldInWords(model, half)}`,
  },
  curve: {
    draw: drawLikelihood,
    hover: hoverLikelihood,
    describe: (model, half) => `Log-likelihood by iteration: ${fixed(model.log_likelihoods[Math.floor(half / 2)], 3)} at half step ${half}.`,
  },
  side: { elements: tableOf },
  formula: mixtureFormula,
  selection: ({ component }) => ({ component }),
  select: (model, { component }) => {
    if (component !== undefined && component < model.components) model.component = component;
  },
  // Labels and densities at half step h: what the picture shows there, for tests and other tools.
  values: (model, half, places = []) => {
    const mixture = shownMixture(model, { half, progress: 1 });
    return { labels: Array.from(labelsAt(model, assignmentOf(half))), densities: places.map((x) => density(x, mixture)), means: Array.from(iterate(model, Math.floor(half / 2)).means) };
  },
};
