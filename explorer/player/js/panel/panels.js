// The players on the page by slot, the name of a player's place ("em", "als", "a", "b"): what concerns several of them
// finds the others here.

export const panels = new Map();

// Those that play together with a panel, itself among them: as many as there are of those that the page has named.
export const companyOf = (panel) => panel.company.map((slot) => panels.get(slot)).filter(Boolean);

// Whether they all have a run by now.
export const isComplete = (panel) => companyOf(panel).filter(({ run }) => run !== null).length === panel.company.length;
