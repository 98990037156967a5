import {request} from './api.js';

/** Parses server-sent events out of chunks of text. */
export class EventParser {
  #rest = '';
  #event = {};

  /** The events that this chunk completes, each with `event`, `id` and `data`. */
  push(chunk) {
    const done = [];
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (this.#event.data !== undefined) done.push(this.#event);
        this.#event = {};
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === 'data') {
        this.#event.data = this.#event.data === undefined ? value : `${this.#event.data}\n${value}`;
      } else if (name) {
        this.#event[name] = value;
      }
    }
    return done;
  }
}

const LONGEST_PAUSE = 30_000;
/** The API says something every 5 s: after this silence the connection is dead. */
const SILENCE = 20_000;

/**
 * Deliveries as they change, for as long as the signal allows. EventSource can't send a token, so this reads the same
 * stream by fetch, and connects again with growing pauses.
 *
 * @param on.state 'live' or 'waiting'
 * @param on.gap called after each new connection but the first: something may have been missed
 */
export async function follow(on, signal) {
  let pause = 1000;
  let connections = 0;
  let last;
  while (!signal.aborted) {
    try {
      await read(
        last,
        (event) => {
          last = event.id ?? last;
          if (event.data && (event.event ?? 'delivery') === 'delivery') on.delivery(JSON.parse(event.data));
        },
        () => {
          pause = 1000;
          on.state('live');
          if (connections++) on.gap();
        },
        signal,
      );
    } catch {
      // The next round tries again.
    }
    if (signal.aborted) return;
    on.state('waiting');
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

async function read(last, onEvent, onOpen, signal) {
  const mine = new AbortController();
  const stop = () => mine.abort();
  signal.addEventListener('abort', stop);
  let watch = setTimeout(stop, SILENCE);
  try {
    const headers = {Accept: 'text/event-stream', ...(last ? {'Last-Event-ID': last} : {})};
    const response = await request('GET', '/deliveries/stream', {headers, signal: mine.signal});
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    onOpen();
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const {done, value} = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(stop, SILENCE);
      parser.push(value).forEach(onEvent);
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', stop);
  }
}
