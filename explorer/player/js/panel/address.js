// The page's address holds every setting and the step, so that a copied link shows the same picture. Entries are
// replaced in place: stepping through a run must not fill the browser's history.

export function readEntry(name) {
  return new URLSearchParams(location.search).get(name);
}

// Sets the given entries; an entry that is null or undefined is removed.
export function writeEntries(entries) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(entries)) {
    if (value === null || value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const search = query.toString();
  const address = `${location.pathname}${search ? `?${search}` : ""}${location.hash}`;
  if (address !== `${location.pathname}${location.search}${location.hash}`) history.replaceState(history.state, "", address);
}

// A whole number between low and high from the address: { value } or, where the entry is wrong, { problem }.
export function readWhole(name, low, high, meaning) {
  const entry = readEntry(name);
  if (entry === null) return {};
  const value = Number(entry);
  if (/^\d+$/.test(entry) && value >= low && value <= high) return { value };
  return { problem: `The link asks for ${meaning} “${entry.slice(0, 40)}”; it must be a whole number from ${low} to ${high}.` };
}

// One of the given words or numbers from the address.
export function readChoice(name, choices, meaning) {
  const entry = readEntry(name);
  if (entry === null) return {};
  const value = choices.find((choice) => String(choice) === entry);
  if (value !== undefined) return { value };
  return { problem: `The link asks for ${meaning} “${entry.slice(0, 40)}”; it must be one of ${choices.join(", ")}.` };
}
