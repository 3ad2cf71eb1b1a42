// SPDX-License-Identifier: GPL-3.0-or-later
// The queue as the node sends it: server-sent events, at most one a second.
import { session } from '../lib/api';
import type { Queue } from '../lib/api_types';

const RECONNECT_MS = 3000;

/** Lessons that have not changed stay the same objects, so that their rows stay untouched. */
export function mergeQueue(before: Queue | null, now: Queue): Queue {
    const known = new Map(before?.lessons.map((lesson) => [lesson.id, lesson]));
    const lessons = now.lessons.map((lesson) => {
        const old = known.get(lesson.id);
        return old && JSON.stringify(old) === JSON.stringify(lesson) ? old : lesson;
    });
    return { ...now, lessons };
}

/** onConnected is called with false when the connection is lost, and with true when it is back. */
export function listenToQueue(
    onQueue: (queue: Queue) => void,
    onConnected: (connected: boolean) => void,
): void {
    const listen = () => {
        const events = new EventSource('/api/operator/events');
        events.addEventListener('open', () => onConnected(true));
        events.addEventListener('queue', (event) => {
            onConnected(true);
            onQueue(JSON.parse((event as MessageEvent<string>).data) as Queue);
        });
        events.addEventListener('error', () => {
            onConnected(false);
            // The browser does not connect again after a refusal, for example when the session has
            // ended. session() shows the login page if it is needed.
            if (events.readyState === EventSource.CLOSED)
                setTimeout(() => void session().then(listen, listen), RECONNECT_MS);
        });
    };
    listen();
}
