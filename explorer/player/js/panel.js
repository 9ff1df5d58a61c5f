// One panel: title with the two verbs, formula, figure, curve and its neighbour, verdict, transport. It turns a run
// and the transport's position into pictures, and what people do into calls on the transport.

import { readChoice, readWhole, writeEntries } from "./address.js";
import { clamp, Transport } from "./transport.js";
import { createControls, keyAction, SPEEDS, updateControls } from "./controls.js";
import { isPresent, onPresent } from "./present.js";
import { readTheme } from "./theme.js";

const panels = new Map(); // by name: "em", "als"

export const findPanel = (name) => panels.get(name);

const VERDICT_ICONS = {
  good: '<circle cx="10" cy="10" r="7.5"/><path d="M6.5 10.2l2.5 2.5 4.5-5"/>',
  local: '<path d="M2 15c2 0 2-5 4-5s2 3 4 3 3-10 5-10 2 4 3 4"/>',
  warning: '<path d="M10 3l8 14H2zM10 8v4M10 14.5v.2"/>',
  error: '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5v5.5M10 14v.2"/>',
  plain: '<circle cx="10" cy="10" r="3"/>',
};

export function createPanel(root, view) {
  const panel = {
    root, view, model: null, hidden: null, part: "means", runId: null, problems: [], failure: null,
    transport: new Transport(view.transition, () => draw(panel)),
  };
  root.className = `xp xp-${view.name}`;
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `${view.title}, ${view.subtitle}: player`);
  root.dataset.testid = `${view.name}-player`;
  root.innerHTML = `
    <div class="xp-head"><h2>${view.title} <small>${view.subtitle}</small></h2>
      <button type="button" class="xp-settings" aria-expanded="false"></button>
      <span class="xp-verbs"><span class="xp-verb">${view.verbs[0]}</span><svg viewBox="0 0 20 20" aria-hidden="true" class="xp-swap"><path d="M3 7h13l-4-4M17 13H4l4 4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg><span class="xp-verb">${view.verbs[1]}</span></span>
      <span class="xp-busy" hidden></span></div>
    <div class="xp-formula"><span class="xp-terms"></span><span class="xp-note"></span></div>
    <div class="xp-figure"><canvas role="img"></canvas></div>
    <div class="xp-lower"><div class="xp-curve"><canvas role="img"></canvas></div><div class="xp-side"></div></div>
    <div class="xp-verdict" role="status"></div>`;
  panel.bar = createControls(view.noun);
  root.append(panel.bar);
  panel.tip = document.createElement("div");
  panel.tip.className = "xp-tip";
  panel.tip.hidden = true;
  root.append(panel.tip);
  panel.figure = root.querySelector(".xp-figure canvas");
  panel.curve = root.querySelector(".xp-curve canvas");
  panel.side = root.querySelector(".xp-side");
  if (view.drawSide) {
    panel.sideCanvas = document.createElement("canvas");
    panel.sideCanvas.setAttribute("role", "img");
    panel.side.append(panel.sideCanvas);
  }
  listen(panel);
  panels.set(view.name, panel);
  root.player = probe(panel);
  readAddress(panel);
  return panel;
}

// What tests and other tools may ask a player: its clock, and what it shows at a half step.
function probe(panel) {
  return {
    seek: (half) => panel.transport.seek(half),
    play: () => panel.transport.play(),
    pause: () => panel.transport.pause(),
    at: (half, places) => panel.view.values(panel.model, half, places),
    get frames() {
      return panel.frames ?? 0;
    },
  };
}

function readAddress(panel) {
  const speed = readChoice(`${panel.view.name}_speed`, SPEEDS, "the speed");
  const hide = readChoice("hide", [0, 1], "hiding what comes next");
  const loop = readChoice(`${panel.view.name}_loop`, [0, 1], "the loop");
  if (speed.value) panel.transport.speed = speed.value;
  if (hide.value !== undefined) panel.hidden = hide.value === 1;
  if (loop.value) panel.transport.loop = true;
  for (const { problem } of [speed, hide, loop]) if (problem) panel.problems.push(problem);
}

export function isHidden(panel) {
  return panel.hidden ?? isPresent();
}

// A message from Python: a run, what is known beyond it, or why there is none.
export function receive(panel, message) {
  if (message.role === "run") return receiveRun(panel, message);
  if (message.role === "error") {
    panel.failure = message.text;
    setBusy(panel, false);
  } else if (message.run === panel.runId) {
    Object.assign(panel.model, message.known);
    panel.model.verdict = message.verdict;
  }
  panel.drawn = null;
  draw(panel);
}

function receiveRun(panel, run) {
  panel.failure = null;
  writeEntries(run.address);
  const sameRun = run.run === panel.runId;
  const sameData = panel.model !== null && run.data_id === panel.model.data_id;
  const known = sameRun && panel.model ? { verdict: panel.model.verdict, ...panel.model.knownFields } : {};
  const chosen = sameData ? panel.view.selection(panel.model) : {};
  panel.model = Object.assign(panel.view.prepare(run), known);
  if (sameData) panel.view.select(panel.model, chosen);
  const first = panel.runId === null;
  panel.runId = run.run;
  panel.drawn = null;
  setBusy(panel, false);
  panel.root.querySelector(".xp-settings").textContent = run.summary;
  let position;
  if (first) position = firstPosition(panel, run.last);
  else if (!sameData) position = 0;
  panel.transport.replace(run.last, position);
  if (first) linkFromAddress(panel);
}

function firstPosition(panel, last) {
  const { value, problem } = readWhole(`${panel.view.name}_step`, 0, last, `half step`);
  if (problem) panel.problems.push(problem);
  return value ?? 0;
}

function linkFromAddress(panel) {
  const link = readChoice("link", [0, 1], "playing both in step");
  if (link.problem && panel.view.name === "em") panel.problems.push(link.problem);
  if (link.value === 1 && panels.size === 2 && [...panels.values()].every((other) => other.model)) {
    Transport.link([...panels.values()].map((other) => other.transport), null);
  }
}

export function setBusy(panel, busy) {
  panel.root.querySelector(".xp-busy").hidden = !busy;
}

// ---- drawing -----------------------------------------------------------------------------------------------------

function moment(panel) {
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
  if (!model) {
    // Nothing was ever drawn here: say why where the eye looks first.
    panel.root.querySelector(".xp-terms").textContent = panel.failure ?? "";
    if (root.clientWidth > 0) layout(panel);
    showVerdict(panel, null);
    return;
  }
  root.dataset.step = transport.step;
  root.dataset.lastStep = transport.last;
  root.dataset.playing = transport.playing;
  updateControls(panel.bar, { transport, noun: view.noun, hide: isHidden(panel) });
  scheduleAddress(panel);
  if (root.clientWidth === 0) return; // in a hidden tab or a closed page
  const theme = panel.theme ?? layout(panel);
  const now = moment(panel);
  const key = [now.half, now.progress, now.position, now.hide, now.active, theme.dark, theme.kind, panel.sizes].join();
  if (panel.drawn !== key) {
    panel.drawn = key;
    panel.frames = (panel.frames ?? 0) + 1;
    paint(panel.figure, (ctx, box) => view.drawFigure(ctx, model, now, box, theme));
    paint(panel.curve, (ctx, box) => view.drawCurve(ctx, model, now, box, theme));
    if (view.drawSide) paint(panel.sideCanvas, (ctx, box) => view.drawSide(ctx, model, now, box, theme));
    showText(panel, now, theme);
  }
  showVerdict(panel, now);
}

// Everything that changes only when the half step, the selection or the theme does.
function showText(panel, now, theme) {
  const { view, model } = panel;
  const key = [now.half, now.active, theme.dark, theme.kind, panel.part, JSON.stringify(view.selection(model)), panel.runId].join();
  if (panel.textKey === key) return;
  panel.textKey = key;
  const verbs = panel.root.querySelectorAll(".xp-verb");
  view.blocks.forEach((block, i) => verbs[i].classList.toggle("xp-on", now.active === block));
  const terms = panel.root.querySelector(".xp-terms");
  const note = panel.root.querySelector(".xp-note");
  if (now.half === 0) {
    terms.textContent = "";
    terms.append(Object.assign(document.createElement("span"), { className: "xp-start", textContent: `Start: ${model.explanation}` }));
    note.textContent = "";
  } else {
    const formula = view.formula(model, now.half, { ...view.selection(model), part: panel.part });
    terms.innerHTML = `${formula.html} <mark>${formula.value}</mark>`;
    note.textContent = formula.note;
  }
  if (view.side) view.side(panel.side, model, now, theme);
  panel.figure.setAttribute("aria-label", view.describe(model, now.half));
  panel.curve.setAttribute("aria-label", view.describeCurve(model, now.half));
}

function showVerdict(panel, now) {
  const element = panel.root.querySelector(".xp-verdict");
  const verdict = chooseVerdict(panel, now);
  const key = JSON.stringify(verdict);
  if (element.dataset.shown === key) return;
  element.dataset.shown = key;
  element.textContent = "";
  if (!verdict) return;
  element.className = `xp-verdict xp-${verdict.tone}`;
  const mark = verdict.tone === "good" || verdict.tone === "error" ? verdict.tone : (verdict.icon ?? verdict.tone);
  element.insertAdjacentHTML("beforeend", markOf(VERDICT_ICONS[mark] ?? VERDICT_ICONS.plain));
  element.append(Object.assign(document.createElement("b"), { textContent: verdict.word }));
  element.append(Object.assign(document.createElement("span"), { textContent: verdict.sentence, title: verdict.sentence }));
  if (verdict.dismiss) {
    const close = Object.assign(document.createElement("button"), { type: "button", className: "xp-dismiss", textContent: "OK" });
    close.addEventListener("click", () => {
      panel.problems.shift();
      showVerdict(panel, panel.model ? moment(panel) : null);
    });
    element.append(close);
  }
}

const markOf = (path) => `<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`;

function chooseVerdict(panel, now) {
  if (panel.failure) return { tone: "error", word: "Not run", sentence: panel.failure };
  if (panel.problems.length) return { tone: "warning", word: "Link", sentence: panel.problems[0], dismiss: true };
  if (!now || !panel.model.verdict) return null;
  const { tone, icon: mark, ahead, word, sentence } = panel.model.verdict;
  const atEnd = now.half === panel.model.last && now.progress === 1;
  if (now.hide && !atEnd) return { tone: "plain", word: "What comes next?", sentence: "Guess, then play." };
  return { tone, icon: mark, word: atEnd ? word : ahead, sentence };
}

function paint(canvas, drawing) {
  const width = canvas.parentElement.clientWidth;
  const height = canvas.parentElement.clientHeight;
  if (width === 0 || height === 0) return;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  drawing(ctx, { width, height });
}

// ---- layout ------------------------------------------------------------------------------------------------------

// Heights share what the window leaves; on a phone the parts keep their own heights and the page scrolls.
export function layout(panel) {
  const { root, view } = panel;
  const width = root.clientWidth;
  const theme = readTheme(root, width, isPresent());
  const { size } = theme;
  for (const name of ["text", "title", "verb", "formula"]) root.style.setProperty(`--xp-${name}`, `${size[name]}px`);
  for (const name of ["ink", "second", "paper", "ghost", "hairline", "fill", "active", "onActive", "activeEdge", "good", "warning", "error"]) root.style.setProperty(`--xp-${name}`, theme[name]);
  root.dataset.kind = theme.kind;
  const unit = size.text / 14;
  const stacked = width < 480;
  const fixedParts = (37 + 43 + 30 + 44 + 12) * unit;
  const free = availableHeight(root) - fixedParts;
  const figure = stacked ? view.phoneFigure : Math.max(238, free * 0.57) ;
  const lower = stacked ? 166 : Math.max(176, free * 0.43);
  root.style.setProperty("--xp-figure", `${Math.floor(figure)}px`);
  root.style.setProperty("--xp-lower", `${Math.floor(lower)}px`);
  const share = panel.model && view.split ? view.split(panel.model, { width, height: figure }, theme) : null;
  root.style.setProperty("--xp-split", share ? `${share}px` : "57.5%");
  panel.theme = theme;
  panel.sizes = `${width}x${Math.floor(figure)}x${Math.floor(lower)}`;
  panel.textKey = null;
  return theme;
}

function availableHeight(root) {
  const scroller = root.closest('[data-testid="stMain"]') ?? document.documentElement;
  const top = root.getBoundingClientRect().top - scroller.getBoundingClientRect().top + (scroller === document.documentElement ? 0 : scroller.scrollTop);
  return clamp(scroller.clientHeight - top - 8, 560, 1400);
}

// ---- listening ---------------------------------------------------------------------------------------------------

function listen(panel) {
  const { root, transport, bar } = panel;
  const act = (action) => actions[action](panel);
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button) act(button.dataset.action);
  });
  bar.querySelector(".xp-scrub").addEventListener("input", (event) => transport.seek(Number(event.target.value)));
  bar.querySelector(".xp-speed").addEventListener("change", (event) => transport.setSpeed(Number(event.target.value)));
  root.addEventListener("keydown", (event) => {
    const action = keyAction(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  });
  root.querySelector(".xp-formula").addEventListener("click", () => {
    panel.part = { means: "variances", variances: "weights", weights: "means" }[panel.part];
    refresh(panel);
  });
  root.querySelector(".xp-settings").addEventListener("click", (event) => {
    const open = document.documentElement.classList.toggle(`xp-${panel.view.name}-open`);
    event.currentTarget.setAttribute("aria-expanded", open);
  });
  panel.side.addEventListener("click", (event) => {
    const row = event.target.closest("[data-component]");
    if (row) choose(panel, { component: Number(row.dataset.component) });
  });
  for (const [canvas, name] of [[panel.figure, "hoverFigure"], [panel.curve, "hoverCurve"], [panel.sideCanvas, "hoverSide"]]) {
    if (!canvas) continue;
    canvas.addEventListener("pointermove", (event) => showTip(panel, canvas, hover(panel, canvas, name, event)));
    canvas.addEventListener("pointerleave", () => (panel.tip.hidden = true));
    canvas.addEventListener("click", (event) => {
      const found = hover(panel, canvas, name, event);
      if (!found) return;
      if (found.half !== undefined) transport.seek(found.half);
      else choose(panel, found);
    });
  }
  panel.observer = new ResizeObserver(() => relayout(panel));
  panel.observer.observe(root);
  // What stands above may grow or shrink: the height left to the panel changes though its width does not.
  for (let node = root.parentElement; node && node.dataset.testid !== "stMain"; node = node.parentElement) panel.observer.observe(node);
  panel.stopListening = onPresent(() => requestAnimationFrame(() => relayout(panel)));
  panel.relayout = () => relayout(panel);
  addEventListener("resize", panel.relayout);
  panel.scheme = new MutationObserver(() => relayout(panel)); // Streamlit's theme switch changes the root's variables
  for (let node = root.parentElement; node && node !== document.body; node = node.parentElement) {
    if (node.style?.cssText.includes("--st-") || node.className?.includes?.("stBidiComponent")) panel.scheme.observe(node, { attributes: true, subtree: false });
  }
  document.fonts?.ready.then(() => relayout(panel));
}

export function relayout(panel) {
  if (panel.root.clientWidth === 0) {
    panel.transport.stop();
    return;
  }
  layout(panel);
  panel.drawn = null;
  draw(panel);
}

function refresh(panel) {
  panel.drawn = null;
  panel.textKey = null;
  draw(panel);
}

function choose(panel, found) {
  panel.view.select(panel.model, found);
  refresh(panel);
}

const actions = {
  first: ({ transport }) => transport.seek(0),
  last: ({ transport }) => transport.seek(transport.last),
  back: ({ transport }) => transport.move(-1),
  forward: ({ transport }) => transport.move(1),
  full: ({ transport }) => transport.move(2 - (transport.step % 2)),
  fullBack: ({ transport }) => transport.move(transport.step % 2 === 1 ? -1 : -2),
  play: ({ transport }) => transport.toggle(),
  loop: ({ transport }) => transport.setLoop(!transport.loop),
  eye: (panel) => {
    const hide = !isHidden(panel);
    for (const other of panels.values()) {
      other.hidden = hide;
      refresh(other);
    }
  },
  link: (panel) => {
    if (panel.transport.isLinked) Transport.unlink();
    else Transport.link([...panels.values()].map((other) => other.transport), panel.transport);
  },
};

function hover(panel, canvas, name, event) {
  if (!panel.model || !panel.view[name]) return null;
  const box = canvas.getBoundingClientRect();
  return panel.view[name](canvas.getContext("2d"), panel.model, moment(panel), { width: box.width, height: box.height }, panel.theme, event.clientX - box.left, event.clientY - box.top);
}

function showTip(panel, canvas, found) {
  const { tip, root, theme } = panel;
  canvas.style.cursor = found?.half !== undefined ? "pointer" : found ? "crosshair" : "";
  tip.hidden = !found;
  if (!found) return;
  tip.textContent = "";
  for (const [left, right, component] of found.lines) {
    const row = document.createElement("div");
    const name = Object.assign(document.createElement("span"), { textContent: left });
    if (component !== undefined) {
      const swatch = Object.assign(document.createElement("i"), { className: "xp-swatch" });
      swatch.style.background = theme.components[component];
      name.prepend(swatch);
    }
    row.append(name, Object.assign(document.createElement("b"), { textContent: right }));
    tip.append(row);
  }
  const outer = root.getBoundingClientRect();
  const inner = canvas.getBoundingClientRect();
  const x = inner.left - outer.left + found.x;
  const y = inner.top - outer.top + found.y;
  tip.style.left = `${clamp(x + 14 + tip.offsetWidth > outer.width ? x - tip.offsetWidth - 14 : x + 14, 0, outer.width - tip.offsetWidth)}px`;
  tip.style.top = `${clamp(y - tip.offsetHeight / 2, 0, outer.height - tip.offsetHeight)}px`;
}

// The address follows at rest, not in every frame: browsers refuse too many changes a second.
function scheduleAddress(panel) {
  if (panel.addressTimer || panel.transport.playing) return;
  panel.addressTimer = setTimeout(() => {
    panel.addressTimer = null;
    const { transport, view } = panel;
    if (transport.playing) return;
    writeEntries({
      [`${view.name}_step`]: transport.step || null,
      [`${view.name}_speed`]: transport.speed === 1 ? null : transport.speed,
      [`${view.name}_loop`]: transport.loop ? 1 : null,
      link: transport.isLinked ? 1 : null,
      hide: panel.hidden === null ? null : Number(panel.hidden),
    });
  }, 250);
}

export function destroyPanel(panel) {
  panel.transport.stop();
  panel.observer.disconnect();
  panel.scheme.disconnect();
  panel.stopListening();
  removeEventListener("resize", panel.relayout);
  if (panels.get(panel.view.name) === panel) panels.delete(panel.view.name);
}
