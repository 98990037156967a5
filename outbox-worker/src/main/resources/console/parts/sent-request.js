import {html} from 'lit';
import {bytes} from '../format.js';
import {coloured, formatted} from '../json.js';
import {repeatInShell} from '../snippets/repeat.js';
import {VERIFY} from '../snippets/verify.js';
import {codeBlock} from './code.js';
import {copyButton} from './copy.js';
import {icon} from './icons.js';
import './tabs.js';

/**
 * What was sent, read in five ways.
 *
 * @param signature how its subscription signs; undefined while that is not known
 */
export function sentRequest(delivery, signature) {
  if (delivery.payload === null) {
    return html`<div class="notice">
      ${icon('trash', 18)}
      <p>The payload was erased. The delivery can’t be sent again.</p>
    </div>`;
  }
  const pretty = formatted(delivery.payload);
  const tail = html`<span class="soft small number">${bytes(delivery.payload)}</span>`;
  return html`<outbox-tabs
    .label=${'What was sent'}
    .tabs=${[
      ['Payload', () => codeBlock(pretty, {content: coloured(pretty), what: 'the payload, formatted', tail})],
      [
        'As sent',
        () => codeBlock(delivery.payload, {what: 'the payload, byte for byte as it was sent', wrap: true, tail}),
      ],
      ['Headers', () => headerList(delivery.request_headers ?? {})],
      ['Send it by hand', () => (signature === 'ed25519' ? keptKey : byHand(delivery))],
      ['Verify it', () => (signature === 'ed25519' ? publicKeys : verification())],
    ]}
  ></outbox-tabs>`;
}

const byHand = (delivery) =>
  html`<p class="soft small">Asks for the signing secret, signs with openssl and sends with curl.</p>
    ${codeBlock(repeatInShell(delivery), {what: 'the shell commands'})}`;

const keptKey = html`<p>
  This subscription signs with a private key that never leaves the worker, so nobody can sign by hand. Retry sends it
  again, signed anew.
</p>`;

const verification = () =>
  html`<p class="soft small">What your receiver does with the request before it believes it.</p>
    <outbox-tabs
      .label=${'Language'}
      .tabs=${Object.entries(VERIFY).map(([name, text]) => [
        name,
        () => codeBlock(text, {what: `how to verify in ${name}`}),
      ])}
    ></outbox-tabs>`;

const publicKeys = html`<p>
  This subscription signs with Ed25519 (<code>v1a</code> of Standard Webhooks). Its public keys are at
  <code class="break">/.well-known/webhooks/TENANT/jwks.json</code> of this server; the libraries of Standard Webhooks
  verify with them.
</p>`;

function headerList(headers) {
  const text = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return html`<dl class="facts headers">
      ${Object.entries(headers).map(
        ([name, value]) =>
          html` <div>
            <dt class="mono break">${name}</dt>
            <dd class="mono break">${value}</dd>
          </div>`,
      )}
    </dl>
    <div class="row">${copyButton(text, 'the headers')}<span class="hint">Signatures are not kept.</span></div>`;
}
