import {html, nothing} from 'lit';
import {api} from '../api.js';
import {explain} from '../explain.js';
import {duration} from '../format.js';
import {Part, Load} from './part.js';
import {chip} from './chip.js';
import {codeBlock} from './code.js';
import {icon} from './icons.js';
import {problemNotice} from './notice.js';

/** Sends a sample event now and shows what the endpoint answers. */
class TestSend extends Part {
  static properties = {key: {}};

  #answer = new Load(this, (signal, key) => api.testSubscription(key));

  willUpdate(changed) {
    if (changed.has('key')) this.#answer.forget();
  }

  render() {
    const {value, problem, busy} = this.#answer;
    return html` <p class="soft small">Sends one signed sample event now. It is no delivery, and is not retried.</p>
      <button type="button" class="send" ?disabled=${busy} @click=${() => this.#answer.run(this.key)}>
        ${icon('send')}${busy ? 'Waiting for the answer…' : 'Send a test event'}
      </button>
      <div aria-live="polite">${problem ? problemNotice(problem) : value ? this.#result(value) : nothing}</div>`;
  }

  #result(value) {
    const meaning = explain(value.error, value.http_status);
    return html` <div class="test-result">
      <div class="row">
        ${chip(value.delivered ? 'delivered' : 'failed', value.delivered ? 'It works' : meaning?.title)}
        <span class="mono small">${value.http_status ? `HTTP ${value.http_status}` : value.error}</span
        ><span class="soft small number">${duration(value.duration_ms)}</span>
      </div>
      ${meaning ? html`<p class="small">${meaning.meaning} ${meaning.advice}</p>` : nothing}
      ${value.response ? codeBlock(value.response, {what: 'the answer', wrap: true}) : nothing}
    </div>`;
  }
}
customElements.define('test-send', TestSend);
