import {html, nothing} from 'lit';
import {now} from '../api.js';
import {exactTime, fromNow, shortTime} from '../format.js';
import {Part} from './part.js';

const shown = new Set();
setInterval(() => !document.hidden && shown.forEach((element) => element.requestUpdate()), 1000);

/** A time in the viewer's zone, with the exact value on hover. `form`: short (default), ago or both. */
class WhenTime extends Part {
  static properties = {at: {}, form: {}};

  connectedCallback() {
    super.connectedCallback();
    if (this.form) shown.add(this);
  }

  disconnectedCallback() {
    shown.delete(this);
    super.disconnectedCallback();
  }

  render() {
    if (!this.at || Number.isNaN(Date.parse(this.at))) return html`<span class="soft">–</span>`;
    const ago = this.form ? fromNow(this.at, now()) : '';
    const text = this.form === 'ago' ? ago : shortTime(this.at);
    return html`<time class="number" datetime=${this.at} title=${exactTime(this.at)}>${text}</time>${
        this.form === 'both' ? html` <span class="soft number">(${ago})</span>` : nothing
      }`;
  }
}
customElements.define('when-time', WhenTime);

export const when = (at, form) => html`<when-time .at=${at} .form=${form}></when-time>`;
