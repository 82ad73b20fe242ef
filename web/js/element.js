/**
 * Creates an element. Strings become text nodes and are never parsed as HTML, so a value from the API cannot become
 * markup; `require-trusted-types-for` in the policy enforces it.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | undefined | ((event: any) => void)>} attributes a function is an event listener
 * @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

/**
 * A button that ignores clicks while its work is in progress. It is not `disabled` during that time, because a disabled
 * button loses the keyboard's focus.
 *
 * @param {string} label
 * @param {() => unknown} work
 * @param {Record<string, string | boolean | undefined>} attributes
 */
export function button(label, work, attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', () => once(made, work));
  return made;
}

/** Does the work unless the control is busy. @param {HTMLElement} control @param {() => unknown} work */
export async function once(control, work) {
  if (control.ariaDisabled === 'true') return;
  control.ariaDisabled = 'true';
  try {
    await work();
  } finally {
    control.ariaDisabled = null;
  }
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element with the id ${id}`);
  return found;
}

/**
 * A relative time, with the exact time as its tooltip.
 *
 * @param {string} timestamp RFC 3339
 */
export function time(timestamp) {
  const date = new Date(timestamp);
  const seconds = (date.getTime() - Date.now()) / 1000;
  /** @type {[Intl.RelativeTimeFormatUnit, number][]} */
  const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const spoken = new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.round(seconds / length), unit);
  return element('time', { datetime: timestamp, title: date.toLocaleString() }, spoken);
}
