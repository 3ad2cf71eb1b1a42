// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's lessons: pages of the list, newest first, kept up to date by server-sent events.
import { api, session } from '../lib/api';
import type { Changes, OperatorLesson, OperatorPage, PendingUpload } from '../lib/api_types';

const RECONNECT_MS = 3000;
const SEARCH_PAUSE_MS = 300;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether the node would find the lesson by this search. */
function matches(lesson: OperatorLesson, search: string): boolean {
    const { title, topic, description, submitter, source } = lesson;
    return [title, topic, description, submitter, source.name].some((text) =>
        text.toLowerCase().includes(search.toLowerCase()),
    );
}

const pagePath = (search: string, before: number | null): string =>
    `/api/operator/lessons?q=${encodeURIComponent(search)}` + (before ? `&before=${before}` : '');

export class LessonFeed {
    /** null until the first page is there. */
    lessons: OperatorLesson[] | null = null;
    uploads: PendingUpload[] = [];
    /** The list has more pages; this is where the next one begins. */
    next: number | null = null;
    connected = true;
    search = '';
    private events: EventSource | null = null;
    private searchTimer = 0;
    /** Counts what was asked for. An answer to an older question is dropped. */
    private question = 0;

    /** changed is called whenever something above has changed. */
    constructor(private readonly changed: () => void) {}

    /** Reads the list, and follows its changes from then on. */
    start(): void {
        void this.read(1).then((change) => {
            if (change !== null) this.follow(change);
            else setTimeout(() => this.start(), RECONNECT_MS);
        });
    }

    find(text: string): void {
        this.search = text.trim();
        clearTimeout(this.searchTimer);
        this.searchTimer = window.setTimeout(() => void this.read(1), SEARCH_PAUSE_MS);
        this.changed();
    }

    /** Adds the next page. */
    async more(): Promise<void> {
        const question = this.question;
        const page = await this.fetchPage(this.next);
        if (!page || question !== this.question || !this.lessons) return;
        const known = new Set(this.lessons.map(({ id }) => id));
        this.lessons = [...this.lessons, ...page.lessons.filter(({ id }) => !known.has(id))];
        this.next = page.next;
        this.changed();
    }

    /** Reads pages until there are `wanted` lessons. Returns the change from which to follow, or null. */
    private async read(wanted: number): Promise<string | null> {
        const question = ++this.question;
        const lessons: OperatorLesson[] = [];
        let change: string | null = null;
        let next: number | null = null;
        do {
            const page: OperatorPage | null = await this.fetchPage(next);
            if (!page || question !== this.question) return null;
            change ??= page.change;
            lessons.push(...page.lessons);
            next = page.next;
        } while (next !== null && lessons.length < wanted);
        this.lessons = this.keepObjects(lessons);
        this.next = next;
        this.changed();
        return change;
    }

    private async fetchPage(before: number | null): Promise<OperatorPage | null> {
        try {
            const page = await api<OperatorPage>(pagePath(this.search, before));
            this.setConnected(true);
            return page;
        } catch {
            this.setConnected(false);
            return null;
        }
    }

    private follow(change: string): void {
        const events = new EventSource(`/api/operator/events?since=${change}`);
        this.events = events;
        events.addEventListener('open', () => this.setConnected(true));
        events.addEventListener('changes', (event) => {
            this.apply(JSON.parse((event as MessageEvent<string>).data) as Changes);
        });
        events.addEventListener('error', () => {
            this.setConnected(false);
            // The browser does not connect again after a refusal, for example when the session has
            // ended. session() shows the login page if it is needed.
            if (events.readyState !== EventSource.CLOSED || this.events !== events) return;
            const again = () => this.start();
            setTimeout(() => void session().then(again, again), RECONNECT_MS);
        });
    }

    private setConnected(connected: boolean): void {
        if (connected === this.connected) return;
        this.connected = connected;
        this.changed();
    }

    private apply({ reread, lessons, removed, order, uploads }: Changes): void {
        this.connected = true;
        this.uploads = uploads;
        if (reread) void this.read(this.lessons?.length ?? 1);
        const gone = new Set(removed);
        const left = new Map(
            (this.lessons ?? []).filter(({ id }) => !gone.has(id)).map((one) => [one.id, one]),
        );
        // Lessons below the last one that is shown come with a later page.
        const lowest = this.next ?? 0;
        for (const lesson of lessons)
            if (left.has(lesson.id) || (lesson.id > lowest && matches(lesson, this.search)))
                left.set(lesson.id, lesson);
        const places = new Map(order.map((id, index) => [id, index + 1]));
        const now = [...left.values()].map((lesson) => {
            const position = places.get(lesson.id) ?? null;
            return position === lesson.position ? lesson : { ...lesson, position };
        });
        if (this.lessons) this.lessons = this.keepObjects(now.sort((a, b) => b.id - a.id));
        this.changed();
    }

    /** Lessons that have not changed stay the same objects, so that their rows stay untouched. */
    private keepObjects(now: OperatorLesson[]): OperatorLesson[] {
        const known = new Map(this.lessons?.map((lesson) => [lesson.id, lesson]));
        return now.map((lesson) => {
            const old = known.get(lesson.id);
            return old && same(old, lesson) ? old : lesson;
        });
    }
}
