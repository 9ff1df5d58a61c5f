// What the server works out for a player comes over an address of its own: a picture that takes long or is large, and
// what is known beyond a run. The server answers within a second or so, with what there is by then.

import { panels } from "./panels.js";
import { decode } from "../shared/payload.js";

const PATIENCE = 250; // milliseconds for which nobody touches anything before what nobody waits for is asked
const RETRY = 2000; // ... and after which a question is asked again that did not get through

let lastTouch = -Infinity;
for (const kind of ["pointerdown", "pointermove", "keydown", "input"]) {
  document.addEventListener(kind, (event) => {
    if (kind !== "pointermove" || event.buttons) lastTouch = performance.now();
  }, { capture: true, passive: true });
}

// Asks for a panel until `take(message)` says that there is no more to ask, or `stop` is called for the panel; a new
// question takes the place of the one before. urgent: somebody waits for it; else people and playing runs come first.
// What the server knows nothing of any more, as it was started anew, it promises again in the same words whenever it
// draws the page, which Streamlit then finds unchanged and does not hand on: `panel.again` is called after that.
export async function ask(panel, path, urgent, take) {
  stop(panel);
  const { signal } = (panel.asking = new AbortController());
  const resting = () => lastTouch + PATIENCE <= performance.now() && ![...panels.values()].some(({ transport }) => transport.playing && !transport.loop);
  if (!urgent) await sleep(PATIENCE);
  while (!signal.aborted) {
    if (urgent || resting()) {
      const message = await fetched(panel.page, path, signal);
      if (signal.aborted) return;
      if (message?.role === "gone") panel.again = () => ask(panel, path, urgent, take);
      if (message !== null && !take(message)) return;
      await sleep(message === null ? RETRY : 0);
    } else {
      await sleep(PATIENCE);
    }
  }
}

export function stop(panel) {
  panel.asking?.abort();
  panel.asking = panel.again = null;
}

const GONE = "The server has forgotten this run; change a setting, or load the page again.";
const FAILED = "Something failed here, and it is the explorer's fault; its log says what. Change a setting, or load the page again.";

// A message; { role: "gone" } and why where none will come, null where there was no answer.
async function fetched(page, path, signal) {
  try {
    // Players that ask are on the page at the root, which a proxy may have put below another.
    const answer = await fetch(`${page.replace(/\/?$/, "/")}${path}`, { signal });
    if (answer.ok) return decode(new Uint8Array(await answer.arrayBuffer()));
    if (answer.status > 500) return null; // a proxy says that the server does not answer
    return { role: "gone", text: answer.status === 500 ? FAILED : GONE };
  } catch {
    return null;
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
