import {html, nothing} from 'lit';
import {checks} from '../checks.js';
import {coloured, formatted} from '../json.js';
import {Part} from './part.js';
import {codeBlock} from './code.js';

/** Event types by their group: the part of the name before its first dot. */
export function grouped(types) {
  const groups = new Map();
  for (const type of types) {
    const group = type.event.split('.')[0];
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

/** Whether a subscription to `wanted` gets this event. */
export const covers = (wanted, event) =>
  wanted === '*' || wanted === event || (wanted.endsWith('.*') && event.startsWith(wanted.slice(0, -1)));

/** Chooses an event, a group or all, and shows what will come. */
class EventPicker extends Part {
  static properties = {value: {}, types: {}, fault: {}, search: {state: true}};

  #choose(value) {
    this.value = value;
    this.dispatchEvent(new CustomEvent('choose', {detail: value}));
  }

  render() {
    const value = this.value ?? '';
    const search = (this.search ?? '').toLowerCase();
    const groups = grouped((this.types ?? []).filter((type) => type.event.toLowerCase().includes(search)));
    return html` <fieldset class="picker" ?data-fault=${this.fault}>
      <legend class="label">Events</legend>
      <div class="pair">
        <div class="field">
          <label class="small" for="event">Name, group or *</label>
          <input
            id="event"
            class="mono"
            .value=${value}
            spellcheck="false"
            autocomplete="off"
            aria-describedby="event-fault"
            aria-invalid=${this.fault ? 'true' : 'false'}
            @input=${(e) => this.#choose(e.target.value.trim())}
            @blur=${() => this.dispatchEvent(new Event('leave'))}
            placeholder="invoice.*"
          />
          <p class="fault" id="event-fault" aria-live="polite">${this.fault}</p>
        </div>
        <div class="field">
          <label class="small" for="event-search">Find in the list</label>
          <input id="event-search" type="search" autocomplete="off" @input=${(e) => (this.search = e.target.value)} />
        </div>
      </div>
      <div class="picker-list" tabindex="0" role="group" aria-label="Known events">
        ${this.#option('*', 'everything, also what is added later', 'all')}
        ${groups.map(([group, types]) => [
          this.#option(`${group}.*`, `${types.length} known`, 'group'),
          types.map((type) => this.#option(type.event, type.seen ? 'seen' : '', 'one')),
        ])}
      </div>
      ${this.#sample(value)}
    </fieldset>`;
  }

  #option(event, hint, kind) {
    const chosen = this.value === event;
    const covered = !chosen && this.value && checks.event(this.value) === undefined && covers(this.value, event);
    return html`<label class="choice pick" data-kind=${kind} ?data-covered=${covered}>
      <input type="radio" name="event-choice" .checked=${chosen} @change=${() => this.#choose(event)} />
      <span class="mono">${event}</span><span class="soft small">${covered ? 'included' : hint}</span></label
    >`;
  }

  #sample(value) {
    const type = (this.types ?? []).find((candidate) => value && covers(value, candidate.event) && candidate.sample);
    if (!type) return nothing;
    const text = formatted(JSON.stringify(type.sample));
    return html`<details>
      <summary class="small">What will arrive, as ${type.event}</summary>
      ${codeBlock(text, {content: coloured(text), what: `a sample of ${type.event}`})}
    </details>`;
  }
}
customElements.define('event-picker', EventPicker);
