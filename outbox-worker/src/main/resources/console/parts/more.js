import {html, nothing} from 'lit';
import {Part} from './part.js';
import {problemNotice} from './notice.js';

/** The end of a list by cursor: the next page comes when one scrolls near it, or by the button. */
class LoadMore extends Part {
  static properties = {load: {}, cursor: {}, what: {}};

  #observer = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.#near(), {
    rootMargin: '600px',
  });

  connectedCallback() {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    super.disconnectedCallback();
  }

  updated(changed) {
    if (!changed.has('cursor')) return;
    // A page shorter than the window leaves the end in sight: only a new observation tells.
    this.#observer.unobserve(this);
    this.#observer.observe(this);
  }

  #near() {
    if (this.cursor && !this.load.busy && !this.load.problem) this.dispatchEvent(new Event('more'));
  }

  render() {
    const {busy, problem} = this.load;
    if (problem) return problemNotice(problem, () => this.dispatchEvent(new Event('more')));
    return html`<p class="list-end soft small">
      ${
        busy
          ? html`<span role="status">Loading more…</span>`
          : this.cursor
            ? html`<button type="button" @click=${() => this.dispatchEvent(new Event('more'))}>Load more</button>`
            : this.what
              ? html`${this.what}`
              : nothing
      }
    </p>`;
  }
}
customElements.define('load-more', LoadMore);
