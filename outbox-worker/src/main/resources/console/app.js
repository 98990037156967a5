import {html, nothing} from 'lit';
import {session} from './api.js';
import {Part} from './parts/part.js';
import {icon} from './parts/icons.js';
import {listenToKeys} from './parts/keys.js';
import {current, go, link} from './route.js';
import {keysHelp} from './parts/help.js';
import {applyTheme, nextTheme, theme} from './theme.js';
import './pages/sign-in.js';
import './pages/overview.js';
import './pages/deliveries.js';
import './pages/delivery.js';
import './pages/subscriptions.js';
import './pages/subscription.js';
import './pages/subscription-edit.js';
import './pages/replays.js';
import './pages/event-types.js';
import './pages/audit.js';

const PLACES = [
  {word: '', name: 'Overview', icon: 'overview', key: 'o', page: () => html`<page-overview></page-overview>`},
  {word: 'deliveries', name: 'Deliveries', icon: 'deliveries', key: 'd', page: deliveries},
  {word: 'subscriptions', name: 'Subscriptions', icon: 'subscriptions', key: 's', page: subscriptions},
  {
    word: 'replays',
    name: 'Replays',
    icon: 'replays',
    key: 'r',
    page: (words, query) => html`<page-replays .query=${query}></page-replays>`,
  },
  {
    word: 'event-types',
    name: 'Event types',
    icon: 'events',
    key: 'e',
    page: () => html`<page-event-types></page-event-types>`,
  },
  {word: 'audit', name: 'Audit log', icon: 'audit', key: 'a', page: () => html`<page-audit></page-audit>`},
];

function deliveries([id], query) {
  return id
    ? html`<page-delivery .key=${id}></page-delivery>`
    : html`<page-deliveries .query=${query}></page-deliveries>`;
}

function subscriptions([id, verb], query) {
  if (!id) return html`<page-subscriptions .query=${query}></page-subscriptions>`;
  if (id === 'new') return html`<page-subscription-edit .query=${query}></page-subscription-edit>`;
  return verb === 'edit'
    ? html`<page-subscription-edit .key=${id}></page-subscription-edit>`
    : html`<page-subscription .key=${id}></page-subscription>`;
}

const notFound = html` <div class="empty">
  <h1>There is nothing here</h1>
  <p class="soft">The address names no page of the console.</p>
  <a class="button" href=${link()}>Overview</a>
</div>`;

/** The frame around the pages: who is signed in, where one is, and what was just done. */
class OutboxConsole extends Part {
  static properties = {
    route: {state: true},
    menu: {state: true},
    toasts: {state: true},
    help: {state: true},
    reason: {state: true},
  };

  constructor() {
    super();
    this.route = current();
    this.toasts = [];
    applyTheme();
    addEventListener('hashchange', () => this.arrive());
    addEventListener('signed-out', (event) => ((this.reason = event.detail), this.requestUpdate()));
    addEventListener('toast', (event) => this.say(event.detail));
    listenToKeys({
      '?': () => (this.help = true),
      g: Object.fromEntries(PLACES.map((p) => [p.key, () => go(p.word || [])])),
    });
  }

  arrive() {
    const before = this.route.words.join('/');
    this.route = current();
    if (before === this.route.words.join('/')) return;
    this.menu = false;
    this.updateComplete.then(() => {
      scrollTo(0, 0);
      this.querySelector('main')?.focus({preventScroll: true});
    });
  }

  say(toast) {
    this.toasts = [...this.toasts, toast];
    setTimeout(() => (this.toasts = this.toasts.filter((other) => other !== toast)), 6000);
  }

  get place() {
    return PLACES.find((place) => place.word === (this.route.words[0] ?? ''));
  }

  updated() {
    const help = this.querySelector('.keys-help');
    if (help && !help.open) help.showModal();
    document.title = session.token && this.place ? `${this.place.name} · outbox` : 'outbox';
  }

  render() {
    if (!session.token)
      return html`<page-sign-in .reason=${this.reason} @signed-in=${() => this.requestUpdate()}></page-sign-in>`;
    const page = this.place?.page(this.route.words.slice(1), this.route.query) ?? notFound;
    return html` <div class="frame">
        <button type="button" class="skip" @click=${() => this.querySelector('main').focus()}>
          Skip to the content
        </button>
        <header class="top-bar">
          ${this.brand()}
          <button
            type="button"
            class="quiet"
            aria-expanded=${this.menu ? 'true' : 'false'}
            aria-controls="side"
            @click=${() => (this.menu = !this.menu)}
          >
            ${icon('menu', 18)}Menu
          </button>
        </header>
        <nav id="side" aria-label="Console" class=${this.menu ? 'side open' : 'side'}>
          ${this.brand()}${this.places()}${this.sideEnd()}
        </nav>
        <main tabindex="-1">${page}</main>
      </div>
      <div class="toasts" role="status">
        ${this.toasts.map((t) => html`<p data-kind=${t.kind}>${icon(t.kind)}<span class="break">${t.text}</span></p>`)}
      </div>
      ${this.help ? keysHelp(PLACES, () => (this.help = false)) : nothing}`;
  }

  brand() {
    return html`<a class="brand" href=${link()}><img src=${new URL('icon.svg', import.meta.url)} alt="" />outbox</a>`;
  }

  places() {
    return html`<div class="places">
      ${PLACES.map(
        (place) =>
          html` <a href=${link(place.word || [])} aria-current=${place === this.place ? 'page' : nothing}
            >${icon(place.icon)}${place.name}</a
          >`,
      )}
    </div>`;
  }

  sideEnd() {
    const {name, symbol} = theme();
    return html` <div class="side-end">
      <button type="button" class="quiet" @click=${() => (nextTheme(), this.requestUpdate())}>
        ${icon(symbol)}Colours: ${name}
      </button>
      <button type="button" class="quiet" @click=${() => (this.help = true)}>${icon('keyboard')}Keys</button>
      <button type="button" class="quiet" @click=${() => session.end()}>${icon('leave')}Sign out</button>
    </div>`;
  }
}
customElements.define('outbox-console', OutboxConsole);
