// One panel: title with the two verbs, formula, figure, curve and its neighbour, verdict, transport. It receives what
// Python sends and keeps the place in the run; picture.js draws it and input.js listens to people.

import { readChoice, readEntry, readWhole, writeEntries } from "./address.js";
import { createControls, SPEEDS } from "./controls.js";
import { listen } from "./input.js";
import { draw, setBusy } from "./picture.js";
import { companyOf, isComplete, panels } from "./registry.js";
import { Transport } from "./transport.js";

const SWAP = '<svg viewBox="0 0 20 20" aria-hidden="true" class="xp-swap"><path d="M3 7h13l-4-4M17 13H4l4 4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>';

const left = new Map(); // by page and slot, what the address said of a player that is gone

export function createPanel(root, view, { slot, run }) {
  root.className = `xp xp-${view.name}`;
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.dataset.testid = `${slot}-player`;
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
    root, view, slot,
    page: location.pathname,
    company: [slot], // the slots that play together
    inStep: false, // whether they do so until somebody says otherwise
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
  panels.set(slot, panel);
  panel.stopListening = listen(panel);
  root.player = probe(panel);
  putBack(panel, run);
  readAddress(panel);
  return panel;
}

export function destroyPanel(panel) {
  leave(panel);
  panel.transport.forget();
  clearTimeout(panel.addressTimer);
  panel.stopListening();
  if (panels.get(panel.slot) === panel) panels.delete(panel.slot);
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
  const before = panel.run;
  if (message.role !== "known") Object.assign(panel, { company: message.company, inStep: message.in_step });
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
  if (message.role === "run" && message.run !== before) reveal(panel);
}

// A replay stands below what it was chosen from, perhaps out of sight.
function reveal({ root, transport }) {
  const replay = root.closest(".st-key-replay");
  if (!replay || replay.getBoundingClientRect().top < innerHeight / 2) return;
  replay.scrollIntoView({ behavior: transport.calm ? "auto" : "smooth" });
}

function receiveRun(panel, message) {
  const { root, view, transport, model: before } = panel;
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
  root.setAttribute("aria-label", `${view.title}, ${view.subtitle}: ${message.summary}`);
  root.querySelector(".xp-settings").textContent = message.summary;
  if (isHere(panel)) writeEntries(message.address);
  if (first) {
    transport.replace(message.last, firstPosition(panel, message.last));
    linkOnArrival(panel);
  } else {
    transport.replace(message.last, sameData ? undefined : 0);
  }
}

// ---- the address -------------------------------------------------------------------------------------------------

function readAddress(panel) {
  const { slot } = panel;
  const take = ({ value, problem }, set) => {
    if (problem && !isNamed(problem)) panel.problems.push(problem);
    if (value !== undefined) set(value);
  };
  take(readChoice(`${slot}_speed`, SPEEDS, "the speed"), (speed) => (panel.transport.speed = speed));
  take(readChoice(`${slot}_loop`, [0, 1], "the loop"), (loop) => (panel.transport.loop = loop === 1));
  take(readChoice("hide", [0, 1], "hiding what comes next"), (hide) => (panel.hidden = hide === 1));
  take(readChoice("link", [0, 1], "playing both in step"), () => {});
}

// What concerns several panels is named by the first only.
const isNamed = (problem) => [...panels.values()].some((panel) => panel.problems.includes(problem));

function firstPosition(panel, last) {
  const { value, problem } = readWhole(`${panel.slot}_step`, 0, last, "half step");
  if (problem) panel.problems.push(problem);
  return value ?? 0;
}

// Once all are there, they are linked where the address says so or, without its word, where the page does: there,
// whoever comes later joins those that play already.
function linkOnArrival(panel) {
  const wanted = readChoice("link", [0, 1]).value ?? Number(panel.inStep);
  if (wanted !== 1 || panel.company.length < 2 || !isComplete(panel)) return;
  const all = companyOf(panel);
  const joins = panel.inStep && readEntry(`${panel.slot}_step`) === null;
  Transport.link(all.map(({ transport }) => transport), joins ? all.find((each) => each !== panel).transport : null);
}

// What all of them say alike; not before all are there, or the first would wipe out what the last is to read.
function shared(panel) {
  if (!isComplete(panel)) return {};
  const { transport: { isLinked }, company, inStep, hidden } = panel;
  const hide = hidden === null ? null : Number(hidden);
  return company.length < 2 ? { hide } : { hide, link: isLinked === inStep ? null : Number(isLinked) };
}

const entriesOf = ({ slot, transport }) => ({
  [`${slot}_step`]: transport.step || null,
  [`${slot}_speed`]: transport.speed === 1 ? null : transport.speed,
  [`${slot}_loop`]: transport.loop ? 1 : null,
});

// The address follows at rest, not in every frame: browsers refuse too many changes a second.
function scheduleAddress(panel) {
  if (panel.addressTimer || panel.transport.playing || panel.run === null) return;
  panel.addressTimer = setTimeout(() => {
    panel.addressTimer = null;
    if (!panel.transport.playing && isHere(panel)) writeEntries({ ...entriesOf(panel), ...shared(panel) });
  }, 250);
}

// The address may be another page's already while the players of the one before are still there.
const isHere = ({ page }) => page === location.pathname;

// Where a player goes, its entries go.
function leave(panel) {
  const entries = entriesOf(panel);
  left.set(panel.page + panel.slot, { run: panel.run, entries: { ...entries, ...shared(panel) } });
  if (isHere(panel)) writeEntries(Object.fromEntries(Object.keys(entries).map((name) => [name, null])));
}

// Who comes back to a run, perhaps from another page, finds it as it was left.
function putBack({ page, slot }, run) {
  const { entries = {}, run: before } = left.get(page + slot) ?? {};
  left.delete(page + slot);
  if (run !== before) return;
  writeEntries(Object.fromEntries(Object.entries(entries).filter(([name]) => readEntry(name) === null)));
}
