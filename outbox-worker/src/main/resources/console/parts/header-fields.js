import {html} from 'lit';
import {checks} from '../checks.js';
import {icon} from './icons.js';

const HEADERS_MAX = 20;

/** What is wrong with any of them; undefined where nothing is. */
export function headersFault(headers) {
  const names = headers.map(({name}) => name.trim().toLowerCase());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) return `${twice} is there twice.`;
  return headers.map(({name, value}) => checks.header_name(name.trim()) ?? checks.header_value(value)).find(Boolean);
}

/** Rows of a name and a value. `form` has headers and faults, both reactive. */
export function headerFields(form) {
  const change = (at, part) => {
    form.headers = form.headers.map((header, index) => (index === at ? {...header, ...part} : header));
    if (form.faults.headers) form.faults = {...form.faults, headers: headersFault(form.headers)};
  };
  const remove = (at) => {
    form.headers = form.headers.filter((header, index) => index !== at);
    form.faults = {...form.faults, headers: headersFault(form.headers)};
  };
  return html` <fieldset class="field" ?data-fault=${form.faults.headers}>
    <legend class="label">Headers</legend>
    <p class="hint">Sent with each request, as for a token that your endpoint wants. Names begin with X-.</p>
    ${form.headers.map(
      (header, at) =>
        html` <div class="header-row">
          <input
            class="mono"
            aria-label=${`Name of header ${at + 1}`}
            placeholder="X-Api-Token"
            .value=${header.name}
            @input=${(e) => change(at, {name: e.target.value})}
          />
          <input
            class="mono"
            aria-label=${`Value of header ${at + 1}`}
            .value=${header.value}
            @input=${(e) => change(at, {value: e.target.value})}
          />
          <button type="button" class="quiet" aria-label=${`Remove header ${at + 1}`} @click=${() => remove(at)}>
            ${icon('failed')}
          </button>
        </div>`,
    )}
    <p class="fault" aria-live="polite">${form.faults.headers}</p>
    <div>
      <button
        type="button"
        ?disabled=${form.headers.length >= HEADERS_MAX}
        @click=${() => (form.headers = [...form.headers, {name: '', value: ''}])}
      >
        ${icon('plus')}Add a header
      </button>
    </div>
  </fieldset>`;
}
