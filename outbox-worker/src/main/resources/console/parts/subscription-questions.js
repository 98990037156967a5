import {html} from 'lit';
import {api} from '../api.js';
import {toast} from './notice.js';

const OVERLAPS = [
  ['0s', 'none: the old secret ends now'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
];

/** Asks how long the old secret shall go on, and hands the answer with the new one over. */
export const askToRotate = (subscription, done) => ({
  heading: 'Rotate the signing secret?',
  word: 'Rotate the secret',
  body: html` <p>
      A new secret is made. For the overlap each request carries the signatures of both, so the receiver can be changed
      at any moment in between.
    </p>
    <div class="field">
      <label for="overlap">Overlap</label>
      <select id="overlap" name="overlap">
        ${OVERLAPS.map(([value, name]) => html`<option value=${value} ?selected=${value === '24h'}>${name}</option>`)}
      </select>
    </div>`,
  action: async (form) => done(await api.rotateSecret(subscription.id, {overlap: form.get('overlap')})),
});

/** Says what deleting does, before it does. */
export const askToDelete = (subscription, done) => ({
  heading: 'Delete this subscription?',
  word: 'Delete it',
  danger: true,
  body: html` <p class="break"><code>${subscription.event}</code> → ${subscription.url}</p>
    <ul class="points">
      <li>Nothing is sent to it any more, from one second on.</li>
      <li>What waits for it ends as failed (<code>subscription_deleted</code>).</li>
      <li>Its secret is wiped. What was sent stays in the log.</li>
      <li>It can’t be undone. To stop for a while, pause it instead.</li>
    </ul>`,
  action: async () => {
    await api.removeSubscription(subscription.id);
    toast('The subscription was deleted.');
    done();
  },
});
