// Draws a panel: a function of its run, its transport's position, its size and its theme.

import { updateControls } from "./controls.js";
import { layout } from "./layout.js";
import { isPresent } from "./present_mode.js";
import { showVerdict } from "./verdict.js";

export const isHidden = (panel) => panel.hidden ?? isPresent();

export function setBusy(panel, busy) {
  panel.root.querySelector(".xp-busy").hidden = !busy;
}

// What is shown now. `active` is the block that this half step changes; a converged run changes none any more.
export function moment(panel) {
  const { transport, view, model } = panel;
  const half = transport.half;
  const finished = half === model.last && transport.progress === 1 && model.stop_reason === "converged";
  return {
    half, progress: transport.progress, position: transport.position,
    active: half === 0 || finished ? null : view.blocks[(half + 1) % 2],
    hide: isHidden(panel),
  };
}

export function draw(panel) {
  const { root, transport, view, model } = panel;
  if (!model) return drawFailure(panel);
  root.dataset.step = transport.step;
  root.dataset.lastStep = transport.last;
  root.dataset.playing = transport.playing;
  updateControls(panel.bar, { transport, noun: view.noun, hide: isHidden(panel), alone: panel.company.length === 1 });
  if (root.clientWidth === 0) return; // in a hidden tab or a closed page
  const theme = panel.theme ?? layout(panel);
  const now = moment(panel);
  const key = [now.half, now.progress, now.position, now.hide, now.active, theme.dark, theme.kind, panel.sizes].join();
  if (panel.drawn !== key) {
    panel.drawn = key;
    panel.frames += 1;
    paint(panel.figure, (ctx, box) => view.figure.draw(ctx, model, now, box, theme));
    paint(panel.curve, (ctx, box) => view.curve.draw(ctx, model, now, box, theme));
    if (view.side.draw) paint(panel.sideCanvas, (ctx, box) => view.side.draw(ctx, model, now, box, theme));
    showText(panel, now, theme);
  }
  showVerdict(panel, now);
}

// Nothing was ever drawn here: the verdict says why.
function drawFailure(panel) {
  panel.root.querySelector(".xp-terms").textContent = panel.failure ? "There is no run for these settings." : "";
  if (panel.root.clientWidth > 0) layout(panel);
  showVerdict(panel, null);
}

export function redraw(panel) {
  panel.drawn = null;
  panel.textKey = null;
  draw(panel);
}

export function relayout(panel) {
  if (panel.root.clientWidth === 0) return panel.transport.pause();
  layout(panel);
  return redraw(panel);
}

function paint(canvas, drawing) {
  const { clientWidth: width, clientHeight: height } = canvas.parentElement;
  if (width === 0 || height === 0) return;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  ctx.save(); // what one picture sets, a dash or a join, is nothing to the next
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  drawing(ctx, { width, height });
  ctx.restore();
}

// Everything that changes only with the half step, the selection or the theme.
function showText(panel, now, theme) {
  const { root, view, model } = panel;
  const selection = { ...view.selection(model), part: panel.part };
  const key = [now.half, now.active, theme.dark, theme.kind, JSON.stringify(selection)].join();
  if (panel.textKey === key) return;
  panel.textKey = key;
  const verbs = root.querySelectorAll(".xp-verb");
  view.blocks.forEach((block, i) => verbs[i].classList.toggle("xp-on", now.active === block));
  showFormula(root, now.half === 0 ? null : view.formula(model, now.half, selection), model.explanation);
  if (view.side.elements) {
    const { clientWidth: width, clientHeight: height } = panel.side;
    panel.side.replaceChildren(...view.side.elements(model, now, { width, height }, theme));
  }
  panel.figure.setAttribute("aria-label", view.figure.describe(model, now.half));
  panel.curve.setAttribute("aria-label", view.curve.describe(model, now.half));
  panel.refreshTip?.(); // what lies under a pointer at rest is another thing now
}

// Symbols, this step's numbers, and the value; without the numbers in between where there is no room for all.
function showFormula(root, formula, explanation) {
  const terms = root.querySelector(".xp-terms");
  root.querySelector(".xp-note").textContent = formula?.note ?? "";
  if (!formula) {
    terms.replaceChildren(Object.assign(document.createElement("span"), { className: "xp-start", textContent: `Start: ${explanation}` }));
    return;
  }
  const line = terms.parentElement;
  const value = `<mark>${formula.value}</mark>`;
  terms.innerHTML = `${formula.terms} ${formula.numbers} ${value}`;
  if (line.scrollWidth > line.clientWidth) terms.innerHTML = `${formula.terms} ${value}`;
}
