// Measures inside the page, so that the time it takes to drive the page does not count. Runs before the app.

const wire = []; // what went over the websockets: [milliseconds, "sent" or "received"]
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  wire.push([performance.now(), "sent"]);
  send.call(this, data);
};
window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", () => wire.push([performance.now(), "received"]));
  }
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

window.stopwatch = {
  // Resolves when nothing has passed over the websockets for a while.
  async quiet(milliseconds) {
    while (performance.now() - (wire.at(-1)?.[0] ?? 0) < milliseconds) await pause(50);
  },

  // Frames of the screen a second in which value() is another than in the frame before.
  rate(value, seconds) {
    return new Promise((resolve) => {
      const start = performance.now();
      let [changes, last] = [0, value()];
      const look = () => {
        const now = value();
        if (now !== last) changes += 1;
        last = now;
        const passed = (performance.now() - start) / 1000;
        if (passed < seconds) requestAnimationFrame(look);
        else resolve(changes / passed);
      };
      requestAnimationFrame(look);
    });
  },

  // Times the next key until picture(), which shows in the element, has changed and been painted. window.timed holds
  // the parts: until the app sends, until the last message before the change, until the change, until it is painted.
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
        const after = wire.filter(([when]) => when > pressed && when < drawn);
        const sent = after.find(([, way]) => way === "sent")[0];
        const received = after.findLast(([, way]) => way === "received")[0];
        // The first of these comes before the browser paints what was just drawn, the second after.
        requestAnimationFrame(() => requestAnimationFrame(() => {
          const moments = [pressed, sent, received, drawn, performance.now()];
          resolve(moments.slice(1).map((moment, i) => moment - moments[i]));
        }));
      });
      observer.observe(element, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  },
};
