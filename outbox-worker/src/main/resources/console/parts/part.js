import {LitElement} from 'lit';

/** An element whose content is part of the page, so that one set of styles and labels holds for all of it. */
export class Part extends LitElement {
  createRenderRoot() {
    return this;
  }
}

/**
 * Something that an element loads: its value, the problem that came instead, and whether it is on its way. Of two runs
 * that overlap only the later one counts.
 */
export class Load {
  value;
  problem;
  busy = false;
  #host;
  #work;
  #abort;

  /** @param work gets an AbortSignal and what run() was given, and returns a promise */
  constructor(host, work) {
    this.#host = host;
    this.#work = work;
    host.addController(this);
  }

  async run(...given) {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.busy = true;
    this.#host.requestUpdate();
    try {
      const value = await this.#work(abort.signal, ...given);
      if (!abort.signal.aborted) Object.assign(this, {value, problem: undefined});
    } catch (problem) {
      if (!abort.signal.aborted) this.problem = problem;
    }
    if (!abort.signal.aborted) {
      this.busy = false;
      this.#host.requestUpdate();
    }
    return this.value;
  }

  /** What was loaded belongs to another thing than what is shown now. */
  forget() {
    this.#abort?.abort();
    Object.assign(this, {value: undefined, problem: undefined, busy: false});
  }

  hostConnected() {}

  hostDisconnected() {
    this.#abort?.abort();
    this.busy = false;
  }
}

/** Runs a step again and again while the element is on the page and the tab is looked at. */
export class Repeat {
  #host;
  #seconds;
  #step;
  #timer;

  constructor(host, seconds, step) {
    this.#host = host;
    this.#seconds = seconds;
    this.#step = step;
    host.addController(this);
  }

  hostConnected() {
    this.#timer = setInterval(() => document.hidden || this.#step(), this.#seconds * 1000);
  }

  hostDisconnected() {
    clearInterval(this.#timer);
  }
}
