import {html} from 'lit';
import {icon} from './icons.js';

const WORDS = {
  delivered: 'Delivered',
  failed: 'Failed',
  retrying: 'Retrying',
  pending: 'Pending',
  active: 'Active',
  paused: 'Paused',
  disabled: 'Disabled',
  troubled: 'Has failures',
};

/** A status as a shape, a word and a colour: none of them has to be seen to know it. */
export function chip(status, text = WORDS[status] ?? status) {
  const shape = ['disabled', 'troubled'].includes(status) ? 'warning' : status;
  return html`<span class="chip" data-status=${status}>${icon(shape, 14)}${text}</span>`;
}

export const subscriptionState = (subscription) =>
  subscription.active ? 'active' : subscription.disabled_reason ? 'disabled' : 'paused';
