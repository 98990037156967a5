import {html, nothing} from 'lit';
import {icon} from './icons.js';
import {Part} from './part.js';

/** Copies a text and says that it did. */
class CopyButton extends Part {
  static properties = {text: {}, label: {}, what: {}, done: {state: true}};

  async copy() {
    this.done = (await copyText(this.text)) ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => (this.done = undefined), 1600);
  }

  render() {
    const word = this.label ?? 'Copy';
    return html` <button
      type="button"
      class="copy"
      @click=${this.copy}
      aria-label=${this.what ? `${this.done ?? word}: ${this.what}` : nothing}
    >
      ${icon(this.done ? 'delivered' : 'copy')}<span aria-live="polite">${this.done ?? word}</span>
    </button>`;
  }
}
customElements.define('copy-button', CopyButton);

/** The clipboard is there only over https and on localhost; elsewhere a selection does it. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'for-readers';
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

export const copyButton = (text, what, label) =>
  html`<copy-button .text=${text} .what=${what} .label=${label}></copy-button>`;
