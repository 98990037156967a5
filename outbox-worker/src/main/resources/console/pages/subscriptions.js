import {html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {api} from '../api.js';
import {link, replace} from '../route.js';
import {shortUrl} from '../format.js';
import {Part, Load} from '../parts/part.js';
import {chip, subscriptionState} from '../parts/chip.js';
import {icon} from '../parts/icons.js';
import {emptyState, problemNotice, skeleton} from '../parts/notice.js';
import {when} from '../parts/when.js';
import '../parts/more.js';

/** Who wants which events. */
class PageSubscriptions extends Part {
  static properties = {query: {}, items: {state: true}};

  #page = new Load(this, (signal, cursor) => api.subscriptions({...this.query, cursor, limit: 50}, signal));

  willUpdate(changed) {
    if (!changed.has('query') || JSON.stringify(changed.get('query')) === JSON.stringify(this.query)) return;
    this.items = undefined;
    this.cursor = null;
    this.#load();
  }

  async #load(cursor) {
    const page = await this.#page.run(cursor);
    if (!page || this.#page.problem) return;
    this.items = cursor ? [...this.items, ...page.items] : page.items;
    this.cursor = page.next_cursor;
  }

  render() {
    const {active = ''} = this.query;
    return html` <div class="page-head">
        <div>
          <h1>Subscriptions</h1>
          <p>Each says which events go to which URL.</p>
        </div>
        <a class="button first" href=${link(['subscriptions', 'new'])}>${icon('plus')}Add a subscription</a>
      </div>
      <div class="stack">
        <div class="filters">
          <div class="segments" role="group" aria-label="State">
            ${[
              ['', 'All'],
              ['true', 'Active'],
              ['false', 'Not active'],
            ].map(
              ([value, name]) =>
                html` <button
                  type="button"
                  aria-pressed=${active === value ? 'true' : 'false'}
                  @click=${() => replace('subscriptions', {...this.query, active: value})}
                >
                  ${name}
                </button>`,
            )}
          </div>
        </div>
        ${this.#list()}
      </div>`;
  }

  #list() {
    if (!this.items && this.#page.problem) return problemNotice(this.#page.problem, () => this.#load());
    if (!this.items) return html`<div class="card flush">${skeleton(5)}</div>`;
    if (!this.items.length) {
      return html`<div class="card">
        ${
          this.query.active || this.query.event
            ? emptyState('No subscription fits', 'None of them is in this state.')
            : emptyState('No subscription yet', 'Add one to receive events at a URL of yours.')
        }
      </div>`;
    }
    return html` <div class="card flush">
        <ul class="rows subscriptions" data-list>
          ${repeat(
            this.items,
            (s) => s.id,
            (s) => this.#row(s),
          )}
        </ul>
      </div>
      <load-more .load=${this.#page} .cursor=${this.cursor} @more=${() => this.#load(this.cursor)}></load-more>`;
  }

  #row(s) {
    return html` <li data-row>
      <a href=${link(['subscriptions', s.id])} aria-label=${`Subscription ${s.description || s.url}`}></a>
      <span>${chip(subscriptionState(s))}</span>
      <span class="cell-main"
        ><strong class="one-line">${s.description || shortUrl(s.url)}</strong
        >${s.description ? html`<span class="soft small one-line" title=${s.url}>${shortUrl(s.url)}</span>` : nothing}</span
      >
      <span class="mono one-line">${s.event}</span>
      <span class="small soft cell-time">${when(s.created_at)}</span>
    </li>`;
  }
}
customElements.define('page-subscriptions', PageSubscriptions);
