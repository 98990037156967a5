import {html, nothing} from 'lit';
import {icon} from './icons.js';

/** A labelled input with its hint and its fault. `form` has values, faults and set(name, value). */
export const field = (
  form,
  name,
  label,
  {hint, type = 'text', placeholder = '', warning, mono, autocomplete = 'off'} = {},
) => {
  const fault = form.faults[name];
  return html` <div class="field" ?data-fault=${fault}>
    <label for=${name}>${label}</label>
    <input
      id=${name}
      name=${name}
      type=${type}
      class=${mono ? 'mono' : ''}
      .value=${form.values[name] ?? ''}
      placeholder=${placeholder}
      autocomplete=${autocomplete}
      spellcheck="false"
      inputmode=${type === 'url' ? 'url' : nothing}
      aria-describedby=${`${name}-hint ${name}-fault`}
      aria-invalid=${fault ? 'true' : 'false'}
      @input=${(event) => form.set(name, event.target.value)}
      @blur=${() => form.leave(name)}
    />
    <p class="fault" id=${`${name}-fault`} aria-live="polite">
      ${fault ? html`${icon('failed')}<span>${fault}</span>` : nothing}
    </p>
    ${warning && !fault ? html`<p class="hint warn">${warning}</p>` : nothing}
    <p class="hint" id=${`${name}-hint`}>${hint ?? nothing}</p>
  </div>`;
};
