import {html} from 'lit';

const TOKEN = /("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:])|(\s+)|(.)/gs;

/** Above this a browser would choke on one element per token. */
const COLOURED_MAX = 100_000;

/**
 * JSON with line breaks and spaces, made from its own characters: it is never parsed, so numbers keep all of their
 * digits and keys their order. What is no JSON comes out as it is.
 */
export function formatted(text) {
  let depth = 0;
  let out = '';
  const line = () => `\n${'  '.repeat(Math.max(0, depth))}`;
  let previous = '';
  for (const [token, , , , sign, space, other] of text.matchAll(TOKEN)) {
    if (other !== undefined) return text;
    if (space !== undefined) continue;
    if (sign === '}' || sign === ']') {
      depth--;
      if (previous !== '{' && previous !== '[') out += line();
      out += token;
    } else {
      if (previous === '{' || previous === '[' || previous === ',') out += line();
      out += token;
      if (sign === '{' || sign === '[') depth++;
      if (sign === ':') out += ' ';
    }
    previous = token;
  }
  return depth === 0 ? out : text;
}

/** The same with colours: every token is a text node. */
export function coloured(text) {
  if (text.length > COLOURED_MAX) return text;
  const parts = [];
  let plain = '';
  const matches = [...text.matchAll(TOKEN)];
  matches.forEach(([token, string, number, word], at) => {
    const isKey = string !== undefined && matches[at + 1]?.[0] === ':';
    const kind = isKey ? 'key' : string !== undefined ? 'string' : number !== undefined ? 'number' : word ? 'word' : '';
    if (!kind) {
      plain += token;
      return;
    }
    parts.push(plain, html`<span class=${`json-${kind}`}>${token}</span>`);
    plain = '';
  });
  return [...parts, plain];
}
