/**
 * Addresses are kept behind the `#`: filters hold ids of the user's own customers, and what is behind a `#` reaches no
 * server log and no proxy.
 */

/** Where the address bar points to: the words of its path, and its query. */
export function current() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const words = path.split('/').filter(Boolean).map(decode);
  return {words, query: Object.fromEntries(new URLSearchParams(query))};
}

function decode(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** The address of a place, as in link('deliveries', {status: 'failed'}); empty values are left out. */
export function link(words = '', query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(given).toString();
  const path = [].concat(words).map(encodeURIComponent).join('/');
  return `#/${path}${text ? `?${text}` : ''}`;
}

/** Goes there, as if a link had been followed. */
export function go(words, query) {
  location.hash = link(words, query);
}

/** Changes the address without a step in the browser's history. */
export function replace(words, query) {
  history.replaceState(null, '', link(words, query));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

let list = link('deliveries');

/** The list of deliveries as it was last filtered: where a delivery's page leads back to. */
export const lastList = () => list;

export function noteList(query) {
  list = link('deliveries', query);
}
