// SPDX-License-Identifier: GPL-3.0-or-later
// Remote controls have four arrows: the focus goes to what lies nearest in that direction.

const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const center = (element) => {
    const r = element.getBoundingClientRect();
    return { x: r.left + r.width / 2, y: r.top + r.height / 2, ...{ left: r.left, right: r.right, top: r.top, bottom: r.bottom } };
};

/** Moves the focus inside root for an arrow key; leaves texts that are being written alone. True if it moved. */
export function moveFocus(event, root) {
    const direction = directions[event.key];
    const from = document.activeElement;
    if (!direction || event.altKey || event.ctrlKey || event.metaKey)
        return false;
    if (from && from.matches('input:not([type=checkbox]), textarea, select') && direction[1] === 0)
        return false;
    const all = [...root.querySelectorAll('a[href], button:not([disabled]), input, select')].filter((e) => e.offsetParent !== null);
    if (!all.length)
        return false;
    let best = null, least = Infinity;
    if (!from || from === document.body || !root.contains(from)) {
        best = root.querySelector('a.lesson') || all[0];
    } else {
        const here = center(from);
        for (const candidate of all) {
            const there = center(candidate);
            const [dx, dy] = [there.x - here.x, there.y - here.y];
            const along = dx * direction[0] + dy * direction[1];
            // Across counts double: the next card in the row comes before one below it.
            const across = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
            if (candidate !== from && along > 4 && along + 2 * across < least) {
                best = candidate;
                least = along + 2 * across;
            }
        }
    }
    if (!best)
        return false;
    best.focus();
    best.scrollIntoView({ block: 'nearest', behavior: 'auto' });
    event.preventDefault();
    return true;
}
