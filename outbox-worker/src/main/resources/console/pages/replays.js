import {html, nothing} from 'lit';
import {live} from 'lit/directives/live.js';
import {allSubscriptions, api, now} from '../api.js';
import {count, fromLocalInput, plural, shortUrl, toLocalInput} from '../format.js';
import {link} from '../route.js';
import {Part, Load, Repeat} from '../parts/part.js';
import {icon} from '../parts/icons.js';
import {problemNotice, skeleton, toast} from '../parts/notice.js';
import {replayList} from '../parts/replay-list.js';
import {typed} from '../parts/typed.js';

const STATUSES = [
  ['failed', 'Failed', 'deliveries that ended as failed'],
  ['missed', 'Missed', 'events without a delivery, because the subscription was off or not yet there'],
  ['delivered', 'Delivered', 'deliveries that arrived: the receiver gets them twice'],
  ['all', 'All', 'failed and delivered ones'],
];
const hoursAgo = (hours) => new Date(now() - hours * 3_600_000).toISOString();

/** Sends many things again: the count first, then progress, then the result. */
class PageReplays extends Part {
  static properties = {query: {}, form: {state: true}};

  #subscriptions = new Load(this, (signal) => allSubscriptions(signal));
  #count = new Load(this, (signal) => api.startReplay({...this.#body(), dry_run: true}));
  #start = new Load(this, (signal) => api.startReplay(this.#body()));
  #list = new Load(this, (signal) => api.replays({limit: 20}, signal));
  #watch = new Repeat(this, 1.5, () => (this.#list.value?.items ?? []).some((r) => !r.finished_at) && this.#list.run());

  connectedCallback() {
    super.connectedCallback();
    this.#subscriptions.run();
    this.#list.run();
  }

  willUpdate(changed) {
    if (!changed.has('query') || JSON.stringify(changed.get('query')) === JSON.stringify(this.query)) return;
    this.#count.forget();
    this.#start.forget();
    this.form = {
      since: hoursAgo(24),
      until: '',
      status: 'failed',
      event: '',
      subscription_id: '',
      again: false,
      ...this.query,
    };
  }

  #body() {
    const {since, until, status, event, subscription_id: subscription, again} = this.form;
    return {
      since,
      status,
      ...(until && {until}),
      ...(event && {event}),
      ...(subscription && {subscription_id: subscription}),
      ...(again && {again}),
    };
  }

  #set(change) {
    this.form = {...this.form, ...change};
    this.#count.forget();
    this.#start.forget();
  }

  async #send() {
    const made = await this.#start.run();
    if (!made || this.#start.problem) return;
    this.#count.forget();
    toast('The replay has begun. It goes on when you leave this page.');
    this.#list.run();
  }

  render() {
    return html` <div class="page-head">
        <div>
          <h1>Replays</h1>
          <p>
            Send again what failed or was missed, as new deliveries with the same event id and body. Live traffic goes
            first.
          </p>
        </div>
      </div>
      <div class="stack">
        <form class="card form narrow" @submit=${(e) => (e.preventDefault(), this.#count.run())}>
          ${this.#fields()}${this.#steps()}
        </form>
        <section class="card flush">
          <div class="card-head"><h2>Replays so far</h2></div>
          ${this.#replays()}
        </section>
      </div>`;
  }

  #fields() {
    const form = this.form;
    const subscriptions = this.#subscriptions.value ?? [];
    return html` <fieldset class="field">
        <legend class="label">What</legend>
        ${STATUSES.map(
          ([value, name, hint]) =>
            html`<label class="choice"
              ><input
                type="radio"
                name="status"
                .checked=${live(form.status === value)}
                @change=${() => this.#set({status: value})}
              />
              <span><span class="label">${name}</span><span class="hint">${hint}</span></span></label
            >`,
        )}
      </fieldset>
      <div class="pair">
        <div class="field">
          <label for="replay-subscription">Subscription</label>
          <select id="replay-subscription" @change=${(e) => this.#set({subscription_id: e.target.value})}>
            <option value="">All subscriptions</option>
            ${subscriptions.map((s) => html`<option value=${s.id} .selected=${s.id === form.subscription_id}>${s.description || shortUrl(s.url)} (${s.event})</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="replay-event">Event</label
          ><input
            id="replay-event"
            class="mono"
            placeholder="any"
            autocomplete="off"
            .value=${typed(form.event)}
            @input=${(e) => this.#set({event: e.target.value.trim()})}
          />
        </div>
      </div>
      <div class="pair">
        <div class="field">
          <label for="replay-since">From</label
          ><input
            id="replay-since"
            type="datetime-local"
            step="1"
            max="9999-12-31T23:59:59"
            required
            .value=${typed(toLocalInput(form.since))}
            @change=${(e) => this.#set({since: fromLocalInput(e.target.value)})}
          />
          <div class="row small">
            ${[
              [1, '1 hour ago'],
              [24, '1 day ago'],
              [168, '7 days ago'],
            ].map(
              ([hours, name]) =>
                html`<button type="button" class="quiet tiny" @click=${() => this.#set({since: hoursAgo(hours)})}>
                  ${name}
                </button>`,
            )}
          </div>
        </div>
        <div class="field">
          <label for="replay-until">To</label
          ><input
            id="replay-until"
            type="datetime-local"
            step="1"
            max="9999-12-31T23:59:59"
            .value=${typed(toLocalInput(form.until))}
            @change=${(e) => this.#set({until: fromLocalInput(e.target.value)})}
          />
          <p class="hint">Empty: until now.</p>
        </div>
      </div>
      <label class="choice"
        ><input type="checkbox" .checked=${live(form.again)} @change=${(e) => this.#set({again: e.target.checked})} />
        <span
          ><span class="label">Again</span><span class="hint">Also what was retried or replayed before.</span></span
        ></label
      >`;
  }

  #steps() {
    const counted = this.#count.value;
    const problem = this.#count.problem ?? this.#start.problem;
    if (problem)
      return html`${problemNotice(problem)}
        <div class="row"><button class="first">Count again</button></div>`;
    if (!counted)
      return html`<div class="row">
        <button class="first" ?disabled=${this.#count.busy || !this.form.since}>
          ${this.#count.busy ? 'Counting…' : 'Count first'}</button
        ><span class="hint">Nothing is sent yet.</span>
      </div>`;
    const thing = this.form.status === 'missed' ? ['event', 'events'] : ['delivery', 'deliveries'];
    return html` <div class="notice" data-kind=${counted.count ? 'retrying' : 'idle'} role="status">
      ${icon(counted.count ? 'replays' : 'delivered', 18)}
      <div>
        <strong class="number"
          >${counted.count ? `${plural(counted.count, ...thing)} will be sent again.` : 'Nothing matches: there is nothing to send.'}</strong
        >
        <p class="small">Only what goes to active subscriptions is counted and sent.</p>
        ${counted.count ? html`<button type="button" class="first" ?disabled=${this.#start.busy} @click=${this.#send}>${icon('replays')}Replay ${count(counted.count)}</button>` : nothing}
      </div>
    </div>`;
  }

  #replays() {
    const {value, problem} = this.#list;
    if (problem && !value) return problemNotice(problem, () => this.#list.run());
    if (!value) return skeleton(3);
    return value.items.length
      ? replayList(value.items, this.#subscriptions.value ?? [])
      : html`<p class="calm">None so far.</p>`;
  }
}
customElements.define('page-replays', PageReplays);
