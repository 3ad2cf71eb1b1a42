// SPDX-License-Identifier: GPL-3.0-or-later
// The language of the page: the one that the reader chose. Without a choice it is English if the
// browser prefers another language than Chinese, else Chinese.
import type { Message } from './messages';
import { readStored, store } from './storage';

export type Language = 'zh' | 'en';

const KEY = 'terrace.language';

function chooseLanguage(): Language {
    const stored = readStored(KEY);
    if (stored === 'zh' || stored === 'en') return stored;
    const preferred = navigator.languages[0] ?? navigator.language;
    return preferred && !/^zh/i.test(preferred) ? 'en' : 'zh';
}

export const language = chooseLanguage();
export const otherLanguage: Language = language === 'zh' ? 'en' : 'zh';
/** For numbers and dates (BCP 47). */
export const locale = language === 'zh' ? 'zh-CN' : 'en';
document.documentElement.lang = language;

/** The message in the language of the page. */
export const t = (message: Message): string => message[language === 'zh' ? 0 : 1];

/** Changes to the other language. The page is loaded again, so that all texts change. */
export function switchLanguage(): void {
    store(KEY, otherLanguage);
    location.reload();
}
