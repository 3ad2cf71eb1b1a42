// SPDX-License-Identifier: GPL-3.0-or-later
// Hides the controls while nobody uses them.

const HIDE_MS = 4000;

export class IdleHider {
    private timer = 0;

    /** mayHide: whether the controls may be hidden at the end of the time. */
    constructor(
        private readonly stage: HTMLElement,
        private readonly mayHide: () => boolean,
    ) {
        for (const name of ['pointermove', 'pointerdown', 'touchstart'])
            stage.addEventListener(name, () => this.wake(), { passive: true });
    }

    get hidden(): boolean {
        return this.stage.classList.contains('calm');
    }

    /** Shows the controls, and begins the time again. */
    wake(): void {
        this.stage.classList.remove('calm');
        clearTimeout(this.timer);
        this.timer = setTimeout(() => {
            if (this.mayHide()) this.stage.classList.add('calm');
        }, HIDE_MS);
    }

    close(): void {
        clearTimeout(this.timer);
    }
}
