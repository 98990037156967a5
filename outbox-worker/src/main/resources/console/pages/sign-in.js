import {html, nothing} from 'lit';
import {api, session} from '../api.js';
import {icon} from '../parts/icons.js';
import {Part} from '../parts/part.js';

/** Asks for a token and tries it before anything else is shown. */
class PageSignIn extends Part {
  static properties = {reason: {}, busy: {state: true}, fault: {state: true}};

  firstUpdated() {
    this.querySelector('input').focus();
  }

  async begin(event) {
    event.preventDefault();
    const token = new FormData(event.target).get('token').trim();
    if (!token || /[^\x21-\x7e]/.test(token)) {
      this.fault = token
        ? 'A token has no spaces and no special characters: it may not have been copied whole.'
        : 'Paste a token first.';
      return;
    }
    this.busy = true;
    this.fault = undefined;
    try {
      await api.checkToken(token);
      session.begin(token);
      this.dispatchEvent(new Event('signed-in'));
    } catch (problem) {
      this.fault =
        problem.status === 401 ? 'This token is not valid: it is wrong, has expired or was revoked.' : problem.message;
    }
    this.busy = false;
  }

  render() {
    return html` <main class="sign-in">
      <img src=${new URL('../icon.svg', import.meta.url)} alt="" width="48" height="48" />
      <h1>Sign in to outbox</h1>
      <p class="soft">See every webhook that was sent for you, why one failed, and send it again.</p>
      ${
        this.reason && !this.fault
          ? html`<div class="notice" data-kind="retrying" role="status">
              ${icon('warning', 18)}
              <p>${this.reason}</p>
            </div>`
          : nothing
      }
      <form class="card form" @submit=${this.begin}>
        <input type="text" name="username" value="outbox" autocomplete="username" hidden />
        <div class="field" ?data-fault=${this.fault}>
          <label for="token">API token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            spellcheck="false"
            required
            aria-describedby="token-hint"
            aria-invalid=${this.fault ? 'true' : 'false'}
            placeholder="whk_…"
          />
          ${this.fault ? html`<p class="fault" role="alert">${icon('failed')}${this.fault}</p>` : nothing}
          <p class="hint" id="token-hint">It stays in this tab, and is gone when the tab is closed.</p>
        </div>
        <button class="first" ?disabled=${this.busy}>${this.busy ? 'Signing in…' : 'Sign in'}</button>
      </form>
      <details class="small">
        <summary>Where do I get a token?</summary>
        <p class="soft">
          From the product that sends you webhooks. Its operator makes one with
          <code>outbox token create --tenant UUID</code>. A token belongs to one tenant, and so decides what you see.
        </p>
      </details>
    </main>`;
  }
}
customElements.define('page-sign-in', PageSignIn);
