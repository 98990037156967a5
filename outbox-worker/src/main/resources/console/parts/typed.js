import {noChange} from 'lit';
import {directive, Directive} from 'lit/directive.js';

/**
 * The value of an input that follows what is known elsewhere, such as the address. What somebody is typing is theirs:
 * it stays until they leave the field or what is known has become the same.
 */
class Typed extends Directive {
  #shown;

  render(value) {
    return value;
  }

  update({element}, [value]) {
    const typing = element === document.activeElement && element.value !== this.#shown;
    if (typing && element.value !== value) return noChange;
    if (element.value !== value) element.value = value;
    this.#shown = value;
    return noChange;
  }
}

export const typed = directive(Typed);
