// What people do with a panel: buttons, keys, clicks, hovering; and what the page does to it: sizes and themes.

import { keyAction } from "./controls.js";
import { isHidden, moment, redraw, relayout } from "./drawing.js";
import { hasMoved } from "./layout.js";
import { companyOf } from "./panels.js";
import { onPresent } from "./present_mode.js";
import { Transport } from "./transport.js";
import { clamp } from "../shared/numbers.js";

const ACTIONS = {
  first: ({ transport }) => transport.seek(0),
  last: ({ transport }) => transport.seek(Infinity), // of all that play in step, though they end at different steps
  back: ({ transport }) => transport.move(-1),
  forward: ({ transport }) => transport.move(1),
  full: ({ transport }) => transport.move(2 - (transport.step % 2)),
  fullBack: ({ transport }) => transport.move(transport.step % 2 === 1 ? -1 : -2),
  play: ({ transport }) => transport.toggle(),
  loop: ({ transport }) => transport.setLoop(!transport.loop),
  eye: (panel) => {
    const hide = !isHidden(panel);
    for (const each of companyOf(panel)) {
      each.hidden = hide;
      redraw(each);
      each.transport.onChange();
    }
  },
  link: (panel) => {
    if (panel.transport.isLinked) panel.transport.unlink();
    else Transport.link(companyOf(panel).map(({ transport }) => transport), panel.transport);
  },
};

const NEXT_PART = { means: "variances", variances: "weights", weights: "means" };

// Starts listening; the answer stops it.
export function listen(panel) {
  listenToControls(panel);
  listenToPointer(panel);
  return listenToPage(panel);
}

function listenToControls(panel) {
  const { root, transport, bar } = panel;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button) ACTIONS[button.dataset.action](panel);
  });
  bar.querySelector(".xp-scrub").addEventListener("input", (event) => transport.seek(Number(event.target.value)));
  bar.querySelector(".xp-speed").addEventListener("change", (event) => transport.setSpeed(Number(event.target.value)));
  root.addEventListener("keydown", (event) => {
    const action = keyAction(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    ACTIONS[action](panel);
  });
  root.querySelector(".xp-formula").addEventListener("click", () => {
    panel.part = NEXT_PART[panel.part];
    if (panel.model) redraw(panel);
  });
  root.querySelector(".xp-settings").addEventListener("click", (event) => {
    const open = document.documentElement.classList.toggle(`xp-${panel.slot}-open`);
    event.currentTarget.setAttribute("aria-expanded", open);
  });
  panel.side.addEventListener("click", (event) => {
    const row = event.target.closest("[data-component]");
    if (row) choose(panel, { component: Number(row.dataset.component) });
  });
}

function choose(panel, found) {
  panel.view.select(panel.model, found);
  redraw(panel);
}

function listenToPointer(panel) {
  const canvases = [[panel.figure, "figure"], [panel.curve, "curve"], [panel.sideCanvas, "side"]];
  for (const [canvas, name] of canvases.filter(([each]) => each)) {
    const show = (event) => showTip(panel, canvas, underPointer(panel, canvas, name, event));
    canvas.addEventListener("pointermove", (event) => {
      show(event);
      panel.refreshTip = () => show(event);
    });
    canvas.addEventListener("pointerleave", () => {
      panel.tip.hidden = true;
      panel.refreshTip = null;
    });
    canvas.addEventListener("click", (event) => {
      const found = underPointer(panel, canvas, name, event);
      if (found?.half !== undefined) panel.transport.seek(found.half);
      else if (found) choose(panel, found);
    });
  }
}

function underPointer(panel, canvas, name, event) {
  if (!panel.model) return null;
  const box = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  return panel.view[name].hover(canvas.getContext("2d"), panel.model, moment(panel), box, panel.theme, x, y);
}

function showTip(panel, canvas, found) {
  const { tip, root, theme } = panel;
  canvas.style.cursor = found?.half !== undefined ? "pointer" : found ? "crosshair" : "";
  tip.hidden = !found;
  if (!found) return;
  tip.replaceChildren(...found.lines.map(([left, right, component]) => tipLine(left, right, theme.components[component])));
  const outer = root.getBoundingClientRect();
  const inner = canvas.getBoundingClientRect();
  const x = inner.left - outer.left + found.x;
  const y = inner.top - outer.top + found.y;
  const right = x + 14 + tip.offsetWidth <= outer.width;
  tip.style.left = `${clamp(right ? x + 14 : x - tip.offsetWidth - 14, 0, outer.width - tip.offsetWidth)}px`;
  tip.style.top = `${clamp(y - tip.offsetHeight / 2, 0, outer.height - tip.offsetHeight)}px`;
}

function tipLine(left, right, colour) {
  const line = document.createElement("div");
  const name = Object.assign(document.createElement("span"), { textContent: left });
  if (colour) {
    const swatch = Object.assign(document.createElement("i"), { className: "xp-swatch" });
    swatch.style.background = colour;
    name.prepend(swatch);
  }
  line.append(name, Object.assign(document.createElement("b"), { textContent: right }));
  return line;
}

// The panel follows its width, what stands above it, the window's height, present mode and Streamlit's theme.
function listenToPage(panel) {
  const again = () => relayout(panel);
  const sizes = new ResizeObserver(again);
  const styles = new MutationObserver(again);
  sizes.observe(panel.root);
  for (let node = panel.root.parentElement; node && node !== document.body; node = node.parentElement) {
    if (node.dataset.testid === "stMain") break;
    sizes.observe(node);
    styles.observe(node, { attributes: true, attributeFilter: ["style", "class"] });
  }
  // What stands above can move the panel without resizing anything that is observed.
  const watch = setInterval(() => hasMoved(panel) && again(), 250);
  const stopPresent = onPresent(() => requestAnimationFrame(again));
  addEventListener("resize", again);
  document.fonts.addEventListener("loadingdone", again); // a font is loaded when it is first used: widths change
  return () => {
    clearInterval(watch);
    sizes.disconnect();
    styles.disconnect();
    stopPresent();
    removeEventListener("resize", again);
    document.fonts.removeEventListener("loadingdone", again);
  };
}
