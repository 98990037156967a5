import {html, nothing} from 'lit';
import {copyButton} from './copy.js';

/** A block of text to read and to copy. Long lines scroll, or break where `wrap` is set. */
export const codeBlock = (text, {content = text, what = 'text', wrap = false, tail = nothing} = {}) =>
  html` <figure class="code">
    <pre class=${wrap ? 'wrap' : ''} tabindex="0" role="region" aria-label=${what}><code>${content}</code></pre>
    <figcaption>${tail}${copyButton(text, what)}</figcaption>
  </figure>`;
