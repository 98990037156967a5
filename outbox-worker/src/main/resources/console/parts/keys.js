/** j, k and Enter in lists of links, wherever the page has one marked with `data-list`. */

const isTyping = (target) => target.closest('input, select, textarea, dialog, [contenteditable]');

function move(step) {
  const rows = [...document.querySelectorAll('[data-list] [data-row]')];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  const target = next.matches('a') ? next : next.querySelector('a');
  target.focus({preventScroll: true});
  next.scrollIntoView({block: 'nearest'});
}

/** @param actions by key; `g` waits for a second key in `actions.g` */
export function listenToKeys(actions) {
  let afterG = 0;
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === 'Escape' && event.target.closest('[data-filters]')) event.target.blur();
    if (isTyping(event.target)) return;
    const isSecond = Date.now() - afterG < 1200;
    afterG = 0;
    if (isSecond && actions.g[event.key]) {
      actions.g[event.key]();
    } else if (event.key === 'g') {
      afterG = Date.now();
      return;
    } else if (event.key === 'j' || event.key === 'k') {
      move(event.key === 'j' ? 1 : -1);
    } else if (event.key === '/') {
      const field = document.querySelector('[data-first-filter]');
      if (!field) return;
      field.focus();
    } else if (actions[event.key]) {
      actions[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  });
}
