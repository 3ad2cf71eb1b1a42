// SPDX-License-Identifier: GPL-3.0-or-later
// Requests to the node's JSON API (docs/http-api.md).
import type { User } from './api_types';
import { language, t } from './language';
import { commonText } from './messages';

/** A request that failed. Its message is a sentence in the reader's language. */
export class RequestError extends Error {
    /** status: of the answer; 0 if there was none. */
    constructor(
        message: string,
        readonly status: number,
    ) {
        super(message);
    }
}

interface RequestOptions {
    method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    body?: unknown;
}

let csrf = '';

/** The token of the session; requests that change something carry it in X-CSRF-Token. */
export const csrfToken = (): string => csrf;

function requestInit({ method = 'GET', body }: RequestOptions): RequestInit {
    const headers: Record<string, string> = { Accept: 'application/json' };
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
        headers['Content-Type'] = 'application/json';
        init.body = JSON.stringify(body);
    }
    if (csrf) headers['X-CSRF-Token'] = csrf;
    return init;
}

/** The sentence in an error's JSON, '' if there is none. */
export function errorSentence(json: unknown): string {
    const { error } = (json ?? {}) as { error?: Partial<Record<string, string>> };
    return error?.[language] ?? '';
}

/** Sends a request and returns the answer's JSON. Throws a RequestError. */
export async function api<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    let response: Response;
    try {
        response = await fetch(path, requestInit(options));
    } catch {
        throw new RequestError(t(commonText.serverDown), 0);
    }
    const json: unknown = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) {
        const message = errorSentence(json) || `${t(commonText.error)} (${response.status})`;
        throw new RequestError(message, response.status);
    }
    return json as Answer;
}

/** Returns the logged-in user. Others get the login page, which the node sends for the reload. */
export async function session(): Promise<User> {
    try {
        const user = await api<User>('/api/session');
        csrf = user.csrf;
        return user;
    } catch (error) {
        if (error instanceof RequestError && error.status === 401) location.reload();
        throw error;
    }
}

/** The sentence that tells the reader what went wrong. */
export const messageOf = (error: unknown): string =>
    error instanceof Error ? error.message : t(commonText.error);
