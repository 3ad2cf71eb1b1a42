// SPDX-License-Identifier: GPL-3.0-or-later
// Makes elements, for the pages without Preact.

type Tags = HTMLElementTagNameMap;
type Child = Node | string | null;
type Value = string | number | boolean | null | ((event: never) => void);

/**
 * Makes an element: el('button.primary', { onclick, title }, 'text', child). A name that begins
 * with "on" is an event; true sets an attribute without a value; false and null set none. Children
 * that are null are left out.
 */
export function el<Tag extends keyof Tags>(
    what: Tag | `${Tag}.${string}`,
    attributes: Record<string, Value> = {},
    ...children: Child[]
): Tags[Tag] {
    const [tag, ...classes] = what.split('.');
    const element = document.createElement(tag as Tag);
    if (classes.length) element.className = classes.join(' ');
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === 'function')
            element.addEventListener(name.slice(2), value as EventListener);
        else if (value !== false && value !== null)
            element.setAttribute(name, value === true ? '' : String(value));
    }
    fill(element, ...children);
    return element;
}

/** Replaces all children of an element. */
export function fill(element: Element, ...children: Child[]): void {
    element.textContent = '';
    for (const child of children) if (child !== null) element.append(child);
}

/** Makes an icon from a path in a 24x24 box. */
export function icon(d: string): SVGElement {
    const name = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(name, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(name, 'path');
    path.setAttribute('d', d);
    svg.append(path);
    return svg;
}

/** The element that build.mjs puts into each page for its content. */
export function appElement(): HTMLElement {
    const app = document.getElementById('app');
    if (!app) throw new Error('The page has no #app.');
    return app;
}
