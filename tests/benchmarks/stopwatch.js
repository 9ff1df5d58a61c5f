// Measures inside the page, so that the time it takes to drive the page does not count. Runs before the app.

const passed = []; // what went over the websockets: [milliseconds, "sent" or "received"]
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  passed.push([performance.now(), "sent"]);
  send.call(this, data);
};
window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", () => passed.push([performance.now(), "received"]));
  }
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

window.stopwatch = {
  // Resolves when nothing has passed over the websockets for a while.
  async quiet(milliseconds) {
    while (performance.now() - (passed.at(-1)?.[0] ?? 0) < milliseconds) await pause(50);
  },

  // How often count() rose in each second.
  async rate(count, seconds) {
    const [start, before] = [performance.now(), count()];
    await pause(seconds * 1000);
    return ((count() - before) / (performance.now() - start)) * 1000;
  },

  // Times the next key until picture() has changed in the element and been painted. The parts: until the app sends, until the last
  // message before the change, until the change, until it is painted.
  keyToPicture(element, picture) {
    const before = picture();
    let pressed;
    document.addEventListener("keydown", () => (pressed = performance.now()), { capture: true, once: true });
    window.timed = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("No new picture within a minute")), 60_000);
      const observer = new MutationObserver(() => {
        const now = picture();
        if (now === before || now === undefined) return;
        observer.disconnect();
        const drawn = performance.now();
        const after = passed.filter(([when]) => when > pressed && when < drawn);
        const sent = after.find(([, way]) => way === "sent")[0];
        const received = after.findLast(([, way]) => way === "received")[0];
        // The first of these comes before the browser paints what was just drawn, the second after.
        requestAnimationFrame(() => requestAnimationFrame((painted) => {
          const moments = [pressed, sent, received, drawn, performance.now()];
          resolve(moments.slice(1).map((moment, i) => moment - moments[i]));
        }));
      });
      observer.observe(element, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  },
};
