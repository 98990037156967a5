import {html, nothing} from 'lit';
import {api} from '../api.js';
import {checks, urlWarning} from '../checks.js';
import {go, link} from '../route.js';
import {Part, Load} from '../parts/part.js';
import {field} from '../parts/field.js';
import {headerFields, headersFault} from '../parts/header-fields.js';
import {problemNotice, skeleton, toast} from '../parts/notice.js';
import {handOver} from './subscription.js';
import '../parts/event-picker.js';

const NUMBERS = ['max_in_flight', 'max_per_second'];
const TEXTS = ['description', 'retry_delays', 'timeout'];
const ADVANCED = [...NUMBERS, 'retry_delays', 'timeout', 'headers'];

const trimmed = (text) => (text ?? '').trim();

/** What a new subscription has where nothing is said. */
const NOTHING = {description: null, retry_delays: null, timeout: null, max_in_flight: null, max_per_second: null};
const DEFAULTS = {...NOTHING, ordered: false, headers: {}, signature: 'hmac-sha256', secret: ''};

/** What differs from `before`, as the API wants it: nobody else's change is taken back by saving a form. */
function changes({values, headers}, before) {
  const now = {url: trimmed(values.url), event: values.event, ordered: Boolean(values.ordered)};
  for (const name of TEXTS) now[name] = trimmed(values[name]).replace(/\s*,\s*/g, ',') || null;
  now.description = trimmed(values.description) || null;
  for (const name of NUMBERS) now[name] = trimmed(values[name]) === '' ? null : Number(values[name]);
  now.headers = Object.fromEntries(headers.map(({name, value}) => [name.trim(), value]));
  now.signature = values.signature || DEFAULTS.signature;
  if (before === DEFAULTS) now.secret = values.secret ?? '';
  return Object.fromEntries(
    Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
}

/** The form for a new subscription and for changing one; each field is checked while one types. */
class PageSubscriptionEdit extends Part {
  static properties = {
    key: {},
    query: {},
    values: {state: true},
    headers: {state: true},
    faults: {state: true},
    busy: {state: true},
    opened: {state: true},
    problem: {state: true},
  };

  #types = new Load(this, (signal) => api.eventTypes(signal));
  #loaded = new Load(this, (signal, key) => api.subscription(key, signal));
  #left = new Set();

  constructor() {
    super();
    Object.assign(this, {values: {}, headers: [], faults: {}});
  }

  connectedCallback() {
    super.connectedCallback();
    this.#types.run();
    if (!this.key) this.values = {event: this.query?.event ?? ''};
  }

  willUpdate(changed) {
    if (changed.has('key') && this.key) this.#load();
  }

  async #load() {
    const loaded = await this.#loaded.run(this.key);
    if (!loaded) return;
    this.values = {...loaded};
    for (const name of [...TEXTS, ...NUMBERS]) this.values[name] = loaded[name] === null ? '' : String(loaded[name]);
    this.headers = Object.entries(loaded.headers ?? {}).map(([name, value]) => ({name, value}));
  }

  /** A fault is told when a field is left, and taken back as soon as it is mended. */
  set(name, value) {
    this.values = {...this.values, [name]: value};
    if (this.faults[name] || this.#left.has(name)) this.#check(name);
  }

  leave(name) {
    this.#left.add(name);
    if (trimmed(this.values[name])) this.#check(name);
  }

  #check(name) {
    this.faults = {...this.faults, [name]: checks[name]?.(trimmed(this.values[name]))};
  }

  async #save(event) {
    event.preventDefault();
    Object.keys(checks)
      .filter((name) => !name.startsWith('header_'))
      .forEach((name) => this.#check(name));
    this.faults = {...this.faults, headers: headersFault(this.headers)};
    if (Object.values(this.faults).some(Boolean)) return this.#showFirstFault();
    this.busy = true;
    this.problem = undefined;
    try {
      const saved = this.key
        ? await this.#change(changes(this, this.#loaded.value))
        : await api.addSubscription(changes(this, DEFAULTS));
      if (saved.secret) handOver(saved.id, saved.secret);
      toast(this.key ? 'Saved.' : 'The subscription was added.');
      go(['subscriptions', saved.id]);
    } catch (problem) {
      this.#refused(problem);
    }
    this.busy = false;
    return undefined;
  }

  #change(changed) {
    return Object.keys(changed).length ? api.changeSubscription(this.key, changed) : this.#loaded.value;
  }

  /** What the API says about a field is shown at that field; the rest above the form. */
  #refused(problem) {
    const faults = {};
    for (const {pointer = '', detail} of problem.errors ?? []) {
      const name = pointer.replace(/^[#/]*/, '').split('/')[0];
      if (checks[name] || name === 'headers' || name === 'description')
        faults[name] = [faults[name], detail].filter(Boolean).join('; ');
    }
    this.faults = faults;
    const all = problem.errors?.length && Object.keys(faults).length === problem.errors.length;
    this.problem = all ? undefined : problem;
    this.#showFirstFault();
  }

  async #showFirstFault() {
    await this.updateComplete;
    const bad = this.querySelector('[aria-invalid=true], [role=alert]');
    bad?.scrollIntoView({block: 'center'});
    bad?.focus?.();
  }

  render() {
    const back = this.key ? link(['subscriptions', this.key]) : link('subscriptions');
    const {value, problem} = this.#loaded;
    return html` <p class="trail"><a href=${back}>← ${this.key ? 'The subscription' : 'Subscriptions'}</a></p>
      <div class="page-head">
        <div><h1>${this.key ? 'Edit the subscription' : 'Add a subscription'}</h1></div>
      </div>
      ${this.key && !value ? (problem ? problemNotice(problem, () => this.#load()) : html`<div class="card">${skeleton(3, 'block')}</div>`) : this.#form(back)}`;
  }

  #form(back) {
    const advanced =
      ADVANCED.some((name) => this.faults[name]) ||
      (this.key && (this.headers.length || ADVANCED.some((name) => this.values[name] && name !== 'headers')));
    return html` <form class="card form narrow" novalidate @submit=${this.#save}>
      ${problemNotice(this.problem)}
      ${field(this, 'url', 'URL', {type: 'url', placeholder: 'https://example.com/hooks', mono: true, warning: urlWarning(this.values.url), hint: 'Each event is POSTed there as JSON. Any 2xx answer counts as delivered.'})}
      <event-picker
        .value=${this.values.event}
        .types=${this.#types.value?.items ?? []}
        .fault=${this.faults.event}
        @choose=${(e) => this.set('event', e.detail)}
        @leave=${() => this.leave('event')}
      ></event-picker>
      ${field(this, 'description', 'Description', {hint: 'For people: shown instead of the URL. May be empty.'})}
      ${this.key ? nothing : field(this, 'secret', 'Signing secret', {mono: true, hint: 'Leave it empty, and a strong one is made and shown once.'})}
      <details ?open=${this.opened || advanced} @toggle=${(e) => (this.opened = e.target.open)}>
        <summary>More settings</summary>
        <div class="form inner">
          <div class="pair">
            ${field(this, 'retry_delays', 'Retries after', {mono: true, placeholder: '1s,2s,4s', hint: 'Pauses between the attempts, as 5s,1m,10m,1h,6h.'})}
            ${field(this, 'timeout', 'Time limit', {mono: true, placeholder: '10s', hint: 'Of one attempt; 30s at most.'})}
          </div>
          <div class="pair">
            ${field(this, 'max_in_flight', 'At once', {placeholder: 'default', hint: 'Running attempts, per worker.'})}
            ${field(this, 'max_per_second', 'Per second', {placeholder: 'no limit', hint: 'Attempts that start, per worker.'})}
          </div>
          <label class="choice"
            ><input
              type="checkbox"
              .checked=${Boolean(this.values.ordered)}
              @change=${(e) => this.set('ordered', e.target.checked)}
            />
            <span
              ><span class="label">Keep the order</span
              ><span class="hint">One at a time, by event. While one is retried, all others wait.</span></span
            ></label
          >
          ${this.key ? nothing : this.#signature()} ${headerFields(this)}
        </div>
      </details>
      <div class="row">
        <button class="first" ?disabled=${this.busy}>${this.key ? 'Save' : 'Add the subscription'}</button
        ><a class="button quiet" href=${back}>Cancel</a>
      </div>
    </form>`;
  }

  #signature() {
    const ways = [
      ['hmac-sha256', 'A shared secret (HMAC-SHA256)', 'What most receivers verify.'],
      ['ed25519', 'A key pair (Ed25519)', 'Receivers verify with a public key; there is no secret to keep.'],
    ];
    return html`<fieldset class="field">
      <legend class="label">Signed with</legend>
      ${ways.map(
        ([way, name, hint]) =>
          html`<label class="choice">
            <input
              type="radio"
              name="signature"
              .checked=${(this.values.signature ?? DEFAULTS.signature) === way}
              @change=${() => this.set('signature', way)}
            />
            <span><span class="label">${name}</span><span class="hint">${hint}</span></span>
          </label>`,
      )}
    </fieldset>`;
  }
}
customElements.define('page-subscription-edit', PageSubscriptionEdit);
