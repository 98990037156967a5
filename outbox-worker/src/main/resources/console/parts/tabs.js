import {html} from 'lit';
import {Part} from './part.js';

let made = 0;

/** Tabs as screen readers and arrow keys expect them. `tabs`: pairs of a name and a function that renders. */
class OutboxTabs extends Part {
  static properties = {tabs: {}, label: {}, at: {state: true}};

  #id = `tabs-${++made}`;

  constructor() {
    super();
    this.at = 0;
  }

  #key(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    this.at = (this.at + step + this.tabs.length) % this.tabs.length;
    this.updateComplete.then(() => this.querySelector('[role=tab][aria-selected=true]').focus());
  }

  render() {
    const at = Math.min(this.at, this.tabs.length - 1);
    return html` <div class="segments" role="tablist" aria-label=${this.label} @keydown=${this.#key}>
        ${this.tabs.map(
          ([name], index) =>
            html`<button
              type="button"
              role="tab"
              id=${`${this.#id}-${index}`}
              aria-controls=${`${this.#id}-panel`}
              aria-selected=${index === at ? 'true' : 'false'}
              tabindex=${index === at ? 0 : -1}
              @click=${() => (this.at = index)}
            >
              ${name}
            </button>`,
        )}
      </div>
      <div class="panel" role="tabpanel" id=${`${this.#id}-panel`} aria-labelledby=${`${this.#id}-${at}`}>
        ${this.tabs[at][1]()}
      </div>`;
  }
}
customElements.define('outbox-tabs', OutboxTabs);
