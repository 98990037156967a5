import {html, nothing} from 'lit';
import {api} from '../api.js';
import {coloured, formatted} from '../json.js';
import {link} from '../route.js';
import {Part, Load} from '../parts/part.js';
import {codeBlock} from '../parts/code.js';
import {grouped} from '../parts/event-picker.js';
import {problemNotice, skeleton} from '../parts/notice.js';
import {when} from '../parts/when.js';

/** What can be subscribed to, each with what arrives. */
class PageEventTypes extends Part {
  static properties = {search: {state: true}};

  #types = new Load(this, (signal) => api.eventTypes(signal));

  connectedCallback() {
    super.connectedCallback();
    this.#types.run();
  }

  render() {
    const {value, problem} = this.#types;
    return html` <div class="page-head">
        <div>
          <h1>Event types</h1>
          <p>
            What you can subscribe to. A group such as <code>invoice.*</code> has every name that begins so, also those
            that come later.
          </p>
        </div>
      </div>
      <div class="stack">
        <div class="filter-fields narrow">
          <input
            type="search"
            data-first-filter
            aria-label="Find an event"
            placeholder="Find an event"
            @input=${(e) => (this.search = e.target.value.toLowerCase())}
          />
        </div>
        ${problem && !value ? problemNotice(problem, () => this.#types.run()) : value ? this.#groups(value.items) : html`<div class="card flush">${skeleton(8)}</div>`}
      </div>`;
  }

  #groups(items) {
    const found = grouped(items.filter((type) => type.event.toLowerCase().includes(this.search ?? '')));
    if (!found.length)
      return html`<div class="card empty">
        <p class="soft">No known event has this in its name. A subscription may ask for it all the same.</p>
      </div>`;
    return found.map(
      ([group, types]) =>
        html` <section class="card">
          <div class="card-head">
            <h2 class="mono">${group}.*</h2>
            <a class="button quiet" href=${link(['subscriptions', 'new'], {event: `${group}.*`})}
              >Subscribe to the group</a
            >
          </div>
          <ul class="types">
            ${types.map((type) => this.#type(type))}
          </ul>
        </section>`,
    );
  }

  #type(type) {
    const text = type.sample ? formatted(JSON.stringify(type.sample)) : '';
    return html` <li>
      <details>
        <summary>
          <span class="mono">${type.event}</span>
          <span class="soft small"
            >${type.last_seen_at ? html`last seen ${when(type.last_seen_at, 'ago')}` : type.seen ? 'seen' : nothing}</span
          >
        </summary>
        <div class="panel">
          ${type.description ? html`<p class="soft">${type.description}</p>` : nothing}
          ${text ? codeBlock(text, {content: coloured(text), what: `a sample of ${type.event}`}) : html`<p class="hint">There is no sample of it.</p>`}
          <div class="row">
            <a class="button" href=${link(['subscriptions', 'new'], {event: type.event})}>Subscribe</a
            ><a class="button quiet" href=${link('deliveries', {event: type.event})}>Its deliveries</a>
          </div>
        </div>
      </details>
    </li>`;
  }
}
customElements.define('page-event-types', PageEventTypes);
