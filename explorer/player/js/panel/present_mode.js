// Present mode: controls away, type and lines large. The page's style sheet hides what it marks.

import { readChoice, writeEntries } from "./address.js";

const listeners = new Set();
let problem = null; // what was wrong with the mode in the address

export const isPresent = () => document.documentElement.dataset.present === "1";

function setPresent(present) {
  document.documentElement.dataset.present = present ? "1" : "0";
  writeEntries({ present: present ? 1 : null });
  for (const listener of listeners) listener();
}

export function onPresent(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Once a page: take the mode from the address and let P and Escape switch it. Answers with what is wrong, if anything.
export function startPresent() {
  if (document.documentElement.dataset.present !== undefined) return problem;
  const entry = readChoice("present", [0, 1], "present mode");
  problem = entry.problem ?? null;
  document.documentElement.dataset.present = entry.value === 1 ? "1" : "0";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "p" || event.key === "P") setPresent(!isPresent());
    if (event.key === "Escape" && isPresent()) setPresent(false);
  });
  return problem;
}

const isTyping = (target) => target instanceof Element && target.closest("input:not([type=range]), textarea, select, [contenteditable=true]") !== null;

// The button that switches to it, and the one that leaves it.
export function showToolbar(parent) {
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
