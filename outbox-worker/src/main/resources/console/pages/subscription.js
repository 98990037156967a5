import {html, nothing} from 'lit';
import {api, now} from '../api.js';
import {disabledBecause} from '../explain.js';
import {link, go} from '../route.js';
import {Part, Load, Repeat} from '../parts/part.js';
import {chip, subscriptionState} from '../parts/chip.js';
import {confirmDialog} from '../parts/dialog.js';
import {deliveryRows} from '../parts/delivery-rows.js';
import {icon} from '../parts/icons.js';
import {problemNotice, skeleton, toast, toastProblem} from '../parts/notice.js';
import {newSecret} from '../parts/secret.js';
import {askToDelete, askToRotate} from '../parts/subscription-questions.js';
import {when} from '../parts/when.js';
import '../parts/test-send.js';

/** A secret that was just made, on its way from the form to this page; nowhere else. */
let handedOver;
export const handOver = (id, secret) => (handedOver = {id, secret});

/** One subscription: how it is set, how it is doing, and everything that can be done with it. */
class PageSubscription extends Part {
  static properties = {key: {}, secret: {state: true}, question: {state: true}, busy: {state: true}};

  #subscription = new Load(this, (signal, id) => api.subscription(id, signal));
  #deliveries = new Load(this, (signal, id) => api.deliveries({subscription_id: id, limit: 8}, signal));
  #again = new Repeat(this, 4, () => this.#deliveries.run(this.key));

  willUpdate(changed) {
    if (!changed.has('key')) return;
    this.#subscription.forget();
    this.#deliveries.forget();
    this.secret = handedOver?.id === this.key ? handedOver.secret : undefined;
    handedOver = undefined;
    this.#load();
  }

  #load() {
    this.#deliveries.run(this.key);
    return this.#subscription.run(this.key);
  }

  async #switch(active) {
    this.busy = true;
    try {
      this.#subscription.value = await api.changeSubscription(this.key, {active});
      toast(active ? 'Resumed. New events are sent from now on.' : 'Paused. Nothing is sent any more.');
    } catch (problem) {
      toastProblem(problem);
    }
    this.busy = false;
  }

  #rotate(subscription) {
    this.question = askToRotate(subscription, (answer) => {
      this.secret = answer.secret;
      this.#load();
    });
  }

  #remove(subscription) {
    this.question = askToDelete(subscription, () => go('subscriptions'));
  }

  render() {
    const s = this.#subscription.value;
    const problem = this.#subscription.problem;
    return html` <p class="trail"><a href=${link('subscriptions')}>← Subscriptions</a></p>
      ${
        s
          ? this.#page(s)
          : problem?.status === 404
            ? html`<div class="card empty">
                <h1>No such subscription</h1>
                <p class="soft">
                  It is not one of yours, or it was deleted. What was sent to it is still among the
                  <a href=${link('deliveries', {subscription_id: this.key})}>deliveries</a>.
                </p>
              </div>`
            : problem
              ? problemNotice(problem, () => this.#load())
              : html`<div class="card">${skeleton(3, 'block')}</div>`
      }
      ${confirmDialog(this.question, () => (this.question = undefined))}`;
  }

  #page(s) {
    return html` <div class="page-head">
        <div>
          <div class="row">
            <h1 class="break">${s.description || s.url}</h1>
            ${chip(subscriptionState(s))}
          </div>
          <p class="break">gets <code>${s.event}</code>${s.description ? html` at ${s.url}` : nothing}</p>
        </div>
        <div class="row">
          <button type="button" ?disabled=${this.busy} @click=${() => this.#switch(!s.active)}>
            ${s.active ? html`${icon('paused')}Pause` : html`${icon('play')}Resume`}
          </button>
          <a class="button" href=${link(['subscriptions', s.id, 'edit'])}>${icon('edit')}Edit</a>
        </div>
      </div>
      <div class="stack">
        ${this.secret ? newSecret(this.secret, () => (this.secret = undefined)) : nothing} ${this.#inactive(s)}
        <div class="columns">
          <div class="stack">
            <section class="card">
              <h2>Test it</h2>
              <test-send .key=${s.id}></test-send>
            </section>
            <section class="card flush">
              <div class="card-head">
                <h2>Latest deliveries</h2>
                <a href=${link('deliveries', {subscription_id: s.id})}>All of them</a>
              </div>
              ${this.#latest()}
            </section>
          </div>
          <aside class="stack">
            <section class="card">
              <h2>Settings</h2>
              ${this.#settings(s)}
            </section>
            <section class="card">
              <h2>Signing secret</h2>
              ${this.#secrets(s)}
            </section>
            <section class="card">
              <h2>Repair</h2>
              <p class="soft small">Send again what failed, or what it missed while it was off.</p>
              <a class="button" href=${link('replays', {subscription_id: s.id})}>${icon('replays')}Replay…</a>
            </section>
            <section class="card">
              <h2>Delete</h2>
              <p class="soft small">Ends it for good. What was sent stays in the log.</p>
              <button type="button" class="danger" @click=${() => this.#remove(s)}>${icon('trash')}Delete…</button>
            </section>
          </aside>
        </div>
      </div>`;
  }

  #inactive(s) {
    if (s.active) return nothing;
    const why = s.disabled_reason
      ? html`<strong>Disabled ${s.disabled_at ? when(s.disabled_at, 'both') : nothing}</strong>
          <p class="break">${disabledBecause(s.disabled_reason)}</p>
          <p>Mend the endpoint, test it, then resume.</p>`
      : html`<strong>Paused</strong>
          <p>Events are not sent, and not kept for later: after resuming, replay what it missed.</p>`;
    return html`<div class="notice" data-kind=${s.disabled_reason ? 'failed' : 'idle'}>
      ${icon(s.disabled_reason ? 'warning' : 'paused', 18)}
      <div>
        ${why}
        <a class="button" href=${link('replays', {subscription_id: s.id, status: 'missed'})}>Replay what it missed…</a>
      </div>
    </div>`;
  }

  #latest() {
    const {value, problem} = this.#deliveries;
    if (problem && !value) return problemNotice(problem, () => this.#deliveries.run(this.key));
    if (!value) return skeleton(4);
    return value.items.length ? deliveryRows(value.items) : html`<p class="calm">Nothing was sent to it yet.</p>`;
  }

  #settings(s) {
    const row = (name, value) =>
      html`<div>
        <dt>${name}</dt>
        <dd class="break">${value ?? html`<span class="soft">the worker’s default</span>`}</dd>
      </div>`;
    const headers = Object.entries(s.headers ?? {});
    return html`<dl class="facts">
      ${row('Retries after', s.retry_delays?.replaceAll(',', ', '))} ${row('Time limit', s.timeout)}
      ${row('At once', s.max_in_flight)}
      ${row('Per second', s.max_per_second ?? html`<span class="soft">no limit</span>`)}
      ${row('Order', s.ordered ? 'one at a time, by event' : html`<span class="soft">not kept</span>`)}
      ${row('Headers', headers.length ? headers.map(([name, value]) => html`<code class="break">${name}: ${value}</code><br />`) : html`<span class="soft">none of its own</span>`)}
      ${row('Created', when(s.created_at))} ${row('Changed', when(s.updated_at))}
      ${row('Id', html`<span class="mono">${s.id}</span>`)}
    </dl>`;
  }

  #secrets(s) {
    const until = s.previous_secret_until;
    return html` <p class="soft small">
        ${
          until && Date.parse(until) > now()
            ? html`<strong>Two secrets are valid.</strong> Each request is signed with both, until the old one ends
                ${when(until, 'both')}.`
            : 'Each request is signed with it. Rotate it when somebody may have seen it.'
        }
      </p>
      <button type="button" @click=${() => this.#rotate(s)}>${icon('key')}Rotate…</button>`;
  }
}
customElements.define('page-subscription', PageSubscription);
