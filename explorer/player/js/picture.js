// Draws a panel: a function of its run, its transport's position, its size and its theme.

import { updateControls } from "./controls.js";
import { isPresent } from "./present.js";
import { readTheme } from "./theme.js";
import { clamp } from "./transport.js";

const VERDICT_ICONS = {
  good: '<circle cx="10" cy="10" r="7.5"/><path d="M6.5 10.2l2.5 2.5 4.5-5"/>',
  local: '<path d="M2 15c2 0 2-5 4-5s2 3 4 3 3-10 5-10 2 4 3 4"/>',
  warning: '<path d="M10 3l8 14H2zM10 8v4M10 14.5v.2"/>',
  error: '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5v5.5M10 14v.2"/>',
  plain: '<circle cx="10" cy="10" r="3"/>',
};

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
    paint(panel.figure, (ctx, box) => view.drawFigure(ctx, model, now, box, theme));
    paint(panel.curve, (ctx, box) => view.drawCurve(ctx, model, now, box, theme));
    if (view.drawSide) paint(panel.sideCanvas, (ctx, box) => view.drawSide(ctx, model, now, box, theme));
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
  if (view.side) view.side(panel.side, model, now, theme);
  panel.figure.setAttribute("aria-label", view.describe(model, now.half));
  panel.curve.setAttribute("aria-label", view.describeCurve(model, now.half));
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

// ---- the verdict -------------------------------------------------------------------------------------------------

function showVerdict(panel, now) {
  const line = panel.root.querySelector(".xp-verdict");
  const verdict = chooseVerdict(panel, now);
  const key = JSON.stringify(verdict);
  if (line.dataset.shown === key) return;
  line.dataset.shown = key;
  line.replaceChildren();
  if (!verdict) return;
  line.className = `xp-verdict xp-${verdict.tone}`;
  line.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${VERDICT_ICONS[verdict.tone]}</svg><b></b><span></span>`;
  line.querySelector("b").textContent = verdict.word;
  line.querySelector("span").textContent = verdict.sentence;
  if (!verdict.action) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "xp-dismiss", textContent: verdict.action });
  button.addEventListener("click", verdict.act);
  line.append(button);
}

function chooseVerdict(panel, now) {
  if (panel.failure) return { tone: "error", word: "Not run", sentence: panel.failure };
  if (panel.working) return { tone: "plain", word: "", sentence: panel.working.text, ...panel.working };
  if (panel.problems.length) return { tone: "warning", word: "Link", sentence: panel.problems[0], action: "OK", act: () => dismiss(panel) };
  if (!now) return null;
  const { tone, ahead, word, sentence } = panel.model.verdict;
  const atEnd = now.half === panel.model.last && now.progress === 1;
  if (now.hide && !atEnd) return { tone: "plain", word: "What comes next?", sentence: "Guess, then play." };
  return { tone, word: atEnd ? word : ahead, sentence };
}

function dismiss(panel) {
  panel.problems.shift();
  draw(panel);
}

// ---- layout ------------------------------------------------------------------------------------------------------

const CSS_COLOURS = ["ink", "second", "paper", "ghost", "hairline", "fill", "active", "onActive", "activeEdge", "good", "warning", "error"];
const PHONE_LOWER = 166;
const LINES = 37 + 45 + 30 + 44 + 12; // title, formula, verdict, transport and gaps, for a text of 14 px

// Figure and curves share the height that the window leaves; on a phone they keep their own and the page scrolls.
function layout(panel) {
  const { root, view } = panel;
  const width = root.clientWidth;
  const theme = readTheme(root, width, isPresent());
  const set = (name, value) => root.style.setProperty(`--xp-${name}`, value);
  for (const name of ["text", "title", "verb", "formula"]) set(name, `${theme.size[name]}px`);
  for (const name of CSS_COLOURS) set(name, theme[name]);
  root.dataset.kind = theme.kind;
  panel.available = availableHeight(root);
  const free = panel.available - (LINES * theme.size.text) / 14;
  const phone = theme.kind === "phone";
  const figure = Math.floor(phone ? view.phoneFigure : Math.max(238, free * 0.57));
  const lower = Math.floor(phone ? PHONE_LOWER : Math.max(176, free * 0.43));
  set("figure", `${figure}px`);
  set("lower", `${lower}px`);
  const split = panel.model && view.split ? view.split(panel.model, { width, height: figure }, theme) : null;
  set("split", split ? `${split}px` : "57.5%");
  panel.theme = theme;
  panel.sizes = `${width}x${figure}x${lower}`;
  return theme;
}

export const hasMoved = (panel) => panel.root.clientWidth > 0 && Math.abs(availableHeight(panel.root) - panel.available) > 1;

function availableHeight(root) {
  const scroller = root.closest('[data-testid="stMain"]') ?? document.documentElement;
  const scrolled = scroller === document.documentElement ? 0 : scroller.scrollTop;
  const top = root.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scrolled;
  return clamp(scroller.clientHeight - top - 12, 560, 1400);
}
