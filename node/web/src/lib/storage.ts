// SPDX-License-Identifier: GPL-3.0-or-later
// Small values that the browser keeps. In private mode it may refuse; then nothing is kept.

export function readStored(key: string): string {
    try {
        return localStorage.getItem(key) ?? '';
    } catch {
        return '';
    }
}

export function store(key: string, value: string | number): void {
    try {
        localStorage.setItem(key, String(value));
    } catch {
        // Private mode: the value counts for this page only.
    }
}
