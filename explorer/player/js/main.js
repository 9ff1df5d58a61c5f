// The component's entry: Streamlit calls the default export for every message of every mounted element.

import { createPanel, destroyPanel, receive } from "./panel.js";
import { decode } from "./payload.js";
import { setBusy } from "./picture.js";
import { setPresent, startPresent } from "./present.js";
import { panels } from "./registry.js";
import { alsView, emView } from "./views.js";

const VIEWS = { em: emView, als: alsView };
const roots = new WeakMap(); // the element that Streamlit gives -> the panel in it
const waiting = new Map(); // what arrived for a panel before its run did
const asks = new Map(); // panels whose answer is not finished, the oldest first
const PATIENCE = 10_000; // milliseconds after which a question without an answer is asked again
let askTimer = null;
let lastTouch = -Infinity;
for (const kind of ["pointerdown", "pointermove", "keydown", "input"]) {
  document.addEventListener(kind, (event) => {
    if (kind !== "pointermove" || event.buttons) lastTouch = performance.now();
  }, { capture: true, passive: true });
}

export function show(component) {
  const message = decode(component.data);
  if (message.role === "toolbar") return showToolbar(component.parentElement);
  if (message.role === "run" || message.role === "error") return showPanel(component.parentElement, message);
  return showKnown(component, message);
}

function showPanel(parent, message) {
  let panel = roots.get(parent);
  if (!panel) {
    startPresent();
    const root = document.createElement("section");
    parent.append(root);
    panel = createPanel(root, VIEWS[message.panel]);
    roots.set(parent, panel);
    panel.stopWatching = watchScript(panel);
  }
  receive(panel, message);
  if (waiting.has(message.panel)) receive(panel, waiting.get(message.panel));
  waiting.delete(message.panel);
  return () => {
    panel.stopWatching();
    destroyPanel(panel);
    roots.delete(parent);
    panel.root.remove();
  };
}

// What is known beyond the run comes in slices: an unfinished answer is asked for again when the page is idle.
function showKnown(component, message) {
  const panel = panels.get(message.panel);
  if (panel) receive(panel, message);
  else waiting.set(message.panel, message);
  asks.delete(message.panel);
  if (!message.finished) asks.set(message.panel, { component, slice: message.slice });
  scheduleAsk();
}

// One question at a time, and none while a run plays to its end or somebody is at the controls: people come first.
function scheduleAsk() {
  clearTimeout(askTimer);
  const ask = asks.values().next().value;
  if (!ask) return;
  const now = performance.now();
  const earliest = ask.asked === undefined ? now + (ask.slice === 0 ? 250 : 20) : ask.asked + PATIENCE;
  askTimer = setTimeout(() => {
    const playing = [...panels.values()].some(({ transport }) => transport.playing && !transport.loop);
    if (!playing && lastTouch + 250 <= performance.now()) {
      ask.asked = performance.now();
      ask.component.setTriggerValue("ask", ask.slice);
    }
    scheduleAsk();
  }, Math.max(earliest, lastTouch + 250) - now);
}

// A thin bar under the title when a run takes longer than 300 ms.
function watchScript(panel) {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app) return () => {};
  let timer = null;
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    if (app.dataset.testScriptState === "running") timer = setTimeout(() => setBusy(panel, true), 300);
    else setBusy(panel, false);
  });
  observer.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}

function showToolbar(parent) {
  if (parent.querySelector(".xp-toolbar")) return;
  const problem = startPresent();
  const bar = document.createElement("div");
  bar.className = "xp-toolbar";
  bar.innerHTML = `
    <button type="button" class="xp-present" title="Controls away, type and lines large (P)">Present <kbd>P</kbd></button>
    <button type="button" class="xp-leave" title="Leave present mode (P or Esc)" aria-label="Leave present mode">×</button>`;
  bar.querySelector(".xp-present").addEventListener("click", () => setPresent(true));
  bar.querySelector(".xp-leave").addEventListener("click", () => setPresent(false));
  if (problem) bar.append(Object.assign(document.createElement("span"), { className: "xp-problem", textContent: problem }));
  parent.append(bar);
}
