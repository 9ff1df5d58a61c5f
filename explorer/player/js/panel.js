// One panel: title with the two verbs, formula, figure, curve and its neighbour, verdict, transport. It receives what
// Python sends and keeps the place in the run; picture.js draws it and input.js listens to people.

import { readChoice, readWhole, writeEntries } from "./address.js";
import { createControls, SPEEDS } from "./controls.js";
import { listen } from "./input.js";
import { draw, setBusy } from "./picture.js";
import { panels } from "./registry.js";
import { Transport } from "./transport.js";

const SWAP = '<svg viewBox="0 0 20 20" aria-hidden="true" class="xp-swap"><path d="M3 7h13l-4-4M17 13H4l4 4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>';

export function createPanel(root, view) {
  root.className = `xp xp-${view.name}`;
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `${view.title}, ${view.subtitle}: player`);
  root.dataset.testid = `${view.name}-player`;
  root.innerHTML = `
    <div class="xp-head"><h2>${view.title} <small>${view.subtitle}</small></h2>
      <button type="button" class="xp-settings" aria-expanded="false"></button>
      <span class="xp-verbs"><span class="xp-verb">${view.verbs[0]}</span>${SWAP}<span class="xp-verb">${view.verbs[1]}</span></span>
      <span class="xp-busy" hidden></span></div>
    <div class="xp-formula" title="Click for another formula"><span class="xp-terms"></span><span class="xp-note"></span></div>
    <div class="xp-figure"><canvas role="img"></canvas></div>
    <div class="xp-lower"><div class="xp-curve"><canvas role="img"></canvas></div><div class="xp-side"></div></div>
    <div class="xp-verdict" role="status"></div>`;
  const panel = {
    root, view,
    bar: createControls(view.noun),
    tip: Object.assign(document.createElement("div"), { className: "xp-tip", hidden: true }),
    figure: root.querySelector(".xp-figure canvas"),
    curve: root.querySelector(".xp-curve canvas"),
    side: root.querySelector(".xp-side"),
    model: null, // the run, made ready for drawing
    run: null, // its identity
    known: null, // what is known beyond it
    failure: null, // why there is no run for the present settings
    problems: [], // what was wrong with the link
    hidden: null, // whether what comes next is hidden; null leaves it to present mode
    part: "means", // what the M step's formula is about
    refreshTip: null, // shows again what lies under the pointer
    frames: 0,
  };
  panel.transport = new Transport(view.transition, () => {
    draw(panel);
    scheduleAddress(panel);
  });
  root.append(panel.bar, panel.tip);
  if (view.drawSide) panel.side.append(Object.assign(document.createElement("canvas"), { role: "img" }));
  panel.sideCanvas = panel.side.querySelector("canvas");
  panels.set(view.name, panel);
  panel.stopListening = listen(panel);
  root.player = probe(panel);
  readAddress(panel);
  return panel;
}

export function destroyPanel(panel) {
  panel.transport.forget();
  clearTimeout(panel.addressTimer);
  panel.stopListening();
  if (panels.get(panel.view.name) === panel) panels.delete(panel.view.name);
}

// What tests and other tools may ask a player: its clock, and what it shows at a half step.
function probe(panel) {
  const { transport, view } = panel;
  return {
    seek: (half) => transport.seek(half),
    play: () => transport.play(),
    pause: () => transport.pause(),
    at: (half, places) => view.values(panel.model, half, places),
    get frames() {
      return panel.frames;
    },
  };
}

// A message from Python: a run, what is known beyond it, or why there is none.
export function receive(panel, message) {
  if (message.role === "run") receiveRun(panel, message);
  else if (message.role === "error") {
    panel.failure = message.text;
    setBusy(panel, false);
  } else if (message.run === panel.run) {
    panel.known = { ...message.known, verdict: message.verdict };
    panel.root.dataset.known = message.finished;
    Object.assign(panel.model, panel.known);
  }
  panel.drawn = null;
  draw(panel);
}

function receiveRun(panel, message) {
  const { view, transport, model: before } = panel;
  const first = panel.run === null;
  const sameData = before !== null && message.data_id === before.data_id;
  if (message.run !== panel.run) {
    panel.known = null;
    panel.root.dataset.known = false;
  }
  panel.failure = null;
  panel.run = message.run;
  panel.model = Object.assign(view.prepare(message), panel.known);
  if (sameData) view.select(panel.model, view.selection(before));
  panel.textKey = null;
  panel.theme = null; // another rank, another layout
  setBusy(panel, false);
  panel.root.querySelector(".xp-settings").textContent = message.summary;
  writeEntries(message.address);
  if (first) {
    transport.replace(message.last, firstPosition(panel, message.last));
    linkFromAddress();
  } else {
    transport.replace(message.last, sameData ? undefined : 0);
  }
}

// ---- the address -------------------------------------------------------------------------------------------------

function readAddress(panel) {
  const { name } = panel.view;
  const take = ({ value, problem }, set) => {
    if (problem && !isNamed(problem)) panel.problems.push(problem);
    if (value !== undefined) set(value);
  };
  take(readChoice(`${name}_speed`, SPEEDS, "the speed"), (speed) => (panel.transport.speed = speed));
  take(readChoice(`${name}_loop`, [0, 1], "the loop"), (loop) => (panel.transport.loop = loop === 1));
  take(readChoice("hide", [0, 1], "hiding what comes next"), (hide) => (panel.hidden = hide === 1));
  take(readChoice("link", [0, 1], "playing both in step"), () => {});
}

// What concerns both panels is named by the first only.
const isNamed = (problem) => [...panels.values()].some((panel) => panel.problems.includes(problem));

function firstPosition(panel, last) {
  const { value, problem } = readWhole(`${panel.view.name}_step`, 0, last, "half step");
  if (problem) panel.problems.push(problem);
  return value ?? 0;
}

function linkFromAddress() {
  const all = [...panels.values()];
  if (readChoice("link", [0, 1]).value !== 1 || all.length < 2 || !all.every((panel) => panel.model)) return;
  Transport.link(all.map((panel) => panel.transport), null);
}

// What both panels say alike; not before both are there, or the first would wipe out what the second is to read.
function shared({ transport, hidden }) {
  const all = [...panels.values()];
  if (all.length < 2 || all.some((panel) => panel.run === null)) return {};
  return { link: transport.isLinked ? 1 : null, hide: hidden === null ? null : Number(hidden) };
}

// The address follows at rest, not in every frame: browsers refuse too many changes a second.
function scheduleAddress(panel) {
  if (panel.addressTimer || panel.transport.playing || panel.run === null) return;
  panel.addressTimer = setTimeout(() => {
    panel.addressTimer = null;
    const { transport, view } = panel;
    if (transport.playing) return;
    writeEntries({
      [`${view.name}_step`]: transport.step || null,
      [`${view.name}_speed`]: transport.speed === 1 ? null : transport.speed,
      [`${view.name}_loop`]: transport.loop ? 1 : null,
      ...shared(panel),
    });
  }, 250);
}
