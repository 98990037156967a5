import {html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {explain} from '../explain.js';
import {duration, shortUrl} from '../format.js';
import {link} from '../route.js';
import {chip} from './chip.js';
import {when} from './when.js';

/** Why it is as it is, in a few words: the status code, and what it means where that is no success. */
function result(item) {
  const meaning = explain(item.last_error, item.http_status);
  const code = item.http_status
    ? html`<span class=${meaning ? 'mono' : 'mono soft'}>${item.http_status}</span> `
    : nothing;
  return html`${code}${meaning ? html`<span title=${item.last_error}>${meaning.title}</span>` : nothing}`;
}

const row = (item, fresh) =>
  html` <li data-row class=${fresh?.has(item.id) ? 'fresh' : ''} data-id=${item.id}>
    <a href=${link(['deliveries', item.id])} aria-label=${`${item.event}, ${item.status}`}></a>
    <span class="cell-status">${chip(item.status)}</span>
    <span class="cell-main"
      ><strong class="one-line">${item.event}</strong
      ><span class="soft small one-line" title=${item.url}>${shortUrl(item.url)}</span></span
    >
    <span class="cell-result one-line small">${result(item)}</span>
    <span class="cell-number cell-attempts small soft number"
      >${item.attempts > 1 ? `${item.attempts} attempts` : nothing}</span
    >
    <span class="cell-number cell-took small soft number" title="Duration of the last attempt"
      >${duration(item.duration_ms)}</span
    >
    <span class="cell-time small">${when(item.created_at)}</span>
  </li>`;

/** Deliveries as rows that lead to them. */
export const deliveryRows = (items, fresh) =>
  html` <div class="row-head deliveries-head small soft" aria-hidden="true">
      <span>Status</span><span>Event and endpoint</span><span>Answer</span><span></span><span>Took</span
      ><span>Created</span>
    </div>
    <ul class="rows deliveries" data-list>
      ${repeat(
        items,
        (item) => item.id,
        (item) => row(item, fresh),
      )}
    </ul>`;
