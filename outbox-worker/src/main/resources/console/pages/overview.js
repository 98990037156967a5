import {html, nothing} from 'lit';
import {allSubscriptions, api} from '../api.js';
import {disabledBecause, explain} from '../explain.js';
import {count, duration, plural, shortUrl} from '../format.js';
import {link} from '../route.js';
import {Part, Load, Repeat} from '../parts/part.js';
import {chip, subscriptionState} from '../parts/chip.js';
import {outcomeChart} from '../parts/chart.js';
import {deliveryRows} from '../parts/delivery-rows.js';
import {icon} from '../parts/icons.js';
import {emptyState, problemNotice, skeleton} from '../parts/notice.js';
import {when} from '../parts/when.js';

const LAG_NOTABLE_SECONDS = 30;

/** How things stand, and first of all what needs somebody. */
class PageOverview extends Part {
  static properties = {window: {state: true}};

  #stats = new Load(this, (signal) => api.stats(this.window, signal));
  #failures = new Load(this, (signal) => api.deliveries({status: 'failed', limit: 6}, signal));
  #subscriptions = new Load(this, (signal) => allSubscriptions(signal));
  #again = new Repeat(this, 5, () => this.#load());

  constructor() {
    super();
    this.window = '1h';
  }

  connectedCallback() {
    super.connectedCallback();
    this.#subscriptions.run();
    this.#load();
  }

  #load() {
    this.#stats.run();
    this.#failures.run();
  }

  #show(window) {
    this.window = window;
    this.#stats.run();
  }

  render() {
    const stats = this.#stats.value;
    return html` <div class="page-head">
        <div>
          <h1>Overview</h1>
          <p>${stats ? this.#sentence(stats) : 'How your webhooks are doing.'}</p>
        </div>
        <div class="segments" role="group" aria-label="Time">
          ${[
            ['1h', 'Last hour'],
            ['24h', 'Last 24 hours'],
          ].map(
            ([window, name]) =>
              html` <button
                type="button"
                aria-pressed=${this.window === window ? 'true' : 'false'}
                @click=${() => this.#show(window)}
              >
                ${name}
              </button>`,
          )}
        </div>
      </div>
      <div class="stack">
        ${problemNotice(this.#stats.problem, () => this.#load())}
        ${this.#subscriptions.value?.length === 0 ? this.#firstSteps() : nothing}
        ${stats ? this.#tiles(stats) : html`<div class="card">${skeleton(1, 'block')}</div>`} ${this.#troubled(stats)}
        <section class="card">
          <h2>Delivered and failed</h2>
          ${stats ? outcomeChart(stats.buckets, stats.window) : skeleton(1, 'block')}
        </section>
        <section class="card flush">
          <div class="card-head">
            <h2>Latest failures</h2>
            <a href=${link('deliveries', {status: 'failed'})}>All failures</a>
          </div>
          ${this.#latest()}
        </section>
      </div>`;
  }

  /** The whole state in one sentence, for whoever has just been woken up. */
  #sentence(stats) {
    const time = stats.window === '1h' ? 'the last hour' : 'the last 24 hours';
    const waiting = stats.pending + stats.retrying;
    const lag =
      stats.oldest_pending_seconds > LAG_NOTABLE_SECONDS
        ? ` The oldest has waited for ${duration(stats.oldest_pending_seconds * 1000)}.`
        : '';
    const way = waiting ? ` ${plural(waiting, 'is', 'are')} on the way.${lag}` : ' Nothing is waiting.';
    if (!stats.delivered && !stats.failed) return `Nothing was sent in ${time}.${way}`;
    return stats.failed
      ? `${plural(stats.failed, 'delivery', 'deliveries')} failed in ${time}, ${count(stats.delivered)} arrived.${way}`
      : `All ${count(stats.delivered)} deliveries of ${time} arrived.${way}`;
  }

  #tiles(stats) {
    const tile = (status, name, value, query, hint) =>
      html` <li>
        <a class="tile" data-status=${status} href=${link('deliveries', query)}>
          <span class="tile-name">${icon(status)}${name}</span><span class="tile-value number">${value}</span
          ><span class="small soft">${hint}</span></a
        >
      </li>`;
    const time = stats.window === '1h' ? 'in the last hour' : 'in the last 24 hours';
    const lag = stats.oldest_pending_seconds;
    return html`<ul class="tiles">
      ${tile('delivered', 'Delivered', count(stats.delivered), {status: 'delivered', range: stats.window}, time)}
      ${tile('failed', 'Failed', count(stats.failed), {status: 'failed', range: stats.window}, time)}
      ${tile('retrying', 'Retrying', count(stats.retrying), {status: 'retrying'}, 'now')}
      ${tile('pending', 'Pending', count(stats.pending), {status: 'pending'}, lag ? `oldest: ${duration(lag * 1000)}` : 'now')}
    </ul>`;
  }

  #troubled(stats) {
    const known = new Map((this.#subscriptions.value ?? []).map((s) => [s.id, s]));
    const busy = (stats?.subscriptions ?? []).filter((s) => s.failed || s.retrying || !s.active);
    const off = [...known.values()].filter(
      (s) => s.disabled_reason && !s.active && !busy.some((b) => b.subscription_id === s.id),
    );
    const rows = [
      ...busy.map((s) => ({...known.get(s.subscription_id), ...s, id: s.subscription_id})),
      ...off.map((s) => ({...s, delivered: 0, failed: 0, retrying: 0})),
    ];
    if (!rows.length) return nothing;
    return html` <section class="card flush">
      <div class="card-head">
        <h2>Subscriptions in trouble</h2>
        <a href=${link('subscriptions')}>All subscriptions</a>
      </div>
      <ul class="rows troubled">
        ${rows.map(
          (s) =>
            html` <li data-row>
              <a href=${link(['subscriptions', s.id])} aria-label=${`Subscription ${s.description || s.url}`}></a>
              <span>${chip(s.active ? (s.failed ? 'troubled' : 'retrying') : subscriptionState(s))}</span>
              <span class="cell-main"
                ><strong class="one-line">${s.description || shortUrl(s.url)}</strong
                ><span class="soft small one-line">${s.event} → ${s.url}</span></span
              >
              <span class="small"
                >${s.disabled_reason ? disabledBecause(s.disabled_reason) : (explain(s.last_error)?.title ?? nothing)}${s.last_failed_at ? html`<span class="soft"> ${when(s.last_failed_at, 'ago')}</span>` : nothing}</span
              >
              <span class="small number cell-number"
                >${s.failed + s.delivered ? html`<b>${count(s.failed)}</b> of ${count(s.failed + s.delivered)} failed` : nothing}</span
              >
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #latest() {
    const {value, problem} = this.#failures;
    if (problem && !value) return problemNotice(problem, () => this.#failures.run());
    if (!value) return skeleton(4);
    return value.items.length
      ? deliveryRows(value.items)
      : html`<p class="calm">${icon('delivered')}Nothing has failed.</p>`;
  }

  #firstSteps() {
    return html`<div class="card">
      ${emptyState(
        'Welcome',
        'A subscription says which events go to which URL. Add one, and its deliveries appear here as soon as events are published.',
        html`<a class="button first" href=${link(['subscriptions', 'new'])}>${icon('plus')}Add a subscription</a>`,
      )}
    </div>`;
  }
}
customElements.define('page-overview', PageOverview);
