// SPDX-License-Identifier: GPL-3.0-or-later
// Fills a catalog with lessons that have no media, to see how lists behave.
import path from 'node:path';
import { run, startNode } from './terrace.mjs';

const TOPICS = ['水稻', '小麦', '果树', '养殖', '电工', '焊接', '农机', '防疫'];

/** Adds ready, published lessons to the catalog of a data folder. A node makes the folder if needed. */
export async function addManyLessons(data, count) {
    await (await startNode({ data })).stop();
    const topics = TOPICS.map((topic, n) => `WHEN ${n} THEN '${topic}'`).join(' ');
    const sql = `
        PRAGMA foreign_keys = ON;
        BEGIN;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})
            SELECT (SELECT coalesce(max(id), 0) FROM lessons) + n AS n FROM n;
        INSERT INTO lessons (id, state, published, title, topic, description, language, submitter, duration_us, created_ms, updated_ms, poster_file)
            SELECT n, 2, 1, '第 ' || n || ' 课：田间管理', CASE n % ${TOPICS.length} ${topics} END, '县农技站录制，第 ' || n || ' 期培训。', 'zh', 'li', 1800000000,
                1790000000000 + n, 1790000000000 + n, '' FROM n;
        INSERT INTO sources (lesson_id, file, name, bytes, sha256) SELECT n, printf('%032x', n), 'lesson-' || n || '.mp4', 100000000, '' FROM n;
        INSERT INTO renditions (lesson_id, revision, name, kind, position, width, height, fps_num, fps_den, channels, sample_rate, cap_bps, timescale, chunk_count, plan_text)
            SELECT n, 1, 'v130', 0, 0, 640, 360, 25, 1, 0, 0, 130000, 90000, 1, '' FROM n
            UNION ALL SELECT n, 1, 'a24', 1, 0, 0, 0, 0, 0, 1, 32000, 24000, 32000, 1, '' FROM n;
        INSERT INTO chunks (rendition_id, number, bytes, sha256, segments) SELECT id, 0, 1000, '', zeroblob(16) FROM renditions WHERE lesson_id IN (SELECT n FROM n);
        COMMIT;`;
    const { code, stderr } = await run('sqlite3', ['-bail', path.join(data, 'catalog.db')], { input: sql });
    if (code !== 0)
        throw new Error(`sqlite3: ${stderr}`);
}
