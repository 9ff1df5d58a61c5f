// The component's entry: Streamlit calls the default export for every message of every mounted element.

import { writeEntries } from "./address.js";
import { createPanel, destroyPanel, receive } from "./panel.js";
import { decode } from "./payload.js";
import { setBusy } from "./picture.js";
import { isPresent, onPresent, setPresent, startPresent } from "./present.js";
import { alsView, emView } from "./views.js";

const VIEWS = { em: emView, als: alsView };
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

// Charts that Python draws cannot see how wide the page is, nor whether it is projected.
function tellTypeSize(component) {
  let { size: told } = decode(component.data);
  const tell = () => {
    const size = isPresent() ? "present" : innerWidth >= 1700 ? "large" : innerWidth < 640 ? "phone" : "normal";
    if (size !== told) component.setStateValue("size", (told = size));
  };
  let timer = null;
  const onResize = () => {
    clearTimeout(timer);
    timer = setTimeout(tell, 250);
  };
  startPresent();
  tell();
  addEventListener("resize", onResize);
  const forget = onPresent(tell);
  return () => {
    clearTimeout(timer);
    removeEventListener("resize", onResize);
    forget();
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
