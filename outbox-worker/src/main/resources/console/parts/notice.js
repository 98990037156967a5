import {html, nothing} from 'lit';
import {icon} from './icons.js';

/** What went wrong with a request, and a way out of it. */
export function problemNotice(problem, again) {
  if (!problem) return nothing;
  const faults = (problem.errors ?? []).map(
    (e) => html`<li>${e.pointer ? html`<code>${e.pointer}</code> ` : nothing}${e.detail}</li>`,
  );
  return html` <div class="notice" data-kind="failed" role="alert">
    ${icon('warning', 18)}
    <div>
      <strong>${problem.title ?? 'Something went wrong'}</strong>
      <p class="break">${problem.message}</p>
      ${
        faults.length
          ? html`<ul>
              ${faults}
            </ul>`
          : nothing
      }
      ${again ? html`<button type="button" @click=${again}>Try again</button>` : nothing}
    </div>
  </div>`;
}

/** Nothing is there: says so, and what to do about it. */
export const emptyState = (title, text, action = nothing) =>
  html` <div class="empty">
    <h2>${title}</h2>
    <p class="soft">${text}</p>
    ${action}
  </div>`;

/** As tall as what will be there, so that nothing jumps when it comes. */
export const skeleton = (rows, kind = 'row') =>
  html` <div class="skeleton" aria-hidden="true">
      ${Array.from({length: rows}, () => html`<div class=${`bone-${kind}`}><i></i></div>`)}
    </div>
    <span class="for-readers" role="status">Loading</span>`;

/** A short word at the edge of the window, for what was done. */
export function toast(text, kind = 'delivered') {
  dispatchEvent(new CustomEvent('toast', {detail: {text, kind}}));
}

export const toastProblem = (problem) => toast(problem.message, 'failed');
