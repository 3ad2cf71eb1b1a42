// SPDX-License-Identifier: GPL-3.0-or-later
// A question over the picture, such as whether to go on from the last position.
import { el, fill } from '../lib/dom';

type Answer = [label: string, act: () => void];

export class Choice {
    readonly element = el('div.choice', { hidden: true });

    get closed(): boolean {
        return Boolean(this.element.hidden);
    }

    offer(...answers: Answer[]): void {
        const buttons = answers.map(([label, act]) => {
            const onclick = () => {
                this.element.hidden = true;
                act();
            };
            return el('button.primary', { onclick }, label);
        });
        fill(this.element, ...buttons);
        this.element.hidden = false;
        buttons[0]?.focus();
    }
}
