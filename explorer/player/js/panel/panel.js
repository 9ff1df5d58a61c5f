// One panel: title with the two verbs, formula, figure, curve and its neighbour, verdict, transport. It receives what
// Python sends; address_entries.js keeps its place in the address, drawing.js draws it, input.js listens to people.

import { writeEntries } from "./address.js";
import { arrive, firstPosition, isHere, leave, linkOnArrival, scheduleAddress } from "./address_entries.js";
import { createControls } from "./controls.js";
import { draw, setBusy } from "./drawing.js";
import { listen } from "./input.js";
import { panels } from "./panels.js";
import { ask, stop } from "./questions.js";
import { Transport } from "./transport.js";

const SWAP = '<svg viewBox="0 0 20 20" aria-hidden="true" class="xp-swap"><path d="M3 7h13l-4-4M17 13H4l4 4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>';

export function createPanel(root, view, { slot, run }) {
  root.className = `xp xp-${view.name}`;
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `${view.title}, ${view.subtitle}`);
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
    known: null, // what is known beyond it, as far as it came later
    bytes: null, // the message that it came with
    asking: null, // the question to the server that is not answered
    again: null, // asks once more for what the server knew nothing of any more
    fetched: null, // where the picture was fetched that is shown, with its switches; null where it was sent
    owed: false, // whether something that was promised has not come, be it that it was not waited for
    working: null, // how far a run is that is being made, and what can be done about it
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
  if (view.side.draw) panel.side.append(Object.assign(document.createElement("canvas"), { role: "img" }));
  panel.sideCanvas = panel.side.querySelector("canvas");
  panels.set(slot, panel);
  panel.stopListening = listen(panel);
  root.player = probe(panel);
  arrive(panel, run);
  return panel;
}

export function destroyPanel(panel) {
  stop(panel);
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

// A message from Python: a run, a promise of one, or why there is none.
export function receive(panel, message) {
  Object.assign(panel, { company: message.company, inStep: message.in_step });
  panel.working = null;
  if (message.role === "promised") receivePromise(panel, message);
  else Object.assign(panel, { owed: false, fetched: null });
  if (message.role === "run") receiveRun(panel, message);
  if (message.role === "error") {
    stop(panel);
    panel.failure = message.text;
    setBusy(panel, false);
  }
  panel.drawn = null;
  draw(panel);
}

// A picture that is fetched when it is there, unless it is the one that is shown; the one before stays meanwhile. Who
// comes back to that one before another has come waits for the other no more.
function receivePromise(panel, message) {
  if (isHere(panel)) writeEntries(message.address);
  if (message.ask === panel.fetched && panel.failure === null && !panel.owed) return;
  const run = () => ask(panel, message.ask, true, (answer) => {
    if (answer.role !== "progress" && answer.role !== "gone") {
      receive(panel, answer);
      panel.fetched = message.ask;
      return false;
    }
    const gone = answer.role === "gone";
    panel.failure = gone ? answer.text : null;
    panel.working = gone ? null : { text: `${answer.text} …`, action: "Stop", act: halt };
    draw(panel);
    return !gone;
  });
  const halt = () => {
    stop(panel);
    panel.working = { text: "Stopped before it was finished.", action: "Run it", act: run };
    draw(panel);
  };
  panel.failure = null;
  panel.owed = true;
  run();
}

// What is known beyond the run that is shown.
function receiveKnown(panel, message) {
  if (message.role !== "known" || message.run !== panel.run) return false;
  panel.known = { ...message.known, verdict: message.verdict };
  panel.root.dataset.known = message.finished;
  Object.assign(panel.model, panel.known);
  panel.drawn = null;
  draw(panel);
  return !message.finished;
}

function receiveRun(panel, message) {
  const { root, view, transport, model: before } = panel;
  const first = panel.run === null;
  const sameData = before !== null && message.data_id === before.data_id;
  if (message.run !== panel.run) panel.known = null;
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
  if (message.ask) ask(panel, message.ask, false, (answer) => receiveKnown(panel, answer));
  else {
    stop(panel);
    panel.known = null; // the message says it all
  }
  root.dataset.known = !message.ask;
}
