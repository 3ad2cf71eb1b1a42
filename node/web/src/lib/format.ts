// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers in the form that people read.
import { locale, t } from './language';
import { lengthText } from './messages';

const number = (value: number, digits: number): string =>
    value.toLocaleString(locale, { maximumFractionDigits: digits });

/** 4200 is "4.2 kB". The command line writes sizes in the same way (node/cli/text.c). */
export function formatBytes(bytes: number): string {
    const units = ['kB', 'MB', 'GB', 'TB'];
    let unit = 'B';
    // Rounding decides on the unit: 999,500 bytes are shown as 1 MB, not as 1000 kB.
    while (bytes >= (unit === 'B' ? 1000 : 999.5)) {
        const larger = units.shift();
        if (!larger) break;
        unit = larger;
        bytes /= 1000;
    }
    return `${number(bytes, bytes < 10 ? 1 : 0)} ${unit}`;
}

export function formatRate(bps: number): string {
    return bps >= 1e6
        ? `${number(bps / 1e6, bps < 1e7 ? 1 : 0)} Mbit/s`
        : `${number(bps / 1e3, 0)} kbit/s`;
}

/** A position or a length as a clock shows it: 75 is "1:15". */
export function formatTime(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds || 0));
    const twoDigits = (n: number) => String(n % 60).padStart(2, '0');
    const minutes = Math.floor(whole / 60);
    const start =
        minutes >= 60 ? `${Math.floor(minutes / 60)}:${twoDigits(minutes)}` : String(minutes);
    return `${start}:${twoDigits(whole)}`;
}

/** A length in words: 300 is "5 min". */
export function formatLength(seconds: number): string {
    if (seconds < 60) return `${Math.round(seconds)} ${t(lengthText.seconds)}`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} ${t(lengthText.minutes)}`;
    return `${number(seconds / 3600, 1)} ${t(lengthText.hours)}`;
}
