import {html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {count, shortUrl} from '../format.js';
import {link} from '../route.js';
import {chip} from './chip.js';
import {when} from './when.js';

function target(replay, subscriptions) {
  if (!replay.subscription_id) return 'all subscriptions';
  const subscription = subscriptions.find((s) => s.id === replay.subscription_id);
  return html`<a href=${link(['subscriptions', replay.subscription_id])}
    >${subscription?.description || shortUrl(subscription?.url ?? replay.subscription_id)}</a
  >`;
}

/** Replays with their progress and their result. */
export const replayList = (items, subscriptions) =>
  html` <ul class="rows replays">
    ${repeat(
      items,
      (replay) => replay.id,
      (replay) =>
        html` <li>
          <span>${replay.finished_at ? chip('delivered', 'Done') : chip('retrying', 'Running')}</span>
          <span class="cell-main"
            ><span class="break"
              ><b>${replay.status}</b>${replay.event ? html` <code>${replay.event}</code>` : nothing} to
              ${target(replay, subscriptions)}</span
            >
            <span class="soft small"
              >from ${when(replay.since)} to ${when(replay.until)}${replay.again ? ', also again' : nothing}</span
            ></span
          >
          <span class="cell-progress">
            <progress
              max=${Math.max(1, replay.count)}
              value=${replay.finished_at ? Math.max(1, replay.count) : replay.replayed}
              aria-label="Progress"
            ></progress>
            <span class="small number"
              >${replay.finished_at ? `${count(replay.replayed)} sent again` : `${count(replay.replayed)} of ${count(replay.count)}`}</span
            ></span
          >
          <span class="small soft cell-time">${when(replay.created_at)}</span>
        </li>`,
    )}
  </ul>`;
