import {html, nothing} from 'lit';
import {allSubscriptions, api} from '../api.js';
import {follow} from '../stream.js';
import {go, link, noteList, replace} from '../route.js';
import {plural} from '../format.js';
import {Part, Load, Repeat} from '../parts/part.js';
import {deliveryRows} from '../parts/delivery-rows.js';
import {icon} from '../parts/icons.js';
import {emptyState, problemNotice, skeleton} from '../parts/notice.js';
import {filterBar, matches, sinceOf} from '../parts/delivery-filters.js';
import '../parts/more.js';

const PAGE = 50;
const ROWS_MAX = 2000;

/** The list as it was left: going back to it shows the same rows at the same height. */
const kept = {};

/** The log viewer: deliveries by any filter, newest first, new ones as they come. */
class PageDeliveries extends Part {
  static properties = {query: {}, items: {state: true}, live: {state: true}, paused: {state: true}};

  waiting = new Map();
  fresh = new Set();
  #first = new Load(this, (signal) => api.deliveries(this.#asked(), signal));
  #more = new Load(this, (signal) => api.deliveries({...this.#asked(), cursor: this.cursor}, signal));
  #subscriptions = new Load(this, (signal) => allSubscriptions(signal));
  #types = new Load(this, (signal) => api.eventTypes(signal));
  #poll = new Repeat(this, 5, () => this.live !== 'live' && !this.paused && this.#reload());
  #leave;
  #shown;
  #loaded = false;
  #height = 0;
  // Once the list has left the page, the page is short and its scroll position says nothing any more.
  #scrolled = () => (this.#height = scrollY);
  #keys = (event) => event.key === 'p' && !event.target.closest('input, select, textarea, dialog') && this.#pause();

  constructor() {
    super();
    this.items = [];
  }

  connectedCallback() {
    super.connectedCallback();
    this.#leave = new AbortController();
    this.#subscriptions.run();
    this.#types.run();
    follow(
      {
        delivery: (item) => this.#arrived(item),
        state: (state) => (this.live = state),
        gap: () => this.paused || this.#reload(),
      },
      this.#leave.signal,
    );
    addEventListener('keydown', this.#keys);
    addEventListener('scroll', this.#scrolled, {passive: true});
  }

  disconnectedCallback() {
    Object.assign(kept, {key: this.#shown, items: this.items, cursor: this.cursor, height: this.#height});
    this.#leave.abort();
    removeEventListener('keydown', this.#keys);
    removeEventListener('scroll', this.#scrolled);
    super.disconnectedCallback();
  }

  willUpdate() {
    const key = JSON.stringify(this.query);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#loaded = false;
    noteList(this.query);
    this.waiting.clear();
    this.cursor = null;
    if (kept.key === key) {
      Object.assign(this, {items: kept.items, cursor: kept.cursor});
      const height = kept.height;
      this.updateComplete.then(() => requestAnimationFrame(() => scrollTo(0, height)));
      kept.key = undefined;
    } else {
      this.items = [];
    }
    this.#reload();
  }

  #asked() {
    const {range, ...query} = this.query;
    return {...query, since: query.since ?? sinceOf(range), limit: PAGE};
  }

  /** The newest page; rows that were loaded further down stay where they are. */
  async #reload() {
    const page = await this.#first.run();
    if (!page || this.#first.problem) return;
    this.#loaded = true;
    const known = new Set(page.items.map((item) => item.id));
    const last = page.items.at(-1)?.id ?? '';
    const older =
      page.next_cursor && this.items.some((i) => known.has(i.id)) ? this.items.filter((i) => i.id < last) : [];
    this.items = [...page.items, ...older];
    if (!older.length) this.cursor = page.next_cursor;
    this.waiting.clear();
  }

  async #loadMore() {
    const page = await this.#more.run();
    if (!page || this.#more.problem) return;
    const known = new Set(this.items.map((item) => item.id));
    this.items = [...this.items, ...page.items.filter((item) => !known.has(item.id))];
    this.cursor = page.next_cursor;
  }

  #arrived(item) {
    const at = this.items.findIndex((known) => known.id === item.id);
    if (at >= 0) {
      this.items = this.items.with(at, item);
    } else if (this.query.resource_id || this.query.until) {
      // Neither is in the item: only the API can tell whether it belongs here.
      if (!this.query.until && !this.paused) this.#reload();
    } else if (matches(item, this.query)) {
      this.waiting.set(item.id, item);
      if (!this.paused && scrollY < 200 && !this.contains(document.activeElement?.closest('[data-row]')))
        this.#showWaiting();
      this.requestUpdate();
    } else if (this.waiting.delete(item.id)) {
      this.requestUpdate();
    }
  }

  #showWaiting() {
    if (this.query.resource_id) this.#reload();
    const news = [...this.waiting.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    this.fresh = new Set(this.waiting.keys());
    this.waiting.clear();
    const joined = [...news, ...this.items];
    this.items =
      joined.length > 1 && joined[news.length]?.id > news.at(-1)?.id
        ? joined.sort((a, b) => (a.id < b.id ? 1 : -1))
        : joined;
    if (this.items.length > ROWS_MAX) {
      this.items = this.items.slice(0, PAGE);
      this.#reload();
    }
  }

  #pause() {
    this.paused = !this.paused;
    if (!this.paused) this.#showWaiting();
  }

  #filter(change) {
    const next = {...this.query, ...change};
    replace('deliveries', Object.fromEntries(Object.entries(next).filter(([, value]) => value)));
  }

  render() {
    const subscriptions = this.#subscriptions.value ?? [];
    const events = (this.#types.value?.items ?? []).map((type) => type.event);
    return html` <div class="page-head">
        <div>
          <h1>Deliveries</h1>
          <p>One event on its way to one subscription. New ones appear by themselves.</p>
        </div>
        ${this.#liveSwitch()}
      </div>
      <div class="stack">
        ${filterBar(this.query, {subscriptions, events}, (change) => this.#filter(change))} ${this.#list()}
      </div>`;
  }

  #liveSwitch() {
    const word = this.paused ? 'Paused' : this.live === 'live' ? 'Live' : 'Every 5 s';
    return html` <div class="row">
      <span class="live" data-state=${this.paused ? 'paused' : (this.live ?? 'waiting')} role="status"
        ><i></i>${word}</span
      >
      <button type="button" @click=${() => this.#pause()} title="Key: p">
        ${icon(this.paused ? 'play' : 'paused')}${this.paused ? 'Go on' : 'Pause'}
      </button>
    </div>`;
  }

  #list() {
    if (this.#first.problem && !this.items.length) return problemNotice(this.#first.problem, () => this.#reload());
    if (!this.items.length && !this.#loaded) return html`<div class="card flush">${skeleton(10)}</div>`;
    if (!this.items.length && !this.cursor && !this.waiting.size) return html`<div class="card">${this.#empty()}</div>`;
    return html` ${this.#first.problem ? problemNotice(this.#first.problem, () => this.#reload()) : nothing}
      <div class="card flush">
        ${this.waiting.size ? html`<button type="button" class="news" @click=${() => this.#showWaiting()}>${icon('plus')}${plural(this.waiting.size, 'new delivery', 'new deliveries')}: show</button>` : nothing}
        ${this.items.length ? deliveryRows(this.items, this.fresh) : nothing}
        ${!this.items.length && this.cursor ? html`<p class="calm">Nothing among the newest ones. Looking further back…</p>` : nothing}
      </div>
      <load-more
        .load=${this.#more}
        .cursor=${this.cursor}
        what="That is all of them."
        @more=${() => this.#loadMore()}
      ></load-more>`;
  }

  #empty() {
    return Object.keys(this.query).length
      ? emptyState(
          'No delivery fits',
          'Nothing matches all of these filters. Try a longer time, or fewer of them.',
          html`<button type="button" @click=${() => go('deliveries')}>Clear the filters</button>`,
        )
      : emptyState(
          'Nothing was sent yet',
          'As soon as an event is published that a subscription wants, its delivery appears here.',
          html`<a class="button" href=${link(['subscriptions', 'new'])}>Add a subscription</a>`,
        );
  }
}
customElements.define('page-deliveries', PageDeliveries);
