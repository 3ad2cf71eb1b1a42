// SPDX-License-Identifier: GPL-3.0-or-later
// Starts Debian's Chromium without a window. playwright-core drives it.
import { chromium } from 'playwright-core';

export async function startBrowser() {
    const browser = await chromium.launch({
        executablePath: process.env.TERRACE_CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--no-first-run', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
    });
    return browser;
}

/** Opens a page in a context of its own, and records its errors. Returns {page, errors, context}. */
export async function newPage(browser, options = {}) {
    const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 720 }, ...options });
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(`${error}`));
    page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    return { page, errors, context };
}

export async function logIn(page, url, name, password, where = '/operator') {
    await page.goto(url + where);
    await page.fill('input[name=name]', name);
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
    await page.waitForSelector('nav a.here');
}
