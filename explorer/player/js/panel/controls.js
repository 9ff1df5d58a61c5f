// The transport bar: buttons, scrubber, speed, loop, "hide what comes next" and the link between two players.

const ICONS = {
  first: '<path d="M5 4v12M16 4l-8 6 8 6z"/>',
  back: '<path d="M13 4l-7 6 7 6"/>',
  play: '<path d="M6 3.5v13l11-6.5z" fill="currentColor"/>',
  pause: '<path d="M6.5 4v12M13.5 4v12" stroke-width="3.4"/>',
  forward: '<path d="M7 4l7 6-7 6"/>',
  full: '<path d="M4 4l6 6-6 6M10.5 4l6 6-6 6"/>',
  last: '<path d="M15 4v12M4 4l8 6-8 6z"/>',
  loop: '<path d="M4 9a6 5 0 0 1 10-3l2 2M16 4v4h-4M16 11a6 5 0 0 1-10 3l-2-2M4 16v-4h4"/>',
  eye: '<path d="M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10z"/><circle cx="10" cy="10" r="2.4"/>',
  eyeOff: '<path d="M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10z"/><path d="M4 17L16 3"/>',
  link: '<path d="M8.5 11.5a3.2 3.2 0 0 0 4.6.2l2.8-2.8a3.2 3.2 0 0 0-4.5-4.5l-1.3 1.2M11.5 8.5a3.2 3.2 0 0 0-4.6-.2l-2.8 2.8a3.2 3.2 0 0 0 4.5 4.5l1.3-1.2"/>',
};

const icon = (name) => `<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${ICONS[name]}</svg>`;

export const SPEEDS = [0.5, 1, 2, 4, 8, 16, 32];

const BUTTONS = [
  ["first", "Back to the start (Home)"],
  ["back", "Half step back (←)"],
  ["play", "Play or pause (Space)"],
  ["forward", "Half step forward (→)"],
  ["full", "Full step forward (Shift →)"],
  ["last", "To the end (End)"],
];

export function createControls(noun) {
  const bar = document.createElement("div");
  bar.className = "xp-transport";
  const button = (name, label) => `<button type="button" class="xp-button xp-${name}" data-action="${name}" aria-label="${label}" title="${label}">${icon(name)}</button>`;
  bar.innerHTML = `
    ${BUTTONS.map(([name, label]) => button(name, label)).join("")}
    <input type="range" class="xp-scrub" min="0" max="0" step="1" value="0" aria-label="Half step" title="Scrub">
    <span class="xp-count" aria-live="off"><span class="xp-noun">${noun} </span><b>0</b> of <span class="xp-total">0</span></span>
    <select class="xp-speed" aria-label="Speed" title="Speed">
      ${SPEEDS.map((speed) => `<option value="${speed}"${speed === 1 ? " selected" : ""}>${speed === 0.5 ? "½" : speed}×</option>`).join("")}
    </select>
    ${button("loop", "Play again and again (L)")}
    ${button("eye", "Hide what comes next (H)")}
    ${button("link", "Play both panels in step (K)")}`;
  return bar;
}

export function updateControls(bar, { transport, noun, hide, alone }) {
  const find = (selector) => bar.querySelector(selector);
  const state = `${transport.playing},${transport.loop},${hide},${transport.isLinked},${alone},${transport.last},${transport.speed}`;
  if (bar.dataset.state !== state) {
    bar.dataset.state = state;
    find(".xp-play").innerHTML = icon(transport.playing ? "pause" : "play");
    find(".xp-play").setAttribute("aria-pressed", transport.playing);
    find(".xp-loop").setAttribute("aria-pressed", transport.loop);
    find(".xp-eye").setAttribute("aria-pressed", hide);
    find(".xp-eye").innerHTML = icon(hide ? "eyeOff" : "eye");
    find(".xp-link").setAttribute("aria-pressed", transport.isLinked);
    find(".xp-link").hidden = alone;
    find(".xp-scrub").max = transport.last;
    find(".xp-total").textContent = Math.ceil(transport.last / 2);
    find(".xp-speed").value = transport.speed;
  }
  const scrub = find(".xp-scrub");
  if (Number(scrub.value) !== transport.step) scrub.value = transport.step;
  scrub.style.setProperty("--done", `${transport.last ? (100 * transport.position) / transport.last : 0}%`);
  const count = String(Math.ceil(transport.step / 2));
  const shown = find(".xp-count b");
  if (shown.textContent !== count) {
    shown.textContent = count;
    scrub.setAttribute("aria-valuetext", `${noun} ${count} of ${Math.ceil(transport.last / 2)}`);
  }
}

// What a key does, for a player that has the focus; null for keys that are not the player's.
export function keyAction(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const onButton = event.target instanceof Element && event.target.closest("button, select, a");
  if (onButton && (event.key === " " || event.key === "Enter" || event.target.closest("select"))) return null;
  const full = event.shiftKey;
  const actions = {
    " ": "play", ArrowRight: full ? "full" : "forward", ArrowLeft: full ? "fullBack" : "back",
    PageDown: "full", PageUp: "fullBack", Home: "first", End: "last",
    l: "loop", L: "loop", h: "eye", H: "eye", k: "link", K: "link",
  };
  return actions[event.key] ?? null;
}
