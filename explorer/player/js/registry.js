// The panels on the page by name ("em", "als"): what concerns both finds the other here.

export const panels = new Map();
