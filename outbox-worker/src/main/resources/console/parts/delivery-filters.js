import {html, nothing} from 'lit';
import {now} from '../api.js';
import {fromLocalInput, shortUrl, toLocalInput} from '../format.js';
import {copyButton} from './copy.js';
import {typed} from './typed.js';

const STATUSES = [
  ['', 'All'],
  ['failed', 'Failed'],
  ['retrying', 'Retrying'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
];
const RANGES = [
  ['', 'Any time'],
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['own', 'From … to …'],
];
const SECONDS = {'15m': 900, '1h': 3600, '24h': 86_400, '7d': 604_800};

/** The moment that a range such as `1h` begins with; undefined for none. */
export const sinceOf = (range) => SECONDS[range] && new Date(now() - SECONDS[range] * 1000).toISOString();

/** Whether an item of the stream belongs to what is shown. */
export const matches = (item, {status, event, subscription_id: subscription}) =>
  (!status || item.status === status) &&
  (!event || item.event === event) &&
  (!subscription || item.subscription_id === subscription);

/** The filters. Each state of them is an address. */
export function filterBar(query, {subscriptions, events}, change) {
  const own = query.since || query.until || query.range === 'own';
  const on = (name) => (event) => change({[name]: event.target.value.trim()});
  return html` <form
    class="filters"
    data-filters
    role="search"
    aria-label="Filters"
    @submit=${(e) => e.preventDefault()}
  >
    <div class="segments" role="group" aria-label="Status">
      ${STATUSES.map(
        ([value, name]) =>
          html` <button
            type="button"
            aria-pressed=${(query.status ?? '') === value ? 'true' : 'false'}
            @click=${() => change({status: value})}
          >
            ${name}
          </button>`,
      )}
    </div>
    <div class="filter-fields">
      <input
        data-first-filter
        aria-label="Event"
        placeholder="Event, as invoice.created"
        list="filter-events"
        autocomplete="off"
        .value=${typed(query.event ?? '')}
        @change=${on('event')}
      />
      <datalist id="filter-events">${events.map((event) => html`<option value=${event}></option>`)}</datalist>
      <select aria-label="Subscription" @change=${on('subscription_id')}>
        <option value="">All subscriptions</option>
        ${
          query.subscription_id && !subscriptions.some((s) => s.id === query.subscription_id)
            ? html`<option value=${query.subscription_id} selected>${query.subscription_id}</option>`
            : nothing
        }
        ${subscriptions.map((s) => html`<option value=${s.id} .selected=${s.id === query.subscription_id}>${s.description || shortUrl(s.url)} (${s.event})</option>`)}
      </select>
      <input
        aria-label="Resource id"
        placeholder="Resource id, as inv-123"
        autocomplete="off"
        .value=${typed(query.resource_id ?? '')}
        @change=${on('resource_id')}
      />
      <select aria-label="Time" @change=${(e) => change({range: e.target.value, since: '', until: ''})}>
        ${RANGES.map(([value, name]) => html`<option value=${value} .selected=${value === (own ? 'own' : (query.range ?? ''))}>${name}</option>`)}
      </select>
    </div>
    ${
      own
        ? html` <div class="filter-fields">
            <label class="small"
              >From
              <input
                type="datetime-local"
                step="1"
                max="9999-12-31T23:59:59"
                .value=${typed(toLocalInput(query.since))}
                @change=${(e) => change({range: 'own', since: fromLocalInput(e.target.value)})}
            /></label>
            <label class="small"
              >To
              <input
                type="datetime-local"
                step="1"
                max="9999-12-31T23:59:59"
                .value=${typed(toLocalInput(query.until))}
                @change=${(e) => change({range: 'own', until: fromLocalInput(e.target.value)})}
            /></label>
          </div>`
        : nothing
    }
    ${
      Object.keys(query).length
        ? html` <div class="row">
            <button
              type="button"
              class="quiet"
              @click=${() => change(Object.fromEntries(Object.keys(query).map((name) => [name, ''])))}
            >
              Clear the filters
            </button>
            ${copyButton(location.href, 'a link to these filters', 'Copy link')}
          </div>`
        : nothing
    }
  </form>`;
}
