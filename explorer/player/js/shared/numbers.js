// Numbers as people read them.

// Numbers as the reader writes them: a true minus sign, no exponent unless it must be, thin groups for thousands.
export function format(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return scientific(value, 2);
  const decimals = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return fixed(value, Math.min(decimals, 6));
}

export function fixed(value, decimals) {
  const text = value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1");
  const [whole, fraction] = text.replace("-", "−").split(".");
  const grouped = whole.replace(/(\d)(?=(\d{3})+$)/g, whole.replace("−", "").length > 4 ? "$1\u2009" : "$1");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export function scientific(value, digits = 1) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = [...String(Math.abs(Number(exponent)))].map((d) => SUPERSCRIPTS[Number(d)]).join("");
  const power = `10${Number(exponent) < 0 ? "⁻" : ""}${raised}`;
  return mantissa === "1" ? power : `${mantissa.replace("-", "−")}·${power}`;
}

// How many decimals tell neighbouring ticks apart.
export const decimalsOf = (step) => Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));

export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
