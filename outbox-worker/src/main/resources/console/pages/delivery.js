import {html, nothing} from 'lit';
import {api, now} from '../api.js';
import {explain} from '../explain.js';
import {duration} from '../format.js';
import {go, lastList, link} from '../route.js';
import {Part, Load, Repeat} from '../parts/part.js';
import {chip} from '../parts/chip.js';
import {copyButton} from '../parts/copy.js';
import {confirmDialog} from '../parts/dialog.js';
import {icon} from '../parts/icons.js';
import {problemNotice, skeleton, toast, toastProblem} from '../parts/notice.js';
import {sentRequest} from '../parts/sent-request.js';
import {timeline} from '../parts/timeline.js';
import {when} from '../parts/when.js';

const isFinal = (delivery) => delivery.status === 'delivered' || delivery.status === 'failed';

/** One delivery: what was sent, what came back, why it failed, and what happens next. */
class PageDelivery extends Part {
  static properties = {key: {}, busy: {state: true}, question: {state: true}};

  #delivery = new Load(this, (signal, id) => api.delivery(id, signal));
  #subscription = new Load(this, (signal, id) => api.subscription(id, signal));
  // A delivery that is not final changes within seconds; a final one never does.
  #watch = new Repeat(
    this,
    2,
    () => this.#delivery.value && !isFinal(this.#delivery.value) && this.#delivery.run(this.key),
  );

  willUpdate(changed) {
    if (!changed.has('key')) return;
    this.#delivery.forget();
    this.#subscription.forget();
    this.#load();
  }

  async #load() {
    const delivery = await this.#delivery.run(this.key);
    if (delivery) this.#subscription.run(delivery.subscription_id);
  }

  async #retry() {
    this.busy = true;
    try {
      const made = await api.retry(this.key);
      toast('Sent again as a new delivery. You are looking at it now.');
      go(['deliveries', made.id]);
    } catch (problem) {
      toastProblem(problem);
    }
    this.busy = false;
  }

  #askToErase() {
    this.question = {
      heading: 'Erase this payload?',
      body: html`<p>
        The data of event <code class="break">${this.#delivery.value.event_id}</code> is removed for good, for all of
        its deliveries. What happened to them stays in the log; none of them can be sent again.
      </p>`,
      word: 'Erase the payload',
      danger: true,
      action: async () => {
        await api.erasePayload(this.key);
        toast('The payload was erased.');
        this.#load();
      },
    };
  }

  render() {
    const delivery = this.#delivery.value;
    return html` <p class="trail"><a href=${lastList()}>← Deliveries</a></p>
      ${
        delivery
          ? this.#page(delivery)
          : this.#delivery.problem
            ? this.#missing(this.#delivery.problem)
            : html`<div class="card">${skeleton(3, 'block')}</div>`
      }
      ${confirmDialog(this.question, () => (this.question = undefined))}`;
  }

  #missing(problem) {
    return problem.status === 404
      ? html`<div class="card empty">
          <h1>No such delivery</h1>
          <p class="soft">It is not one of yours, or it is older than the log is kept.</p>
          <a class="button" href=${link('deliveries')}>All deliveries</a>
        </div>`
      : problemNotice(problem, () => this.#load());
  }

  #page(delivery) {
    return html` <div class="page-head">
        <div>
          <div class="row">
            <h1 class="break">${delivery.event}</h1>
            ${chip(delivery.status)}
          </div>
          <p class="break">to <a href=${link(['subscriptions', delivery.subscription_id])}>${delivery.url}</a></p>
        </div>
        <div class="row">
          ${isFinal(delivery) ? html`<button type="button" class=${delivery.status === 'failed' ? 'first' : ''} ?disabled=${this.busy || delivery.payload === null} @click=${this.#retry}>${icon('replays')}Retry</button>` : nothing}
          ${copyButton(location.href, 'a link to this delivery', 'Copy link')}
        </div>
      </div>
      <div class="columns">
        <div class="stack">
          ${this.#explanation(delivery)}
          <section class="card">
            <h2>What happened</h2>
            ${timeline(delivery, this.#next(delivery))}
          </section>
          <section class="card">
            <h2>What was sent</h2>
            ${sentRequest(delivery, this.#subscription.value?.signature)}
          </section>
        </div>
        <aside class="card" aria-label="Facts">${this.#facts(delivery)}</aside>
      </div>`;
  }

  #explanation(delivery) {
    const meaning = delivery.status !== 'delivered' && explain(delivery.last_error, delivery.http_status);
    if (!meaning) return nothing;
    return html` <div class="notice" data-kind=${delivery.status === 'failed' ? 'failed' : 'retrying'}>
      ${icon('warning', 18)}
      <div>
        <strong>${meaning.title}</strong>
        <p>${meaning.meaning}</p>
        <p><b>What to try:</b> ${meaning.advice}</p>
        ${delivery.status === 'failed' ? html`<p><a href=${link('replays', {subscription_id: delivery.subscription_id})}>Replay all that failed there…</a></p>` : nothing}
      </div>
    </div>`;
  }

  #next(delivery) {
    const delays = this.#subscription.value?.retry_delays;
    const of = delays ? ` of ${delays.split(',').length + 1}` : '';
    const next = (delivery.history?.length ?? 0) + 1;
    switch (delivery.status) {
      case 'pending':
        return {
          status: 'pending',
          title: 'Waiting for its first attempt',
          text: 'It starts as soon as the subscription has room for it.',
        };
      case 'retrying':
        return Date.parse(delivery.next_attempt_at ?? 0) > now()
          ? {
              status: 'retrying',
              title: `Attempt ${next}${of} follows`,
              when: when(delivery.next_attempt_at, 'both'),
              text: 'By itself: there is nothing to do but to mend the endpoint.',
            }
          : {
              status: 'retrying',
              title: `Attempt ${next}${of} is due`,
              text: 'It runs, or starts as soon as the subscription has room for it.',
            };
      case 'failed':
        return {
          status: 'failed',
          title: 'No more attempts',
          when: when(delivery.finished_at),
          text: 'Retry sends the same event, with the same id and body, as a new delivery.',
        };
      default:
        return null;
    }
  }

  #facts(delivery) {
    const fact = (name, value) =>
      html`<div>
        <dt>${name}</dt>
        <dd class="break">${value}</dd>
      </div>`;
    const resource = delivery.resource_id;
    return html` <dl class="facts">
        ${fact('Resource', html`${delivery.resource_type} <a href=${link('deliveries', {resource_id: resource})}>${resource}</a>`)}
        ${fact('Created', when(delivery.created_at, 'both'))}
        ${fact('Finished', delivery.finished_at ? when(delivery.finished_at, 'both') : 'not yet')}
        ${fact('Attempts', html`<span class="number">${delivery.attempts}</span>`)}
        ${fact('Last duration', html`<span class="number">${duration(delivery.duration_ms)}</span>`)}
        ${fact('Subscription', html`<a href=${link(['subscriptions', delivery.subscription_id])}>${this.#subscription.value?.description || delivery.subscription_id}</a>`)}
        ${fact('Delivery id', html`<span class="mono">${delivery.id}</span>`)}
        ${fact('Event id', html`<span class="mono">${delivery.event_id}</span><span class="hint">The receiver gets it as webhook-id, in every attempt and replay.</span>`)}
        ${delivery.replay_of ? fact('Sent again', html`of <a href=${link(['deliveries', delivery.replay_of])}>another delivery</a>`) : nothing}
      </dl>
      ${delivery.payload === null ? nothing : html`<button type="button" class="quiet" @click=${this.#askToErase}>${icon('trash')}Erase the payload…</button>`}`;
  }
}
customElements.define('page-delivery', PageDelivery);
