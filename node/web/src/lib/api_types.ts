// SPDX-License-Identifier: GPL-3.0-or-later
// The JSON of the node's API as docs/http-api.md describes it: the fields that the pages read.
import type { Language } from './language';

/** A sentence in both languages. */
export type Sentence = Record<Language, string>;

export interface User {
    name: string;
    role: 'admin' | 'operator' | 'technician';
    csrf: string;
}

export type LessonState = 'queued' | 'working' | 'ready' | 'failed';

/** A lesson as everybody sees it. */
export interface Lesson {
    id: number;
    revision: number;
    title: string;
    topic: string;
    description: string;
    language: string;
    state: LessonState;
    duration_s: number;
    hls: string | null;
    poster: string | null;
    storyboard: string | null;
}

export type Priority = 'high' | 'normal' | 'low';

/** A lesson as operators see it. */
export interface OperatorLesson extends Lesson {
    published: boolean;
    source: { name: string; bytes: number };
    media_bytes: number;
    submitter: string;
    progress: number;
    playable: boolean;
    reason: (Sentence & { code: string }) | null;
    salvaged: Sentence | null;
    priority: Priority;
    paused: boolean;
    running_jobs: number;
    extras: { jobs: number; progress: number; failed: boolean };
    position: number | null;
}

export type LessonEvent = Sentence & { time_ms: number };

/** An upload that is not complete yet. */
export interface PendingUpload {
    id: string;
    filename: string;
    user: string;
    total_bytes: number;
    offset_bytes: number;
}

/** A page of a list of lessons. next: where the next page begins; null: this is the last one. */
export interface Page<Item> {
    lessons: Item[];
    next: number | null;
}

/** change: /api/operator/events?since= goes on from here. */
export type OperatorPage = Page<OperatorLesson> & { change: string };

/** The data of an event of /api/operator/events. */
export interface Changes {
    /** The lists have to be read again. */
    reread: boolean;
    lessons: OperatorLesson[];
    removed: number[];
    /** The lessons that wait, the next one first. */
    order: number[];
    uploads: PendingUpload[];
}

export interface Terminal {
    address: string;
    connections: number;
    sent_bytes: number;
    requests: number;
    rate_bps: number;
    link_bps: number | null;
    rtt_ms: number | null;
    retransmits: number;
    lesson: number | null;
    title: string | null;
    rendition: string | null;
    user_agent: string;
    first_seen_ms: number;
    last_seen_ms: number;
}

export interface Terminals {
    now_ms: number;
    rate_bps: number;
    terminals: Terminal[];
}

export interface UplinkMinute {
    time_ms: number;
    sent_bytes: number;
}

export interface Uplink {
    sent_bytes: number;
    minutes: UplinkMinute[];
}

/** What a technician sets for a site. Rates and bytes: 0 is not limited. */
export interface SiteSettings {
    name: string;
    ranges: string;
    token: string;
    cap_bps: number;
    terminal_cap_bps: number;
    download_from: string;
    download_to: string;
    budget_bytes: number;
}

export interface Site extends SiteSettings {
    id: number;
    today_bytes: number;
    responses: number;
    given_bps: number;
}

/** A code that puts one terminal into a site. */
export interface SiteCode {
    code: string;
}

export interface Link {
    uplink_bps: number;
    sites: Site[];
}
