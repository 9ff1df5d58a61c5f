// Weights, means, deviations and counts at the shown step, beside the curve.

import { assignmentOf, isHeld, labelsAt, shownMixture } from "./iterates.js";
import { clamp, fixed, format } from "../shared/numbers.js";

const COUNTED = "Points whose largest posterior is this component's; of equals the first has it";

const HELD = "At the variance floor: the M step would make it narrower still";

// What this half step changes is bold. Below a short table stands a note.
export function tableOf(model, now, { height }, theme) {
  const parameters = now.active === "M" ? " xp-new" : "";
  const counts = now.active === "E" ? " xp-new" : "";
  const short = theme.kind === "present" || theme.kind === "phone";
  const head = short ? ["π", "μ", "σ", "n"] : ["weight π", "mean μ", "s.d. σ", "n"];
  const roomy = (1.6 + 2.3 * model.components) * theme.size.text; // what the rows of player.css take
  const dense = theme.kind === "phone" ? model.components > 5 : roomy > height;
  const table = Object.assign(document.createElement("table"), { className: `xp-table${dense ? " xp-dense" : ""}` });
  table.style.setProperty("--xp-rows", Math.max(model.components, 6));
  table.innerHTML = `
      <thead><tr><th><span class="xp-unseen">component</span></th>${head.map((name) => `<th scope="col"${name === "n" ? ` title="${COUNTED}"` : ""}>${name}</th>`).join("")}</tr></thead>
      <tbody>${rowsOf(model, now.half)
        .map(
          (row, k) => `<tr data-component="${k}" title="Follow component ${k + 1} in the formula"${k === model.component ? ' class="xp-chosen"' : ""}>
            <th scope="row"><span class="xp-disc" style="background:${theme.components[k]};color:${theme.digits[k]}">${k + 1}</span></th>
            <td class="xp-weight${parameters}">${row.weight}</td><td class="xp-mean${parameters}">${row.mean}</td>
            <td class="xp-deviation${parameters}">${row.held ? heldMark(row.deviation, short) : row.deviation}</td><td class="xp-points${counts}">${row.count}</td></tr>`,
        )
        .join("")}</tbody>`;
  if (model.components > 3 || theme.kind === "present") return [table];
  return [table, Object.assign(document.createElement("p"), { textContent: noteOf(model, now) })];
}

// The same bar as under the disc in the picture; the word beside it where there is room.
function heldMark(deviation, short) {
  const word = `<span class="${short ? "xp-unseen" : "xp-word"}"> held</span>`;
  return `<span class="xp-held" title="${HELD}">${deviation}</span>${word}`;
}

function noteOf(model, { half, active }) {
  if (half === model.last) return model.end_note;
  if (half === 0) return "The start. Press play.";
  if (active === "E") return "Parameters wait for the M step.";
  return "Refit on the soft counts of the last E step.";
}

// A small deviation is not nothing: it keeps one significant digit.
const rounded = (value, decimals) => (value > 0 && value < 0.5 * 10 ** -decimals ? format(value, 1) : fixed(value, decimals));

// The rows of the table at a half step: parameters of the iterate, counts of the hard assignment.
function rowsOf(model, half) {
  const mixture = shownMixture(model, { half, progress: 1 });
  const counts = new Uint32Array(model.components);
  for (const label of labelsAt(model, assignmentOf(half))) counts[label] += 1;
  const span = model.domain[1] - model.domain[0];
  const decimals = clamp(2 - Math.floor(Math.log10(span)), 0, 6);
  return Array.from(counts, (count, k) => ({
    weight: fixed(mixture.weights[k], 2),
    mean: fixed(mixture.means[k], decimals),
    deviation: rounded(Math.sqrt(mixture.variances[k]), decimals),
    held: isHeld(model, half, k),
    count: String(count),
  }));
}
