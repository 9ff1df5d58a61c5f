// The clock. A position is a number of half steps: a whole number is a finished half step, anything between h - 1
// and h is half step h being made. The transport is the only thing that holds state; pictures are functions of it.

const PERIOD = 900; // milliseconds of a half step at speed 1, of which the transition takes the first part
const running = new Set();
let lastFrame = null;

export class Transport {
  // transition(h) is the milliseconds that the change of half step h is seen moving; onChange draws.
  constructor(transition, onChange) {
    this.transition = transition;
    this.onChange = onChange;
    this.last = 0;
    this.position = 0;
    this.playing = false;
    this.target = null; // where a single step is heading
    this.place = 0; // where people left it; Infinity is the end of whatever run
    this.speed = 1;
    this.loop = false;
    this.group = new Set([this]); // who plays in step with it
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // The half step that is shown: the one being made, or the one just finished.
  get step() {
    return this.target ?? Math.ceil(this.position - 1e-9);
  }

  get half() {
    return Math.ceil(this.position - 1e-9);
  }

  // How far the change of the shown half step has come: 0 just begun, 1 finished.
  get progress() {
    const half = this.half;
    const part = this.position - (half - 1);
    if (this.calm || half === 0 || part >= 1) return 1;
    return ease(Math.min(1, (part * PERIOD) / this.transition(half)));
  }

  // New run: keep the place, as far as the run goes. A short run does not forget it: the next may be longer. Other
  // data begin at a place of their own, and so does whoever plays in step with them.
  replace(last, place) {
    this.last = last;
    if (place === undefined) return this.#put(this.playing ? this.position : this.place);
    const start = this.#placeOf(place);
    for (const transport of this.group) transport.#put(start);
  }

  play() {
    // Linked runs differ in length: the shorter one waits at its end, and both begin anew only from there together.
    const anew = [...this.group].every((transport) => transport.position >= transport.last);
    this.#together((transport) => {
      transport.target = null;
      if (anew) transport.position = 0;
      if (transport.last > 0) transport.start();
      transport.onChange();
    });
  }

  pause() {
    this.#together((transport) => {
      if (running.has(transport)) transport.#rest(transport.step);
      transport.onChange();
    });
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(half) {
    const place = this.#placeOf(half);
    this.#together((transport) => {
      transport.#rest(place);
      transport.onChange();
    });
  }

  // Forward steps are seen moving; backward ones jump, as scrubbing does.
  move(delta) {
    const from = Math.max(...Array.from(this.group, (transport) => transport.step));
    if (delta < 0 || this.calm) return this.seek(from + delta);
    const place = this.#placeOf(from + delta);
    this.#together((transport) => {
      transport.stop();
      transport.position = Math.min(from, transport.last);
      transport.place = place;
      transport.target = Math.min(place, transport.last);
      transport.start(false);
      transport.onChange();
    });
  }

  // Whoever goes to the end of one run is at the end of the next, too; of linked runs the longest has the end.
  #placeOf(half) {
    const end = Math.max(...Array.from(this.group, (transport) => transport.last));
    return half > 0 && half >= end ? Infinity : Math.max(0, Math.round(half));
  }

  setSpeed(speed) {
    this.#together((transport) => {
      transport.speed = speed;
      transport.onChange();
    });
  }

  setLoop(loop) {
    this.#together((transport) => {
      transport.loop = loop;
      transport.onChange();
    });
  }

  // A transport that is no longer there must not be waited for.
  forget() {
    this.stop();
    const others = this.group;
    others.delete(this);
    this.group = new Set([this]);
    for (const transport of others) transport.onChange();
  }

  get isLinked() {
    return this.group.size > 1;
  }

  // From now on they do the same; the leader, if there is one, keeps its place, and the others come to it.
  static link(transports, leader) {
    const group = new Set(transports);
    for (const transport of transports) transport.group = group;
    if (leader) {
      leader.setSpeed(leader.speed);
      leader.setLoop(leader.loop);
      if (leader.playing) leader.play();
      else leader.seek(leader.step);
    }
    for (const transport of transports) transport.onChange();
  }

  unlink() {
    const before = [...this.group];
    for (const transport of before) transport.group = new Set([transport]);
    for (const transport of before) transport.onChange();
  }

  start(playing = true) {
    this.playing = playing;
    running.add(this);
    if (lastFrame === null) {
      lastFrame = performance.now();
      requestAnimationFrame(frame);
    }
  }

  stop() {
    this.playing = false;
    running.delete(this);
  }

  // Goes on playing from the place, or rests there where nothing is left to play for anyone linked.
  #put(place) {
    const goesOn = place < this.last || (this.last > 0 && this.loop) || [...this.group].some((other) => other !== this && other.playing);
    if (this.playing && goesOn) this.position = Math.min(place, this.last);
    else this.#rest(Math.ceil(place - 1e-9));
    this.onChange();
  }

  // Stands still at the place, or at the end of a run that does not go so far.
  #rest(place) {
    this.stop();
    this.target = null;
    this.place = place;
    this.position = Math.min(place, this.last);
  }

  advance(milliseconds) {
    if (this.target !== null) this.#approach(milliseconds);
    else this.#run(milliseconds);
    this.onChange();
  }

  // Playing: every half step takes its whole period, and the shorter of two linked runs waits for the longer one.
  #run(milliseconds) {
    this.position = Math.min(this.position + (milliseconds * this.speed) / PERIOD, this.last);
    if (this.position < this.last) return;
    const group = [...this.group];
    if (!group.every((transport) => transport.position >= transport.last)) return;
    for (const transport of group) {
      if (this.loop) transport.position = 0;
      else transport.#rest(Infinity);
      if (transport !== this) transport.onChange();
    }
  }

  // A single step: no waiting between the half steps on the way.
  #approach(milliseconds) {
    this.position += milliseconds / PERIOD;
    const half = this.half;
    if ((this.position - (half - 1)) * PERIOD >= this.transition(half)) this.position = half;
    if (this.position >= this.target) this.#rest(this.place);
  }

  #together(act) {
    for (const transport of this.group) act(transport);
  }
}

function frame(now) {
  const elapsed = Math.min(now - lastFrame, 100); // a hidden tab does not leap ahead when it is seen again
  lastFrame = now;
  for (const transport of [...running]) transport.advance(elapsed);
  if (running.size > 0) requestAnimationFrame(frame);
  else lastFrame = null;
}

// cubic-bezier(.2, 0, 0, 1) by bisection on its x polynomial.
function ease(x) {
  const bezier = (a, b, s) => 3 * a * s * (1 - s) ** 2 + 3 * b * s * s * (1 - s) + s ** 3;
  let low = 0;
  let high = 1;
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (bezier(0.2, 0, middle) < x) low = middle;
    else high = middle;
  }
  return bezier(0, 1, (low + high) / 2);
}
