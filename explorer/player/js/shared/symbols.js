// What formulas are written with, as HTML made of numbers and symbols only.

import { format } from "./numbers.js";

export const v = (symbol, index = "") => `<i>${symbol}</i>${index === "" ? "" : `<sub>${index}</sub>`}`;
export const fraction = (over, under) => `<span class="xp-fraction"><span>${over}</span><span>${under}</span></span>`;
export const number = (value, digits) => `<b>${format(value, digits)}</b>`;
