// SPDX-License-Identifier: GPL-3.0-or-later
// The position in a lesson that the browser remembers, in seconds.
import type { Lesson } from '../lib/api_types';
import { readStored, store } from '../lib/storage';

const key = (lesson: Lesson): string => `terrace.position.${lesson.id}.${lesson.revision}`;

export const readPosition = (lesson: Lesson): number => Number(readStored(key(lesson))) || 0;

export const storePosition = (lesson: Lesson, seconds: number): void =>
    store(key(lesson), Math.floor(seconds));
