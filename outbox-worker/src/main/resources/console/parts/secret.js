import {html} from 'lit';
import {copyButton} from './copy.js';
import {icon} from './icons.js';

/** A new secret, while it can be seen. */
export const newSecret = (secret, done) =>
  html` <section class="card secret" role="status" aria-label="New signing secret">
    <h2 class="row">${icon('key', 18)}The signing secret</h2>
    <p>
      Copy it now into the receiver’s configuration. <strong>It is shown this once</strong>: after that nobody can read
      it, only replace it.
    </p>
    <div class="row secret-row"><code class="break">${secret}</code>${copyButton(secret, 'the secret')}</div>
    <button type="button" class="quiet" @click=${done}>I have copied it</button>
  </section>`;
