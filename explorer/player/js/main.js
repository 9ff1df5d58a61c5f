// The component's entry: Streamlit calls the default export for every message of every mounted element.

import { completionView } from "./completion/view.js";
import { mixtureView } from "./mixture/view.js";
import { writeEntries } from "./panel/address.js";
import { setBusy } from "./panel/drawing.js";
import { createPanel, destroyPanel, receive } from "./panel/panel.js";
import { showToolbar, startPresent } from "./panel/present_mode.js";
import { tellTypeSize } from "./panel/type_size.js";
import { decode } from "./shared/payload.js";

// What a panel shows, by the name that a message gives it. A view is a record of pure functions: its pictures (figure,
// curve and side) draw and are hovered over by (model, moment, box, theme); a new kind of picture is a new view.
const VIEWS = { em: mixtureView, als: completionView };
const roots = new WeakMap(); // the element that Streamlit gives -> the panel in it

export function show(component) {
  const message = decode(component.data);
  if (message.role === "toolbar") return showToolbar(component.parentElement);
  if (message.role === "type_size") return tellTypeSize(component);
  if (message.role === "address") return writeEntries(message.entries);
  return showPanel(component.parentElement, message, component.data);
}

function showPanel(parent, message, bytes) {
  const view = VIEWS[message.view];
  if (roots.has(parent) && roots.get(parent).view !== view) removePanel(parent);
  if (!roots.has(parent)) addPanel(parent, view, message);
  const panel = roots.get(parent);
  // Every change on the page sends all pictures; most of them are there already.
  if (!panel.bytes || !equal(panel.bytes, bytes)) receive(panel, message);
  panel.bytes = bytes.slice();
  return () => removePanel(parent);
}

const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

function addPanel(parent, view, message) {
  startPresent();
  const root = document.createElement("section");
  parent.append(root);
  const panel = createPanel(root, view, message);
  roots.set(parent, panel);
  panel.stopWatching = watchScript(panel);
}

function removePanel(parent) {
  const panel = roots.get(parent);
  panel.stopWatching();
  destroyPanel(panel);
  roots.delete(parent);
  panel.root.remove();
}

// A thin bar under the title when a run takes longer than 300 ms; after it, what the server had forgotten may be there.
function watchScript(panel) {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app) return () => {};
  let timer = null;
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    if (app.dataset.testScriptState === "running") timer = setTimeout(() => setBusy(panel, true), 300);
    else {
      setBusy(panel, false);
      panel.again?.();
    }
  });
  observer.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}
