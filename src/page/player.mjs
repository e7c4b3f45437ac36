// Goes through frames at a pace that can be followed. Knows nothing of what they show.

const shortest = 450; // milliseconds of an event that follows at once
const perTenfold = 260; // more for each tenfold of the wait before it
const longestWhole = 60000; // of all frames together, at normal speed
export const speeds = [0.25, 0.5, 1, 2, 4];

/// `frames` have an `event` with `at` in microseconds; `show(index, progress, isPlaying)` draws one. Where
/// `still` is true nothing moves within a frame.
export class Player {
  index = 0;
  speed = 1;
  isPlaying = false;
  #frames;
  #show;
  #still;
  #progress = 1;
  #until = Infinity;
  #last = 0;
  #request = 0;

  constructor(frames, show, still) {
    this.#frames = frames;
    this.#show = show;
    this.#still = still;
  }

  get count() {
    return this.#frames.length;
  }

  setFrames(frames) {
    this.#frames = frames;
    this.index = Math.min(this.index, frames.length - 1);
  }

  toggle() {
    if (this.isPlaying) return this.pause();
    if (this.index >= this.count - 1 && this.#progress === 1) this.#begin(0);
    this.#until = Infinity;
    this.#run();
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.#request);
    this.#progress = 1;
    this.#tell();
  }

  /// To the event `by` further, shown as it happens.
  step(by) {
    const index = Math.max(0, Math.min(this.index + by, this.count - 1));
    if (by < 0 || index === this.index) return this.seek(index);
    this.#begin(index);
    this.#until = index;
    this.#run();
  }

  /// To this event, after it happened.
  seek(index) {
    this.index = Math.max(0, Math.min(index, this.count - 1));
    this.pause();
  }

  /// On from here to the newest event, as they come.
  follow() {
    if (this.index >= this.count - 1) return this.#tell();
    this.#begin(this.index + 1);
    this.#until = Infinity;
    this.#run();
  }

  #begin(index) {
    this.index = index;
    this.#progress = 0;
  }

  #run() {
    this.isPlaying = true;
    this.#last = performance.now();
    cancelAnimationFrame(this.#request);
    this.#request = requestAnimationFrame((now) => this.#advance(now));
    this.#tell();
  }

  #advance(now) {
    this.#progress += ((now - this.#last) * this.speed) / this.#lengthOf(this.index);
    this.#last = now;
    if (this.#progress >= 1) {
      if (this.index >= this.#until || this.index >= this.count - 1) return this.pause();
      this.#begin(this.index + 1);
    }
    this.#tell();
    this.#request = requestAnimationFrame((next) => this.#advance(next));
  }

  // Real waits go from microseconds to minutes: drawn by their logarithm, both can be watched.
  #lengthOf(index) {
    const wait = index > 0 ? Math.max(0, this.#frames[index].event.at - this.#frames[index - 1].event.at) : 0;
    const whole = shortest + perTenfold * Math.log10(1 + wait / 100);
    return Math.min(whole, Math.max(60, (longestWhole / this.count) * (whole / shortest)));
  }

  #tell() {
    const progress = this.#still || !this.isPlaying ? 1 : Math.min(1, this.#progress / 0.85);
    this.#show(this.index, progress, this.isPlaying);
  }
}
