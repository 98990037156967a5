import {html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {api} from '../api.js';
import {Part, Load} from '../parts/part.js';
import {emptyState, problemNotice, skeleton} from '../parts/notice.js';
import {when} from '../parts/when.js';
import '../parts/more.js';

/** A value as people write it; a change as what was and what is. */
function written(value) {
  if (value === null || value === '') return 'none';
  if (typeof value !== 'object') return /^\d{4}-\d\d-\d\dT/.test(value) ? when(value) : String(value);
  if ('from' in value && 'to' in value) return html`${written(value.from)} → ${written(value.to)}`;
  return JSON.stringify(value);
}

/** Who changed what, and when. */
class PageAudit extends Part {
  static properties = {items: {state: true}};

  #page = new Load(this, (signal, cursor) => api.audit({cursor, limit: 50}, signal));

  connectedCallback() {
    super.connectedCallback();
    this.#load();
  }

  async #load(cursor) {
    const page = await this.#page.run(cursor);
    if (!page || this.#page.problem) return;
    this.items = cursor ? [...this.items, ...page.items] : page.items;
    this.cursor = page.next_cursor;
  }

  render() {
    return html` <div class="page-head">
        <div>
          <h1>Audit log</h1>
          <p>Who changed what, and when. Nothing can be taken out of it.</p>
        </div>
      </div>
      ${
        !this.items && this.#page.problem
          ? problemNotice(this.#page.problem, () => this.#load())
          : !this.items
            ? html`<div class="card flush">${skeleton(8)}</div>`
            : !this.items.length
              ? html`<div class="card">
                  ${emptyState('Nothing was changed yet', 'What is done through the API, the console or the commands appears here.')}
                </div>`
              : this.#list()
      }`;
  }

  #list() {
    return html` <div class="card flush">
        <ul class="rows audit">
          ${repeat(
            this.items,
            (entry) => entry.id,
            (entry) =>
              html` <li>
                <span class="small">${when(entry.at)}</span>
                <span class="cell-main"
                  ><strong class="mono">${entry.action}</strong
                  ><span class="soft small break">${entry.subject ?? nothing}</span></span
                >
                <span class="small break"
                  >${entry.actor}${entry.address ? html` <span class="soft">from ${entry.address}</span>` : nothing}</span
                >
                <span class="small soft break">${this.#details(entry.details)}</span>
              </li>`,
          )}
        </ul>
      </div>
      <load-more .load=${this.#page} .cursor=${this.cursor} @more=${() => this.#load(this.cursor)}></load-more>`;
  }

  #details(details) {
    if (details === null || details === undefined) return nothing;
    if (typeof details !== 'object') return String(details);
    return Object.entries(details).map(
      ([name, value]) => html`<div>${name.replaceAll('_', ' ')}: ${written(value)}</div>`,
    );
  }
}
customElements.define('page-audit', PageAudit);
