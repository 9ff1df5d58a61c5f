// How large what a panel holds is drawn, and in which colours.

import { isPresent } from "./present_mode.js";
import { clamp } from "../shared/numbers.js";
import { readTheme } from "../shared/theme.js";

const CSS_COLOURS = ["ink", "second", "paper", "ghost", "hairline", "fill", "active", "onActive", "activeEdge", "good", "warning", "error"];
const PHONE_LOWER = 166;
const LINES = 37 + 45 + 30 + 44 + 12; // title, formula, verdict, transport and gaps, for a text of 14 px

// Figure and curves share the height that the window leaves; on a phone they keep their own and the page scrolls.
export function layout(panel) {
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
