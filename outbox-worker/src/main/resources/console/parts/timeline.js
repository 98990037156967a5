import {html, nothing} from 'lit';
import {explain} from '../explain.js';
import {duration} from '../format.js';
import {codeBlock} from './code.js';
import {chip} from './chip.js';
import {when} from './when.js';

/** The longest attempt fills the bar. */
const bar = (millis, longest) =>
  html` <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
    <rect width="100" height="4" class="bar-ground"></rect>
    <rect width=${Math.max(1, (100 * millis) / longest)} height="4"></rect>
  </svg>`;

function attempt(seen, isLast, isFinal, longest) {
  const failed = seen.error !== null && seen.error !== undefined;
  const status = failed ? (isLast && isFinal ? 'failed' : 'retrying') : 'delivered';
  return html` <li data-status=${status}>
    <div class="row">
      <h3>Attempt ${seen.attempt}</h3>
      ${chip(failed ? 'failed' : 'delivered', failed ? explain(seen.error, seen.http_status).title : 'Accepted')}
      <span class="soft small">${when(seen.at)}</span>
    </div>
    <p class="row small">
      <span class="mono break"
        >${seen.http_status ? `HTTP ${seen.http_status}` : nothing}${
          failed && seen.error !== `HTTP ${seen.http_status}`
            ? html`${seen.http_status ? ', ' : ''}${seen.error}`
            : nothing
        }</span
      >
      <span class="soft number">${duration(seen.duration_ms)}</span>
    </p>
    ${bar(seen.duration_ms ?? 0, longest)}
    ${
      seen.response
        ? html`<details ?open=${isLast && failed}>
            <summary class="small">Answer</summary>
            ${codeBlock(seen.response, {what: `the answer to attempt ${seen.attempt}`, wrap: true})}
          </details>`
        : seen.http_status
          ? html`<p class="hint">The answer had no body.</p>`
          : nothing
    }
  </li>`;
}

/** Every attempt of a delivery, oldest first, and what comes after the last one. */
export function timeline(delivery, next) {
  const history = delivery.history ?? [];
  const isFinal = delivery.status === 'failed' || delivery.status === 'delivered';
  const longest = Math.max(1, ...history.map((seen) => seen.duration_ms ?? 0));
  return html` <ol class="timeline">
    <li data-status="idle">
      <div class="row">
        <h3>Created</h3>
        <span class="soft small">${when(delivery.created_at)}</span>
      </div>
    </li>
    ${history.map((seen, at) => attempt(seen, at === history.length - 1, isFinal, longest))}
    ${
      next
        ? html`<li data-status=${next.status}>
            <div class="row">
              <h3>${next.title}</h3>
              <span class="soft small">${next.when ?? nothing}</span>
            </div>
            <p class="soft small">${next.text}</p>
          </li>`
        : nothing
    }
  </ol>`;
}
