// Colours and sizes. Every hue has one job: component hues mean components only, purple to orange means matrix
// values only, yellow means "what this half step changes"; all curves are ink.

const LIGHT = {
  ink: "#1B1F24", second: "#4D5763", paper: "#FFFFFF", ghost: "#7D8792", hairline: "#D7DCE1", fill: "#F2F4F6",
  coming: "#C6CDD4", histogram: "#E6E9EC", histogramEdge: "#838C96",
  active: "#FFD84D", onActive: "#1B1F24", activeEdge: "#1B1F24",
  good: "#0B7A4B", warning: "#9A5B00", error: "#B3261E",
  matrix: ["#4A2E91", "#9B8BCB", "#DEDBD5", "#EBA75F", "#BC5408"],
  components: ["#394CB4", "#B83C21", "#088D8A", "#822E69", "#CA7E01", "#0C99EE", "#5A2F06", "#6D9F5E", "#4A2487", "#D05587"],
  digits: ["#FFF", "#FFF", "#FFF", "#FFF", "#1B1F24", "#1B1F24", "#FFF", "#1B1F24", "#FFF", "#FFF"],
};

const DARK = {
  ink: "#EDF0F3", second: "#AEB7C1", paper: "#15181C", ghost: "#8F99A4", hairline: "#363D45", fill: "#22272D",
  coming: "#4A525B", histogram: "#2C333A", histogramEdge: "#79838E",
  active: "#FFD84D", onActive: "#1B1F24", activeEdge: "#FFD84D",
  good: "#5DD39E", warning: "#F2B84B", error: "#FF8A80",
  matrix: ["#AB93F5", "#6F5DAE", "#3B4148", "#A5652A", "#F7AE55"],
  components: ["#838CF9", "#E57534", "#69EFFB", "#8D6689", "#FFC44D", "#72BFFC", "#B15E38", "#BCDBAC", "#716BCC", "#CE94B4"],
  digits: Array(10).fill("#15181C"),
};

// Colour never stands alone: components 1 to 5 differ in dash, 6 to 10 repeat them in other hues.
const DASHES = [[], [9, 4], [3, 3], [12, 4, 3, 4], [6, 3, 2, 3, 2, 3]];

export const dashOf = (component) => DASHES[component % 5];

// Font sizes and line widths in CSS pixels, by the panel's width and whether the page is in present mode.
const SIZES = {
  phone: { text: 14, title: 20, verb: 15, formula: 15, mixture: 3.2, component: 2 },
  normal: { text: 14, title: 21, verb: 16, formula: 16.5, mixture: 3.2, component: 2 },
  large: { text: 17, title: 28, verb: 21, formula: 22, mixture: 4, component: 2.6 },
  present: { text: 18, title: 26, verb: 20, formula: 21, mixture: 4, component: 3 },
};

export function readTheme(element, width, present) {
  const style = getComputedStyle(element);
  const background = style.getPropertyValue("--st-background-color").trim() || "#FFFFFF";
  const dark = luminance(background) < 0.4;
  const kind = width < 480 ? "phone" : present ? "present" : width < 800 ? "normal" : "large";
  const size = { ...SIZES[kind] };
  if (kind === "present" && width > 700) scaleSizes(size, Math.min(width / 612, 1.6));
  return { ...(dark ? DARK : LIGHT), dark, kind, size, font: style.getPropertyValue("--st-font").trim() || "sans-serif" };
}

function scaleSizes(size, factor) {
  for (const name of Object.keys(size)) size[name] *= factor;
}

function luminance(colour) {
  const [red, green, blue] = rgb(colour);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

export function rgb(colour) {
  if (colour.startsWith("#")) {
    const digits = colour.length === 4 ? [...colour.slice(1)].map((d) => d + d).join("") : colour.slice(1, 7);
    return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
  }
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

export function withAlpha(colour, alpha) {
  return `rgba(${rgb(colour).join(",")},${alpha})`;
}

// A lookup table from a value in [-1, 1] to a colour on the five-point scale, as packed 32-bit pixels (ABGR in
// memory order on every platform that runs a browser).
export function matrixColours(theme, steps = 512) {
  const stops = theme.matrix.map(rgb);
  const table = new Uint32Array(steps);
  for (let i = 0; i < steps; i++) {
    const position = (i / (steps - 1)) * (stops.length - 1);
    const left = Math.min(Math.floor(position), stops.length - 2);
    const [red, green, blue] = stops[left].map((c, j) => Math.round(c + (stops[left + 1][j] - c) * (position - left)));
    table[i] = (255 << 24) | (blue << 16) | (green << 8) | red;
  }
  return table;
}
