import {html, nothing} from 'lit';
import {Part} from './part.js';

/**
 * Asks before something is done. `body` says what will happen; `action` does it, and the dialog stays open, with the
 * reason, where it fails.
 */
class ConfirmDialog extends Part {
  static properties = {
    heading: {},
    body: {},
    word: {},
    danger: {type: Boolean},
    action: {},
    busy: {state: true},
    fault: {state: true},
  };

  firstUpdated() {
    this.querySelector('dialog').showModal();
  }

  async confirm(event) {
    event.preventDefault();
    this.busy = true;
    this.fault = undefined;
    try {
      await this.action(new FormData(event.target));
      this.close();
    } catch (problem) {
      this.fault = problem.message;
    }
    this.busy = false;
  }

  close() {
    this.querySelector('dialog')?.close();
  }

  render() {
    return html` <dialog aria-labelledby="confirm-heading" @close=${() => this.dispatchEvent(new Event('done'))}>
      <form @submit=${this.confirm}>
        <h2 id="confirm-heading">${this.heading}</h2>
        <div class="dialog-body">${this.body}</div>
        ${this.fault ? html`<p class="fault" role="alert">${this.fault}</p>` : nothing}
        <div class="actions">
          <button type="button" @click=${this.close}>Cancel</button>
          <button class=${this.danger ? 'danger first' : 'first'} ?disabled=${this.busy}>${this.word}</button>
        </div>
      </form>
    </dialog>`;
  }
}
customElements.define('confirm-dialog', ConfirmDialog);

/** Shown while `question` is set; `done` clears it. */
export const confirmDialog = (question, done) =>
  question
    ? html`<confirm-dialog
        .heading=${question.heading}
        .body=${question.body}
        .word=${question.word}
        .danger=${question.danger}
        .action=${question.action}
        @done=${done}
      ></confirm-dialog>`
    : nothing;
