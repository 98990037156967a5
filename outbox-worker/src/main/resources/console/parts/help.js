import {html} from 'lit';

const LISTS = [
  ['j', 'next row'],
  ['k', 'row before'],
  ['Enter', 'open it'],
  ['/', 'to the filters'],
  ['p', 'stop or start new rows'],
  ['?', 'this help'],
];

/** The keys, in a dialog that whoever renders it has to open. */
export const keysHelp = (places, done) =>
  html` <dialog class="keys-help" aria-labelledby="keys-heading" @close=${done}>
    <h2 id="keys-heading">Keys</h2>
    <div class="pair dialog-body">
      <dl class="keys">
        ${LISTS.map(
          ([key, what]) =>
            html`<div>
              <dt><kbd>${key}</kbd></dt>
              <dd>${what}</dd>
            </div>`,
        )}
      </dl>
      <dl class="keys">
        ${places.map(
          (place) =>
            html`<div>
              <dt><kbd>g</kbd> <kbd>${place.key}</kbd></dt>
              <dd>${place.name}</dd>
            </div>`,
        )}
      </dl>
    </div>
    <div class="actions">
      <button type="button" autofocus @click=${(e) => e.target.closest('dialog').close()}>Close</button>
    </div>
  </dialog>`;
