import {html, svg} from 'lit';

const PATHS = {
  delivered: svg`<path d="m3.5 8.5 3 3 6-7"/>`,
  failed: svg`<path d="m4 4 8 8m0-8-8 8"/>`,
  retrying: svg`<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"/>`,
  pending: svg`<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3.2l2 1.3"/>`,
  active: svg`<circle cx="8" cy="8" r="3.5" fill="currentColor"/>`,
  paused: svg`<path d="M5.5 4v8m5-8v8"/>`,
  warning: svg`<path d="M8 2.5 14 13H2zM8 6.5v3m0 1.8v.2"/>`,
  overview: svg`<path d="M2.5 13.5h11M4.5 11V7m3.5 4V3.5M11.5 11V5.5"/>`,
  deliveries: svg`<path d="M5.5 4h8m-8 4h8m-8 4h8M2.5 4h.1m-.1 4h.1m-.1 4h.1"/>`,
  subscriptions: svg`<path d="M6.5 9.5a3 3 0 0 0 4.3 0l2-2a3 3 0 0 0-4.3-4.3l-.8.8m1.8 2.5a3 3 0 0 0-4.3 0l-2 2a3 3 0 0 0 4.3 4.3l.8-.8"/>`,
  replays: svg`<path d="M3 8a5 5 0 1 0 1.6-3.7M3 2v3h3m2 0v3.2l2 1.3"/>`,
  events: svg`<path d="m8.8 2-5 7h3.7l-.5 5 5-7H8.3z"/>`,
  audit: svg`<path d="M4 2.5h8v11H4zM6.2 5.5h3.6m-3.6 2.5h3.6m-3.6 2.5h2"/>`,
  copy: svg`<path d="M6 6h7v7H6zM3 10V3h7"/>`,
  plus: svg`<path d="M8 3v10M3 8h10"/>`,
  play: svg`<path d="m5 3.5 7 4.5-7 4.5z"/>`,
  send: svg`<path d="m2.5 8 11-5-3.5 11-2.5-4.5zm5 1.5 3-3"/>`,
  key: svg`<path d="M8.3 7.7 13 3m-2 2 1.7 1.7M9 10.3a3 3 0 1 1-3.3-3.2A3 3 0 0 1 9 10.3z"/>`,
  trash: svg`<path d="M3 4.5h10m-6.5-2h3m-5 2 .6 9h5.8l.6-9"/>`,
  edit: svg`<path d="M3 13h2.5L13 5.5 10.5 3 3 10.5z"/>`,
  menu: svg`<path d="M2.5 4.5h11m-11 3.5h11m-11 3.5h11"/>`,
  sun: svg`<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.3m0 10.4v1.3M1.5 8h1.3m10.4 0h1.3M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9"/>`,
  moon: svg`<path d="M13.5 9.5A5.8 5.8 0 1 1 6.5 2.5a4.6 4.6 0 0 0 7 7z"/>`,
  auto: svg`<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor"/>`,
  leave: svg`<path d="M6.5 2.5h-4v11h4M6 8h7.5m-2.8-3L13.5 8l-2.8 3"/>`,
  keyboard: svg`<path d="M1.5 4h13v8h-13zM4 6.5h.1m2.4 0h.1m2.4 0h.1m2.4 0h.1M5 9.5h6"/>`,
  back: svg`<path d="M13 8H3m4-4L3 8l4 4"/>`,
  forward: svg`<path d="M3 8h10M9 4l4 4-4 4"/>`,
};

/** A drawing that says nothing that the text beside it does not say. */
export const icon = (name, size = 16) =>
  html` <svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${PATHS[name]}
  </svg>`;
