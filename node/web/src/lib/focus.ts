// SPDX-License-Identifier: GPL-3.0-or-later
// Remote controls have four arrows: each moves the focus to the nearest control in its direction.

const directions = new Map([
    ['ArrowLeft', [-1, 0]],
    ['ArrowRight', [1, 0]],
    ['ArrowUp', [0, -1]],
    ['ArrowDown', [0, 1]],
] as const);
type Direction = readonly [x: number, y: number];

function center(element: Element): { x: number; y: number } {
    const box = element.getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function nearest(from: Element, controls: HTMLElement[], [dx, dy]: Direction): HTMLElement | null {
    const here = center(from);
    let best: HTMLElement | null = null;
    let least = Infinity;
    for (const control of controls) {
        const there = center(control);
        const x = there.x - here.x;
        const y = there.y - here.y;
        const along = x * dx + y * dy;
        // The distance across the direction counts double, so that a control straight ahead comes
        // before one that is nearer but to the side.
        const distance = along + 2 * (Math.abs(x * dy) + Math.abs(y * dx));
        if (control !== from && along > 4 && distance < least) {
            best = control;
            least = distance;
        }
    }
    return best;
}

/**
 * Moves the focus inside root if an arrow key was pressed. Text fields and menus keep the left and
 * right arrows for themselves.
 */
export function moveFocus(event: KeyboardEvent, root: HTMLElement): void {
    const direction = (directions as ReadonlyMap<string, Direction>).get(event.key);
    const from = document.activeElement;
    if (!direction || event.altKey || event.ctrlKey || event.metaKey) return;
    if (from?.matches('input:not([type=checkbox]), textarea, select') && direction[1] === 0) return;
    const all = root.querySelectorAll<HTMLElement>(
        'a[href], button:not([disabled]), input, select',
    );
    const controls = [...all].filter((control) => control.offsetParent !== null);
    const next =
        from && from !== document.body && root.contains(from)
            ? nearest(from, controls, direction)
            : (root.querySelector<HTMLElement>('a.lesson') ?? controls[0]);
    if (!next) return;
    next.focus();
    next.scrollIntoView({ block: 'nearest', behavior: 'auto' });
    event.preventDefault();
}
