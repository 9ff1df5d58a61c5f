// Where a panel is in its run and how it plays, as the address says it: what is read when it arrives, what follows while
// people use it, what goes when it goes.

import { readChoice, readEntry, readWhole, writeEntries } from "./address.js";
import { SPEEDS } from "./controls.js";
import { companyOf, isComplete, panels } from "./panels.js";
import { Transport } from "./transport.js";

const left = new Map(); // by page and slot, what the address said of a player that is gone

// The address may be another page's already while the players of the one before are still there.
export const isHere = ({ page }) => page === location.pathname;

// Takes what the address says; who comes back to a run, perhaps from another page, finds it as it was left.
export function arrive(panel, run) {
  putBack(panel, run);
  readAddress(panel);
}

function putBack({ page, slot }, run) {
  const { entries = {}, run: before } = left.get(page + slot) ?? {};
  left.delete(page + slot);
  if (run !== before) return;
  writeEntries(Object.fromEntries(Object.entries(entries).filter(([name]) => readEntry(name) === null)));
}

function readAddress(panel) {
  const { slot } = panel;
  const take = ({ value, problem }, set) => {
    if (problem && !isNamed(problem)) panel.problems.push(problem);
    if (value !== undefined) set(value);
  };
  take(readChoice(`${slot}_speed`, SPEEDS, "the speed"), (speed) => (panel.transport.speed = speed));
  take(readChoice(`${slot}_loop`, [0, 1], "the loop"), (loop) => (panel.transport.loop = loop === 1));
  take(readChoice("hide", [0, 1], "hiding what comes next"), (hide) => (panel.hidden = hide === 1));
  take(readChoice("link", [0, 1], "playing both in step"), () => {});
}

// What concerns several panels is named by the first only.
const isNamed = (problem) => [...panels.values()].some((panel) => panel.problems.includes(problem));

export function firstPosition(panel, last) {
  const { value, problem } = readWhole(`${panel.slot}_step`, 0, last, "half step");
  if (problem) panel.problems.push(problem);
  return value ?? 0;
}

// Once all are there, they are linked where the address says so or, without its word, where the page does: there,
// whoever comes later joins those that play already.
export function linkOnArrival(panel) {
  const wanted = readChoice("link", [0, 1]).value ?? Number(panel.inStep);
  if (wanted !== 1 || panel.company.length < 2 || !isComplete(panel)) return;
  const all = companyOf(panel);
  const joins = panel.inStep && readEntry(`${panel.slot}_step`) === null;
  Transport.link(all.map(({ transport }) => transport), joins ? all.find((each) => each !== panel).transport : null);
}

// What all of them say alike; not before all are there, or the first would wipe out what the last is to read.
function shared(panel) {
  if (!isComplete(panel)) return {};
  const { transport: { isLinked }, company, inStep, hidden } = panel;
  const hide = hidden === null ? null : Number(hidden);
  return company.length < 2 ? { hide } : { hide, link: isLinked === inStep ? null : Number(isLinked) };
}

const entriesOf = ({ slot, transport }) => ({
  [`${slot}_step`]: transport.step || null,
  [`${slot}_speed`]: transport.speed === 1 ? null : transport.speed,
  [`${slot}_loop`]: transport.loop ? 1 : null,
});

// The address follows at rest, not in every frame: browsers refuse too many changes a second.
export function scheduleAddress(panel) {
  if (panel.addressTimer || panel.transport.playing || panel.run === null) return;
  panel.addressTimer = setTimeout(() => {
    panel.addressTimer = null;
    if (!panel.transport.playing && isHere(panel)) writeEntries({ ...entriesOf(panel), ...shared(panel) });
  }, 250);
}

// Where a player goes, its entries go.
export function leave(panel) {
  const entries = entriesOf(panel);
  left.set(panel.page + panel.slot, { run: panel.run, entries: { ...entries, ...shared(panel) } });
  if (isHere(panel)) writeEntries(Object.fromEntries(Object.keys(entries).map((name) => [name, null])));
}
