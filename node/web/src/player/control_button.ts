// SPDX-License-Identifier: GPL-3.0-or-later
// The round buttons of the player.
import { el, fill, icon } from '../lib/dom';

const icons = {
    play: 'M7 4v16l13-8z',
    pause: 'M6 4h4v16H6zM14 4h4v16h-4z',
    back: 'M15 4l-8 8 8 8',
    rewind: 'M11 6l-8 6 8 6zM21 6l-8 6 8 6z',
    forward: 'M3 6l8 6-8 6zM13 6l8 6-8 6z',
    sound: 'M4 9v6h4l5 5V4L8 9zM16 8a5 5 0 0 1 0 8',
    mute: 'M4 9v6h4l5 5V4L8 9zM16 9l6 6M22 9l-6 6',
    full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
};
export type IconName = keyof typeof icons;

export const playerIcon = (name: IconName): SVGElement => icon(icons[name]);

export function setControl(button: HTMLElement, name: IconName, label: string): void {
    fill(button, playerIcon(name));
    button.setAttribute('aria-label', label);
    button.title = label;
}

export function controlButton(
    name: IconName,
    label: string,
    onclick: () => void,
): HTMLButtonElement {
    const button = el('button.control', { onclick });
    setControl(button, name, label);
    return button;
}
