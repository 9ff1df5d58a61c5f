// The line under the pictures: what became of the run, or what is in the way of one.

const VERDICT_ICONS = {
  good: '<circle cx="10" cy="10" r="7.5"/><path d="M6.5 10.2l2.5 2.5 4.5-5"/>',
  local: '<path d="M2 15c2 0 2-5 4-5s2 3 4 3 3-10 5-10 2 4 3 4"/>',
  warning: '<path d="M10 3l8 14H2zM10 8v4M10 14.5v.2"/>',
  error: '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5v5.5M10 14v.2"/>',
  plain: '<circle cx="10" cy="10" r="3"/>',
};

export function showVerdict(panel, now) {
  const line = panel.root.querySelector(".xp-verdict");
  const verdict = chooseVerdict(panel, now);
  const key = JSON.stringify(verdict);
  if (line.dataset.shown === key) return;
  line.dataset.shown = key;
  line.replaceChildren();
  if (!verdict) return;
  line.className = `xp-verdict xp-${verdict.tone}`;
  line.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${VERDICT_ICONS[verdict.tone]}</svg><b></b><span></span>`;
  line.querySelector("b").textContent = verdict.word;
  line.querySelector("span").textContent = verdict.sentence;
  if (!verdict.action) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "xp-dismiss", textContent: verdict.action });
  button.addEventListener("click", verdict.act);
  line.append(button);
}

function chooseVerdict(panel, now) {
  if (panel.failure) return { tone: "error", word: "Not run", sentence: panel.failure };
  if (panel.working) return { tone: "plain", word: "", sentence: panel.working.text, ...panel.working };
  if (panel.problems.length) return { tone: "warning", word: "Link", sentence: panel.problems[0], action: "OK", act: () => dismiss(panel) };
  if (!now) return null;
  const { tone, ahead, word, sentence } = panel.model.verdict;
  const atEnd = now.half === panel.model.last && now.progress === 1;
  if (now.hide && !atEnd) return { tone: "plain", word: "What comes next?", sentence: "Guess, then play." };
  return { tone, word: atEnd ? word : ahead, sentence };
}

function dismiss(panel) {
  panel.problems.shift();
  panel.transport.onChange();
}
