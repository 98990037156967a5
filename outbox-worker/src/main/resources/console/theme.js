/** Light, dark, or as the system says; kept in this browser. */
const KEY = 'outbox-theme';
const THEMES = {
  system: {name: 'system', symbol: 'auto', next: 'light'},
  light: {name: 'light', symbol: 'sun', next: 'dark'},
  dark: {name: 'dark', symbol: 'moon', next: 'system'},
};

const chosen = () => (THEMES[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : 'system');

export const theme = () => THEMES[chosen()];

export function applyTheme() {
  document.documentElement.dataset.theme = chosen();
}

export function nextTheme() {
  localStorage.setItem(KEY, theme().next);
  applyTheme();
}
