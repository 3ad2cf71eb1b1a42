// SPDX-License-Identifier: GPL-3.0-or-later
import './dialog.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
    /** Called when the dialog is closed in any way; value is the value of the button pressed. */
    onClose: (value: string) => void;
    children: ComponentChildren;
}

/** A modal dialog. It opens when it is rendered; the parent stops rendering it in onClose. */
export function Dialog({ onClose, children }: DialogProps) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current?.showModal(), []);
    return (
        <dialog
            class="card"
            ref={dialog}
            onClose={(event) => {
                onClose(event.currentTarget.returnValue);
            }}
        >
            {children}
        </dialog>
    );
}

/** Closes the dialog that the element is in; onClose follows. */
export function closeDialogOf(element: Element): void {
    element.closest('dialog')?.close();
}
